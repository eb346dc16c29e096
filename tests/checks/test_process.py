from __future__ import annotations

import ast
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings
from django.utils.functional import lazystr
from django.utils.log import RequireDebugTrue
from findings_support import NOT_SETTINGS, all_codes, subjects

from django_hardened.checks import logs, process
from django_hardened.waivers import read_waivers

TOOLBAR = "debug_toolbar.middleware.DebugToolbarMiddleware"
SILK = "silk.middleware.SilkyMiddleware"
PYINSTRUMENT = "pyinstrument.middleware.ProfilerMiddleware"


class DebugToolbarMiddleware:
    """Stands for the one of the toolbar, which is not installed here."""


class Own(DebugToolbarMiddleware):
    pass


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set INSTALLED_APPS without loading them: they are not installed here."""

    def install(*names: object) -> None:
        monkeypatch.setattr(process, "listed", lambda setting: _listed(setting, names))

    def _listed(setting: str, names: tuple[object, ...]) -> list[str]:
        return [str(name) for name in names] if setting == "INSTALLED_APPS" else listed(setting)

    listed = process.listed
    return install


def everybody(request: object) -> bool:
    return True


def one(request: object) -> int:
    return 1


def nobody(request: object) -> bool:
    return False


def staff(request: Any) -> bool:
    return bool(request.user.is_staff)


@pytest.mark.parametrize("entry", [TOOLBAR, SILK, PYINSTRUMENT, lazystr(TOOLBAR)])
def test_a_development_tool_among_the_middleware(entry: object) -> None:
    shown = {"SHOW_TOOLBAR_CALLBACK": lambda request: True}
    with override_settings(MIDDLEWARE=["a.B", entry], DEBUG_TOOLBAR_CONFIG=shown):
        messages = process.check_development_middleware()
        assert all_codes(process) == ["E601"]
    assert subjects(messages) == [str(entry)]
    assert repr(str(entry)) in str(messages[0].hint)


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        (lambda request: True, "E601"),
        (one, "E601"),
        (everybody, "E601"),
        (f"{__name__}.everybody", "E601"),
        (nobody, "W605"),
        (staff, "W605"),
        (f"{__name__}.staff", "W605"),
        ("not_installed.callbacks.show", "W605"),
        (DebugToolbarMiddleware, "W605"),
    ],
)
def test_whom_the_toolbar_is_shown_to(settings: Any, callback: object, expected: str) -> None:
    settings.MIDDLEWARE = [TOOLBAR]
    settings.DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": callback}
    assert all_codes(process) == [expected]


def test_the_toolbar_by_itself_asks_debug(settings: Any) -> None:
    settings.MIDDLEWARE = [TOOLBAR]
    [message] = process.check_development_middleware()
    assert message.id == "django_hardened.W605"
    assert "only DEBUG keeps it" in message.msg
    settings.DEBUG = True
    assert all_codes(process) == ["E601"]


@pytest.mark.parametrize(
    ("entry", "changes", "expected"),
    [
        (SILK, {"SILKY_AUTHENTICATION": True}, "E601"),
        (SILK, {"SILKY_AUTHORISATION": True}, "E601"),
        (SILK, {"SILKY_AUTHENTICATION": True, "SILKY_AUTHORISATION": True}, "W605"),
        (PYINSTRUMENT, {"PYINSTRUMENT_SHOW_CALLBACK": f"{__name__}.everybody"}, "E601"),
        (PYINSTRUMENT, {"PYINSTRUMENT_SHOW_CALLBACK": f"{__name__}.staff"}, "W605"),
    ],
)
def test_whom_a_profiler_is_shown_to(
    settings: Any, entry: str, changes: dict[str, object], expected: str
) -> None:
    settings.MIDDLEWARE = [entry]
    with override_settings(**changes):
        assert all_codes(process) == [expected]


def test_a_subclass_of_it(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known = f"{__name__}.DebugToolbarMiddleware"
    monkeypatch.setattr(process, "_MIDDLEWARE", {known: "it tells"})
    monkeypatch.setattr(process, "is_subclass", lambda entry, base: entry.endswith("Own"))
    settings.MIDDLEWARE = [f"{__name__}.Own"]
    settings.DEBUG = True
    assert all_codes(process) == ["E601"]


@pytest.mark.parametrize(
    "middleware",
    [[], ["debug_toolbar_force.middleware.ForceDebugToolbarMiddleware"], *NOT_SETTINGS],
)
def test_no_such_middleware(settings: Any, middleware: object) -> None:
    settings.MIDDLEWARE = middleware
    assert all_codes(process) == []


@pytest.mark.parametrize(
    "app",
    [
        "debug_toolbar",
        "debug_toolbar.apps.DebugToolbarConfig",
        "silk",
        "django_browser_reload",
        "livereload",
        lazystr("silk"),
    ],
)
def test_a_development_app(apps: Any, app: object) -> None:
    apps("django.contrib.auth", app)
    messages = process.check_development_apps()
    assert subjects(messages) == [str(app)]
    assert all_codes(process) == ["W602"]


def test_an_app_that_staff_may_use(apps: Any) -> None:
    apps("django.contrib.admindocs", "django.contrib.admin")
    assert subjects(process.check_development_apps()) == ["django.contrib.admindocs"]
    assert all_codes(process) == ["I606"]


def test_the_toolbar_and_its_middleware_are_one_problem(apps: Any, settings: Any) -> None:
    settings.MIDDLEWARE = [TOOLBAR]
    apps("debug_toolbar", "silk")
    assert all_codes(process) == ["W605", "W602"]
    assert subjects(process.check_development_apps()) == ["silk"]


@pytest.mark.parametrize(("werkzeug", "found"), [(None, []), (object(), ["I606"])])
def test_runserver_plus_needs_werkzeug(
    apps: Any, monkeypatch: pytest.MonkeyPatch, werkzeug: object, found: list[str]
) -> None:
    monkeypatch.setattr(process, "find_spec", lambda name: werkzeug)
    apps("django_extensions")
    assert all_codes(process) == found


def test_apps_of_which_there_is_nothing_to_say(apps: Any) -> None:
    apps("django.contrib.admin", "silken", "debug_toolbar_extra", "whitenoise.runserver_nostatic")
    assert all_codes(process) == []


@pytest.mark.parametrize(
    ("silenced", "found"),
    [
        ([], []),
        (["models.W042", "fields.W342", "urls.W005"], []),
        (["security.W004"], ["security.W004"]),
        (
            ("django_hardened.E102", "security.W004", "security.W004"),
            ["django_hardened.E102, security.W004"],
        ),
        ({"mail.E001"}, ["mail.E001"]),
        (["async.E001", "caches.W002", "caches.W003"], ["async.E001, caches.W002"]),
        ([lazystr("security.W008")], ["security.W008"]),
        (None, []),
        (7, []),
        ("security.W004", ["security.W004"]),
        ("security.W008,security.W004", ["security.W008, security.W004"]),
        (lazystr("models.W042 security.W004"), ["security.W004"]),
        ("models.W042", []),
        ("", []),
    ],
)
def test_silenced_checks(settings: Any, silenced: object, found: list[str]) -> None:
    settings.SILENCED_SYSTEM_CHECKS = silenced
    messages = process.check_silenced_checks()
    assert [message.id for message in messages] == ["django_hardened.W603"] * len(found)
    assert all(
        f"has {said}: " in message.msg for message, said in zip(messages, found, strict=True)
    )


def test_what_to_do_instead_can_be_pasted(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = ["security.W004"]
    [message] = process.check_silenced_checks()
    assert 'HARDENED_EDGE = {"ssl_redirect", "hsts"}' in str(message.hint)
    assert "{\"id\": 'security.W004'" in str(message.hint)
    waivers = ast.literal_eval(str(message.hint).partition("  # ")[0].partition(" = ")[2])
    settings.HARDENED_WAIVERS = waivers
    assert read_waivers().problems == ()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"WHITENOISE_AUTOREFRESH": True}, ["W604"]),
        ({"WHITENOISE_AUTOREFRESH": True, "DEBUG": True}, []),
        ({"WHITENOISE_AUTOREFRESH": False}, []),
        ({"WHITENOISE_AUTOREFRESH": None}, []),
        ({"WHITENOISE_USE_FINDERS": True}, []),
    ],
)
def test_whitenoise(values: dict[str, object], found: list[str]) -> None:
    with override_settings(**values):
        assert all_codes(process) == found


# -- LOGGING -------------------------------------------------------------------------------------


InEffect = Callable[..., None]


@pytest.fixture
def in_effect(monkeypatch: pytest.MonkeyPatch) -> InEffect:
    """Set LOGGING for the check alone: a change of the setting configures the loggers anew."""

    def put(value: object, config: object = "logging.config.dictConfig") -> None:
        fake = SimpleNamespace(LOGGING=value, LOGGING_CONFIG=config, DEBUG=False)
        monkeypatch.setattr(logs, "settings", fake)

    return put


def _loggers(**loggers: object) -> dict[str, Any]:
    handlers = {"null": {"class": "logging.NullHandler"}, "console": {"class": "a.StreamHandler"}}
    names = {name.replace("_", "."): logger for name, logger in loggers.items()}
    return {"version": 1, "handlers": handlers, "loggers": names}


@pytest.mark.parametrize(
    "logger",
    [
        {"level": "CRITICAL", "handlers": [], "propagate": False},
        {"level": "critical"},
        {"level": "FATAL", "handlers": ["console"]},
        {"level": 50},
        {"level": 100, "propagate": True},
        {"handlers": ["null"], "propagate": False},
        {"handlers": ("null", "null"), "level": "INFO", "propagate": False},
    ],
)
def test_a_muted_security_log(in_effect: InEffect, logger: dict[str, Any]) -> None:
    in_effect(_loggers(django_security=logger))
    assert all_codes(logs) == ["E610"]
    in_effect(_loggers(django_security=logger), config=None)
    assert all_codes(logs) == []


@pytest.mark.parametrize(
    "loggers",
    [
        {"django": {"level": "CRITICAL"}},
        {"django": {"handlers": ["null"], "propagate": False}},
        {"django": {"level": "CRITICAL"}, "django_security": {"propagate": True}},
        {"django": {"handlers": ["null"], "propagate": False}, "django_security": {"level": 20}},
        # A level is inherited whatever is passed on.
        {"django": {"level": "CRITICAL"}, "django_security": {"handlers": ["console"]}},
        {"django": {"level": "CRITICAL"}, "django_security": {"propagate": False}},
    ],
)
def test_a_muted_parent(in_effect: InEffect, loggers: dict[str, object]) -> None:
    in_effect(_loggers(**loggers))
    assert all_codes(logs) == ["W611"]


@pytest.mark.parametrize(
    "loggers",
    [
        {},
        {"django_security_DisallowedHost": {"handlers": ["null"], "propagate": False}},
        {"django_security": {"level": "INFO", "handlers": ["console"], "propagate": False}},
        {"django_security": {"level": "ERROR"}},
        {"django_security": {"level": "NO SUCH LEVEL"}},
        {"django_security": {"handlers": ["null"]}},
        {"django_security": {"handlers": ["null", "console"], "propagate": False}},
        # Python's handler of last resort writes warnings.
        {"django_security": {"handlers": [], "propagate": False}},
        {"django": {"level": "CRITICAL"}, "django_security": {"level": "INFO"}},
        {"django": {"handlers": ["console"], "level": "ERROR"}},
        {"django_db_backends": {"level": "DEBUG"}},
        {"django_security": None, "django": 7},
        {"django_security": {"level": None, "handlers": 7, "propagate": False}},
        {"django_security": {"handlers": ["unknown"], "propagate": False}},
    ],
)
def test_a_security_log_that_can_be_heard(in_effect: InEffect, loggers: dict[str, object]) -> None:
    in_effect(_loggers(**loggers))
    assert all_codes(logs) == []


class Refuses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return False


class Chooses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.args)


STREAM = "logging.StreamHandler"
DEBUG_TRUE = "django.utils.log.RequireDebugTrue"
CALLBACK = "django.utils.log.CallbackFilter"


@pytest.mark.parametrize(
    ("handler", "filters", "is_mute"),
    [
        ({"level": "CRITICAL"}, {}, True),
        ({"level": 50}, {}, True),
        ({"level": "ERROR"}, {}, False),
        ({"class": None, "()": "logging.NullHandler"}, {}, True),
        ({"filters": ["f"]}, {"()": DEBUG_TRUE}, True),
        ({"filters": ["f"]}, {"()": RequireDebugTrue}, True),
        ({"filters": ["f"]}, {"()": "django.utils.log.RequireDebugFalse"}, False),
        ({"filters": ["f"]}, {"()": CALLBACK, "callback": lambda record: False}, True),
        ({"filters": ["f"]}, {"()": CALLBACK, "callback": lambda record: record.args}, False),
        ({"filters": ["f"]}, {"()": CALLBACK}, False),
        ({"filters": ["f"]}, {"()": f"{__name__}.Refuses"}, True),
        ({"filters": ["f"]}, {"()": Refuses}, True),
        ({"filters": ["f"]}, {"()": f"{__name__}.Chooses"}, False),
        ({"filters": ["f"]}, {"()": "not.installed.Filter"}, False),
        ({"filters": ["f"]}, {"name": "shop"}, True),
        ({"filters": ["f"]}, {"name": "django"}, False),
        ({"filters": ["f"]}, {"name": ""}, False),
        ({"filters": ["unknown"]}, {}, False),
        ({"filters": 7}, {}, False),
    ],
)
def test_a_handler_that_lets_nothing_out(
    in_effect: InEffect, handler: dict[str, Any], filters: dict[str, Any], is_mute: bool
) -> None:
    handlers = {"out": {"class": STREAM, **handler}, "other": {"class": STREAM}}
    base = {"version": 1, "handlers": handlers, "filters": {"f": filters}}
    logger = {"handlers": ["out"], "propagate": False}
    in_effect({**base, "loggers": {"django.security": logger}})
    assert all_codes(logs) == (["E610"] if is_mute else [])
    in_effect({**base, "loggers": {"django": logger, "django.security": {"handlers": ["out"]}}})
    assert all_codes(logs) == (["W611"] if is_mute else [])
    root = {"handlers": ["other"]}
    passing = {"handlers": ["out"]}
    in_effect({**base, "loggers": {"django": passing}, "root": root})
    assert all_codes(logs) == []
    in_effect({**base, "loggers": {"django": passing, "": root}})
    assert all_codes(logs) == []
    in_effect({**base, "loggers": {"django": passing}})
    assert all_codes(logs) == (["W611"] if is_mute else [])
    in_effect({**base, "loggers": {"django.security": {"handlers": ["out", "other"]}}})
    assert all_codes(logs) == []


def test_the_filter_of_a_logger_is_not_asked(in_effect: InEffect) -> None:
    """Django logs to django.security.csrf and the like, and only handlers above it see that."""
    filters = {"f": {"()": f"{__name__}.Refuses"}}
    loggers = {"django.security": {"filters": ["f"], "handlers": ["out"], "propagate": False}}
    handlers = {"out": {"class": STREAM}}
    in_effect({"handlers": handlers, "filters": filters, "loggers": loggers})
    assert all_codes(logs) == []


def test_odd_configurations(in_effect: InEffect) -> None:
    odd = {"loggers": {"django.security": {"handlers": [[], {}, None], "propagate": False}}}
    for value in (*NOT_SETTINGS, {}, odd, {"loggers": None}, {"handlers": 7, "loggers": {7: 8}}):
        in_effect(value)
        assert all_codes(logs) == []
