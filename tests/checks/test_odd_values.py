"""No value of a setting makes a check fail: each is judged, or told to be of the wrong kind."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checks_support import ids
from django.conf import UserSettingsHolder, global_settings, settings
from django.test import override_settings
from django.utils.translation import gettext_lazy
from site_support import SITE

from django_hardened import checks
from django_hardened.checks import (
    authentication,
    host_settings,
    installation,
    sessions,
    setting_types,
    uploads,
)
from django_hardened.conf import conf
from django_hardened.own_settings import OWN_SETTINGS

FOLDER = Path(checks.__file__).parent
SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")}
WORD = re.compile(r"""(?:settings\.|")([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{5,})\b""")
CHECKS = (*checks.DEPLOY_CHECKS, *checks.ALWAYS_CHECKS)
# Of what cannot be imported nothing is known, and E990 is to say so.
IMPORTED = {"ROOT_URLCONF"}


def _odd_values(name: str) -> list[object]:
    texts: list[object] = [] if name in IMPORTED else ["x", gettext_lazy("x")]
    numbers = [5, -1, True, float("inf"), float("-inf"), float("nan")]
    lists = [[], [None], [[]], {None}, (letter for letter in "ab")]
    mappings = [{}, {1: 2}, {"default": None}, {"default": 5}, {"default": {}}]
    return [None, "", b"x", object(), *texts, *numbers, *lists, *mappings]


class _Recorder(UserSettingsHolder):
    """Settings that remember what was asked for."""

    def __init__(self, wrapped: Any) -> None:
        super().__init__(wrapped)
        self.__dict__["asked"] = set()

    def __getattr__(self, name: str) -> Any:
        self.__dict__["asked"].add(name)
        return super().__getattr__(name)  # type: ignore[misc]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Return a function that puts settings into effect, and has no signal sent."""
    holder: Any = settings

    def into_effect(wrapped: Any) -> None:
        for name in [name for name in vars(holder) if name.isupper() or name == "is_overridden"]:
            del holder.__dict__[name]
        monkeypatch.setitem(holder.__dict__, "_wrapped", wrapped)
        conf.forget()

    original = holder._wrapped
    yield into_effect
    into_effect(original)


def _readers(put: Callable[[Any], None], wrapped: Any) -> dict[str, list[Any]]:
    """Return the checks that read each setting: when they are run, or by their source."""
    readers: dict[str, list[Any]] = {name: [] for name in OWN_SETTINGS}
    for check in CHECKS:
        recorder = _Recorder(wrapped)
        put(recorder)
        check()
        asked = {name for name in recorder.__dict__["asked"] if name.isupper()}
        written = WORD.findall(SOURCES[check.__module__.rpartition(".")[2]])
        known = {name for name in written if "_" in name or hasattr(global_settings, name)}
        for name in asked | known:
            readers.setdefault(name, []).append(check)
    return readers


def test_no_check_fails(put: Callable[[Any], None]) -> None:
    holder: Any = settings
    wrapped = holder._wrapped
    failed = set()
    readers = _readers(put, wrapped)
    assert len(readers) > 150
    assert len(readers["MIDDLEWARE"]) > 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, own_checks in readers.items():
            for value in _odd_values(name):
                changed = UserSettingsHolder(wrapped)
                changed.__dict__[name] = value
                put(changed)
                found = [message for check in own_checks for message in check()]
                failed |= {(name, repr(value), m.msg) for m in found if m.id == checks.E990.id}  # type: ignore[union-attr]
    assert failed == set()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MIDDLEWARE", None, "a NoneType, and has to be a list"),
        ("MIDDLEWARE", 5, "a int, and has to be a list"),
        ("MIDDLEWARE", b"x", "a bytes, and has to be a list"),
        ("ALLOWED_HOSTS", {"a": "b"}, "a dict, and has to be a list"),
        ("CACHES", ["default"], "a list, and has to be a dictionary"),
        ("MEDIA_URL", 5, "a int, and has to be a string"),
        ("ROOT_URLCONF", 5, "a int, and has to be the name of a module"),
        ("ROOT_URLCONF", [], "a list, and has to be the name of a module"),
        # Near misses.
        ("MIDDLEWARE", (), ""),
        ("ALLOWED_HOSTS", None, ""),  # E101
        ("ALLOWED_HOSTS", {"www.example.com"}, ""),
        ("MIDDLEWARE", gettext_lazy("x"), ""),
        ("MEDIA_URL", gettext_lazy("/media/"), ""),
        ("MEDIA_URL", None, ""),
        ("ROOT_URLCONF", checks, ""),
        ("LOGGING", None, ""),
        ("ADMINS", None, ""),
        ("SESSION_COOKIE_AGE", "x", ""),
    ],
    ids=repr,
)
def test_a_kind_that_cannot_be_read(
    put: Callable[[Any], None], name: str, value: object, expected: str
) -> None:
    holder: Any = settings
    changed = UserSettingsHolder(holder._wrapped)
    changed.__dict__[name] = value
    put(changed)
    found = [m.msg for m in setting_types.check_setting_types()]
    assert found == ([f"Django cannot read {name}: it is {expected}."] if expected else [])


def test_one_cause_is_one_finding(put: Callable[[Any], None]) -> None:
    def found() -> set[str]:
        return set(ids([message for check in checks.SETTINGS_CHECKS for message in check()]))

    holder: Any = settings
    # Not by override_settings: what is put within it would be there again when it has ended.
    changed = UserSettingsHolder(holder._wrapped)
    changed.__dict__.update(SITE)
    put(changed)
    before = found()
    changed.__dict__["MIDDLEWARE"] = None
    assert found() - before == {"django_hardened.E906"}


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_never_ends(value: float) -> None:
    with override_settings(
        SESSION_COOKIE_AGE=value,
        PASSWORD_RESET_TIMEOUT=value,
        DATA_UPLOAD_MAX_MEMORY_SIZE=value,
        DATA_UPLOAD_MAX_NUMBER_FIELDS=value,
    ):
        [session] = sessions.check_session_age()
        assert session.id == "django_hardened.E350"
        assert session.msg.endswith("a stolen session is good for ever.")
        [reset] = authentication.check_password_reset()
        assert reset.id == "django_hardened.E306"
        assert "gives the account away for ever" in reset.msg
        assert ids(uploads.check_request_limits()) == [
            "django_hardened.E570",
            "django_hardened.W571",
        ]


def test_a_health_path_that_is_a_number_is_one_finding() -> None:
    with override_settings(HARDENED_HEALTH_PATHS=5, MIDDLEWARE=SITE["MIDDLEWARE"]):
        found = [check() for module in (installation, host_settings) for check in module.CHECKS]
    assert ids([message for messages in found for message in messages]) == ["django_hardened.E903"]
