"""Checks that raise: ours, Django's and those of other apps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from checks_support import ids
from django.core.cache import caches
from django.core.checks import CheckMessage, Error
from django.core.checks.registry import registry
from django.test import override_settings
from findings_support import subjects

from django_hardened import checks
from django_hardened.checks import failures, setting_types

HERE = Path(__file__).name


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that has nothing but its arguments registered."""
    monkeypatch.setattr(registry, "registered_checks", set())
    monkeypatch.setattr(registry, "deployment_checks", set())

    def register(*functions: Any, deploy: bool = False, tag: str = "shop") -> None:
        for function in functions:
            registry.register(function, tag, deploy=deploy)

    return register


def fine(**kwargs: Any) -> list[CheckMessage]:
    return [Error(f"{sorted(kwargs)}", id="shop.E001")]


def raising(**kwargs: Any) -> list[CheckMessage]:
    raise ValueError("hunter2")


def lazy(**kwargs: Any) -> Iterator[CheckMessage]:
    yield from fine(**kwargs)
    raise KeyError("hunter2")


def nothing(**kwargs: Any) -> Any:
    return None


class NoFunction:
    def __call__(self, **kwargs: Any) -> Any:
        raise KeyError


def test_the_others_go_on(registered: Any) -> None:
    registered(fine, raising, lazy)
    found = checks.run_checks()
    assert sorted(ids(found)) == ["django_hardened.E990"] * 2 + ["shop.E001"]
    assert "hunter2" not in str(found)
    told = sorted(m.msg for m in found if m.id != "shop.E001")
    place = rf"in \S*{HERE}, line \d+: what it looks at is unknown"
    assert re.search(rf"The check \S*test_failures\.lazy failed with KeyError {place}", told[0])
    assert re.search(rf"test_failures\.raising failed with ValueError {place}", told[1])


def of_a_setting(**kwargs: Any) -> Any:
    return sorted(5)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("middleware", "found"),
    [(None, ["django_hardened.E906"]), ([], ["django_hardened.E990"])],
)
def test_a_setting_of_the_wrong_kind_is_the_one_cause(
    registered: Any, monkeypatch: pytest.MonkeyPatch, middleware: Any, found: list[str]
) -> None:
    monkeypatch.setattr(failures, "_place", lambda error: "")  # as in a check of Django
    registered(of_a_setting, setting_types.check_setting_types)
    with override_settings(MIDDLEWARE=middleware):
        assert ids(checks.run_checks()) == found


def test_what_has_a_place_of_its_own_is_told_beside_it(registered: Any) -> None:
    registered(raising, of_a_setting, setting_types.check_setting_types)
    with override_settings(MIDDLEWARE=None):
        assert (
            sorted(ids(checks.run_checks()))
            == ["django_hardened.E906"] + ["django_hardened.E990"] * 2
        )


def test_what_returns_no_list(registered: Any) -> None:
    registered(nothing)
    [message] = checks.run_checks()
    assert " failed with TypeError: what it looks at" in message.msg


def test_a_check_that_is_no_function(registered: Any) -> None:
    registered(NoFunction())
    [message] = checks.run_checks()
    assert subjects([message]) == [f"{__name__}.NoFunction"]


def test_options_mean_what_they_mean_to_django(registered: Any) -> None:
    registered(fine)
    registered(raising, deploy=True)
    registered(lazy, tag="other")
    assert ids(checks.run_checks(tags=["shop"])) == ["shop.E001"]
    assert ids(checks.run_checks(tags=["other"])) == ["django_hardened.E990"]
    everything = checks.run_checks(include_deployment_checks=True)
    assert ids(everything).count("django_hardened.E990") == 2
    [message] = checks.run_checks(app_configs=["x"], databases=["default"], tags=["shop"])
    assert message.msg == "['app_configs', 'databases']"


def test_nothing_is_left_registered() -> None:
    before = {*registry.get_checks(include_deployment_checks=True)}
    checks.run_checks()
    assert {*registry.get_checks(include_deployment_checks=True)} == before


def test_one_broken_module_is_one_finding() -> None:
    with override_settings(ROOT_URLCONF="no_such_package.urls"):
        found = checks.run_checks(include_deployment_checks=True)
    told = [message for message in found if message.id == "django_hardened.E990"]
    assert len(told) == 1
    assert "failed with ModuleNotFoundError (module no_such_package):" in told[0].msg


def test_failures_without_a_place_are_told_by_their_type(registered: Any) -> None:
    def other(**kwargs: Any) -> Any:
        return None

    def another(**kwargs: Any) -> Any:
        raise KeyError("hunter2")

    registered(nothing, other, another)
    merged, alone = sorted(checks.run_checks(), key=lambda message: " in " in str(message.msg))
    assert ids([merged, alone]) == ["django_hardened.E990"] * 2
    assert "another failed with KeyError in " in alone.msg
    assert re.search(r" and 1 more failed with TypeError: what", str(merged.msg))
    [subject] = subjects([merged])
    assert {name.rpartition(".")[2] for name in subject.split(", ")} == {"nothing", "other"}


def test_one_setting_of_the_wrong_type_is_one_finding(settings: Any) -> None:
    settings.MIDDLEWARE = None
    found = ids(checks.run_checks(include_deployment_checks=True))
    assert found.count("django_hardened.E906") == 1
    assert "django_hardened.E990" not in found
    # Without --deploy nothing judges the settings, and those of Django that fail are one.
    found = [m for m in checks.run_checks() if m.id.endswith("E990")]
    assert len(found) == 1
    assert " failed with TypeError: " in found[0].msg


# -- What is told --------------------------------------------------------------------------------


def _error(function: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as raised:  # noqa: PT011  # whichever it is
        function()
    return raised.value


def test_the_type_alone() -> None:
    assert failures.describe(ValueError("hunter2")) == "ValueError"


def test_the_module_that_is_missing_behind_an_error_of_django() -> None:
    with override_settings(CACHES={"default": {"BACKEND": "no_such.Cache"}}):
        error = _error(lambda: caches["default"])
    [words] = re.findall(r"^(\w+ \(module \w+\))", failures.describe(error))
    assert words == "InvalidCacheBackendError (module no_such)"


def test_the_machinery_is_no_place() -> None:
    error = _error(lambda: re.compile("("))
    assert re.fullmatch(rf"\w+ in \S*{HERE}, line \d+", failures.describe(error))


def test_a_cause_is_where_it_went_wrong() -> None:
    def wrap() -> None:
        try:
            raising()
        except ValueError as error:
            raise TypeError from error

    line = raising.__code__.co_firstlineno + 1
    assert failures.describe(_error(wrap)).endswith(f"{HERE}, line {line}")


def test_a_module_that_is_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_urls.py").write_text("\nhunter 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def load() -> ModuleType:
        return __import__("shop_urls")

    assert failures.describe(_error(load)) == "SyntaxError in shop_urls.py, line 2"


def test_text_that_is_no_python() -> None:
    error = SyntaxError("hunter2")
    assert failures.describe(error) == "SyntaxError"
