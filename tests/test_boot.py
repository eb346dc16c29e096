from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import django
import pytest
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory, override_settings

from django_hardened import asgi, boot, gate, wsgi
from django_hardened.gate import Verdict
from django_hardened.servers import _SERVER_MODULES
from django_hardened.waivers import Waiver

DEBUG_ON = Error("DEBUG is on.", hint="Turn it off.", id="django_hardened.E001")
OPEN_HOSTS = Error("Any host.", id="django_hardened.E101")
ADVICE = Warning("Might be better.", hint="Better.", id="django_hardened.W201")
WAIVER = Waiver(
    id="django_hardened.E001", reason="a demo", owner="ops@example.com", expires=date(2026, 1, 31)
)

Judged = Callable[..., None]


@pytest.fixture(autouse=True)
def production(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "argv", ["/venv/bin/gunicorn", "mysite.wsgi"])
    with override_settings(HARDENED_ENVIRONMENT="production"):
        yield


@pytest.fixture(autouse=True)
def setups(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Count what would set Django up, and with it the logging of this process, again."""
    calls: list[bool] = []
    monkeypatch.setattr(django, "setup", lambda *, set_prefix: calls.append(set_prefix))
    return calls


@pytest.fixture(autouse=True)
def _no_server_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests of this process load gunicorn and uvicorn."""
    for module in _SERVER_MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judged:
    """Have the gate find these messages, and say this of the waivers."""

    def set_(*found: CheckMessage | Verdict, lapsed: tuple[str, ...] = ()) -> None:
        verdicts = [item if isinstance(item, Verdict) else Verdict(item) for item in found]
        monkeypatch.setattr(gate, "judge_boot", lambda: (verdicts, list(lapsed)))

    return set_


@pytest.fixture
def not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge_boot() -> None:
        pytest.fail("the gate was asked")

    monkeypatch.setattr(gate, "judge_boot", judge_boot)


def _critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert {record.name for record in caplog.records} <= {"django_hardened.boot"}
    assert {record.levelno for record in caplog.records} <= {logging.CRITICAL}
    return [record.getMessage() for record in caplog.records]


# -- The findings --------------------------------------------------------------------------------


def test_a_safe_process_starts(judged: Judged, caplog: pytest.LogCaptureFixture) -> None:
    judged(ADVICE)
    boot.require_safe()
    assert _critical(caplog) == []


def test_every_error_is_logged_and_raised(judged: Judged, caplog: pytest.LogCaptureFixture) -> None:
    judged(DEBUG_ON, ADVICE, OPEN_HOSTS)
    with pytest.raises(boot.UnsafeDeployment) as raised:
        boot.require_safe()
    assert str(raised.value) == (
        "unsafe to serve.\n"
        "django_hardened.E001: DEBUG is on.\n    Turn it off.\n"
        "django_hardened.E101: Any host.\n"
        'In an emergency, HARDENED_BOOT_OVERRIDE = "the reason" starts it anyway.'
    )
    assert _critical(caplog) == [
        "django_hardened.E001: DEBUG is on.\n    Turn it off.",
        "django_hardened.E101: Any host.",
    ]


def test_servers_see_an_exception_that_they_know() -> None:
    assert issubclass(boot.UnsafeDeployment, ImproperlyConfigured)
    assert not issubclass(boot.UnsafeDeployment, SystemExit)


def test_what_is_waived_starts(judged: Judged, caplog: pytest.LogCaptureFixture) -> None:
    judged(Verdict(DEBUG_ON, WAIVER))
    boot.require_safe()
    assert _critical(caplog) == []


def test_an_expired_waiver_starts_and_is_logged(
    judged: Judged, caplog: pytest.LogCaptureFixture
) -> None:
    judged(Verdict(DEBUG_ON, WAIVER), lapsed=("A waiver has expired: 100 %s",))
    boot.require_safe()
    assert _critical(caplog) == ["A waiver has expired: 100 %s"]


def test_a_gate_that_fails_stays_shut(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def judge_boot() -> None:
        raise ValueError("s3cret")

    monkeypatch.setattr(gate, "judge_boot", judge_boot)
    with pytest.raises(boot.UnsafeDeployment) as raised:
        boot.require_safe()
    problem = "The gate failed with ValueError. Run manage.py check --deploy."
    assert _critical(caplog) == [problem]
    assert problem in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_the_real_gate_is_asked() -> None:
    with override_settings(DEBUG=True), pytest.raises(boot.UnsafeDeployment, match="E001"):
        boot.require_safe()


# -- The emergency switch ------------------------------------------------------------------------


@override_settings(HARDENED_BOOT_OVERRIDE=" INC-7: the key store is down ")
def test_the_emergency_switch_starts_and_is_logged(
    judged: Judged, caplog: pytest.LogCaptureFixture
) -> None:
    judged(DEBUG_ON)
    boot.require_safe()
    assert _critical(caplog) == [
        "django_hardened.E001: DEBUG is on.\n    Turn it off.",
        "HARDENED_BOOT_OVERRIDE starts this process with 1 unsafe settings: "
        "INC-7: the key store is down",
    ]


@override_settings(HARDENED_BOOT_OVERRIDE="left behind")
def test_a_switch_that_was_left_on_is_logged_at_each_boot(
    judged: Judged, caplog: pytest.LogCaptureFixture
) -> None:
    judged()
    boot.require_safe()
    assert _critical(caplog) == [
        "HARDENED_BOOT_OVERRIDE starts this process with 0 unsafe settings: left behind"
    ]


@pytest.mark.parametrize("value", ["", "  ", None, True, 1, ["reason"]])
def test_only_a_reason_is_a_switch(judged: Judged, value: object) -> None:
    judged(DEBUG_ON)
    with (
        override_settings(HARDENED_BOOT_OVERRIDE=value),
        pytest.raises(boot.UnsafeDeployment),
    ):
        boot.require_safe()


UNHEARD = """
from django.conf import settings

settings.configure(
    HARDENED_ENVIRONMENT="production",
    HARDENED_BOOT_OVERRIDE="INC-7",
    DEBUG=True,
    INSTALLED_APPS=["django_hardened"],
    LOGGING={"version": 1},  # which switches off the loggers that exist
)
from django_hardened.wsgi import get_wsgi_application

get_wsgi_application()
"""


def test_no_configuration_of_logging_silences_the_gate() -> None:
    started = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", UNHEARD],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "django_hardened.E001: DEBUG is on" in started.stderr
    assert "unsafe settings: INC-7" in started.stderr


# -- Who serves what -----------------------------------------------------------------------------


@pytest.mark.usefixtures("not_judged")
@pytest.mark.parametrize(
    ("environment", "program"),
    [
        ("production", ["manage.py", "runserver"]),
        ("production", ["manage.py", "runserver_plus"]),
        ("development", ["gunicorn"]),
        ("build", ["gunicorn"]),
        ("build", ["manage.py", "runserver"]),
    ],
)
def test_the_wrong_server_is_refused_whatever_the_switch_says(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    environment: str,
    program: list[str],
) -> None:
    monkeypatch.setattr(sys, "argv", program)
    with (
        override_settings(HARDENED_ENVIRONMENT=environment, HARDENED_BOOT_OVERRIDE="urgent"),
        pytest.raises(boot.UnsafeDeployment) as raised,
    ):
        boot.require_safe()
    assert _critical(caplog) == [str(raised.value)]


@pytest.mark.usefixtures("not_judged")
@pytest.mark.parametrize(
    ("environment", "program"),
    [
        ("development", ["manage.py", "runserver"]),
        ("development", ["uvicorn", "mysite.asgi:application", "--reload"]),
        ("development", ["manage.py", "shell"]),
        ("test", ["manage.py", "test"]),
        ("production", ["manage.py", "test"]),
        ("production", ["/venv/bin/pytest"]),
        ("development", ["/srv/make_sitemap.py"]),
        ("build", ["manage.py", "collectstatic"]),
    ],
)
def test_nothing_is_judged_where_nobody_deploys(
    monkeypatch: pytest.MonkeyPatch, environment: str, program: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", program)
    with override_settings(
        HARDENED_ENVIRONMENT=environment, HARDENED_DEV_SERVERS=["uvicorn --reload"]
    ):
        boot.require_safe()


def test_a_tool_in_production_is_judged_as_well(
    monkeypatch: pytest.MonkeyPatch, judged: Judged
) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "shell"])
    judged(DEBUG_ON)
    with pytest.raises(boot.UnsafeDeployment):
        boot.require_safe()


# -- The applications ----------------------------------------------------------------------------


@pytest.mark.parametrize("get", [wsgi.get_wsgi_application, asgi.get_asgi_application])
def test_there_is_no_application_for_an_unsafe_configuration(
    judged: Judged, get: Callable[[], object]
) -> None:
    judged(DEBUG_ON)
    with pytest.raises(boot.UnsafeDeployment):
        get()


@pytest.mark.parametrize("get", [wsgi.get_wsgi_application, asgi.get_asgi_application])
def test_the_gate_comes_before_middleware(judged: Judged, get: Callable[[], object]) -> None:
    judged(DEBUG_ON)
    with override_settings(MIDDLEWARE=["nowhere.Middleware"]):
        with pytest.raises(boot.UnsafeDeployment):
            get()
        judged()
        with pytest.raises(ImportError):
            get()


def test_the_applications_are_djangos(judged: Judged, setups: list[bool]) -> None:
    judged()
    assert isinstance(wsgi.get_wsgi_application(), WSGIHandler)
    assert isinstance(asgi.get_asgi_application(), ASGIHandler)
    assert setups == [False, False]


class _Answer:
    """What a WSGI application answered."""

    def __init__(self, application: WSGIHandler, **environ: str) -> None:
        self.status = ""
        self.headers: dict[str, str] = {}
        request = RequestFactory().get("/", headers={"host": "testserver"}, secure=True)
        response = application(request.environ | environ, self._start)
        self.body = b"".join(response)
        response.close()

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self.status, self.headers = status, dict(headers)


@pytest.mark.parametrize("server", ["WSGIServer/0.2 CPython/3.13.0", "Werkzeug/3.1.3"])
@pytest.mark.django_db
def test_a_development_server_gets_the_same_answer_to_everything(
    judged: Judged, caplog: pytest.LogCaptureFixture, server: str
) -> None:
    judged()
    application = wsgi.get_wsgi_application()
    for _ in range(3):
        answer = _Answer(application, SERVER_SOFTWARE=server)
        assert answer.status == "503 Service Unavailable"
        assert answer.headers == {
            "Content-Type": "text/plain",
            "Content-Length": "56",
            "Cache-Control": "no-store",
        }
        assert answer.body == b"This server must not serve this site. Its log says why.\n"
    assert _critical(caplog) == [
        f"No request is answered: {server} is for development, and this is production: "
        "use gunicorn."
    ]


@pytest.mark.parametrize("environ", [{}, {"SERVER_SOFTWARE": "gunicorn/27.0.1"}])
@pytest.mark.django_db
def test_any_other_server_is_served(judged: Judged, environ: dict[str, str]) -> None:
    judged()
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__):
        application = wsgi.get_wsgi_application()
        assert _Answer(application, **environ).status == "404 Not Found"


# -- Servers that are known by a request only ----------------------------------------------------

WSGIREF = "WSGIServer/0.2 CPython/3.13.0"
WERKZEUG = "Werkzeug/3.1.3"
TWISTED = "TwistedWeb/26.4.0"


@pytest.mark.usefixtures("not_judged")
@pytest.mark.parametrize(
    ("environment", "program", "software", "is_answered"),
    [
        ("development", ["twist", "web"], TWISTED, False),
        ("development", ["twist", "web"], "", False),
        ("development", ["twist", "web"], "gunicorn/27.0.1", False),
        ("development", ["twist", "web"], "my WSGIServer/1", False),
        ("development", ["/srv/serve.py"], WSGIREF, True),
        ("development", ["/srv/serve.py"], WERKZEUG, True),
        ("development", ["manage.py", "runserver"], WSGIREF, True),
        ("development", ["manage.py", "runserver"], "", True),
        ("development", ["cheaper", "--reload"], "", True),
        ("development", ["cheaper"], "", False),
        ("test", ["twist", "web"], TWISTED, False),
        ("test", ["cheaper", "--reload"], "", False),
        ("test", ["manage.py", "behave"], WSGIREF, True),
        ("test", ["/venv/bin/pytest"], "", True),
        ("development", ["/venv/bin/pytest"], "", True),
        ("build", ["/venv/bin/pytest"], "", True),
        ("build", ["twist", "web"], TWISTED, False),
        ("build", ["/srv/serve.py"], WSGIREF, False),
        ("build", ["/srv/serve.py"], WERKZEUG, False),
    ],
)
@pytest.mark.django_db
def test_outside_production_only_a_known_program_is_answered(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    environment: str,
    program: list[str],
    software: str,
    is_answered: bool,
) -> None:
    monkeypatch.setattr(sys, "argv", program)
    with override_settings(
        HARDENED_ENVIRONMENT=environment,
        HARDENED_DEV_SERVERS=["cheaper --reload"],
        MIDDLEWARE=[],
        ROOT_URLCONF=__name__,
    ):
        application = wsgi.get_wsgi_application()
        answers = [_Answer(application, SERVER_SOFTWARE=software) for _ in range(2)]
        # A header of the request is not what the server says of itself.
        answers.append(_Answer(application, SERVER_SOFTWARE=software, HTTP_SERVER_SOFTWARE=WSGIREF))
    found = {answer.status for answer in answers}
    assert found == {"404 Not Found" if is_answered else "503 Service Unavailable"}
    refused = [record for record in caplog.records if record.name == "django_hardened.boot"]
    assert len(refused) == (0 if is_answered else 1)
    if not is_answered:
        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
        assert refused[0].getMessage().startswith("No request is answered: ")


Sent = list[dict[str, Any]]


def _exchange(application: ASGIHandler, kind: str, **more: Any) -> Sent:
    """Return what an ASGI application sends in answer to a request."""
    sent: Sent = []
    requests = [{"type": "http.request"}]

    async def receive() -> dict[str, Any]:
        if not requests:
            await asyncio.Event().wait()  # the client stays
        return requests.pop()

    async def send(event: Mapping[str, Any]) -> None:
        sent.append({**event})

    scope = {"type": kind, "method": "GET", "path": "/", "headers": [(b"host", b"testserver")]}
    asyncio.run(application({**scope, **more}, receive, send))
    return sent


@pytest.mark.usefixtures("not_judged")
def test_an_asgi_server_that_nobody_knows_gets_the_same_answer_to_everything(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["/srv/serve.py"])
    with override_settings(HARDENED_ENVIRONMENT="development"):
        application = asgi.get_asgi_application()
    body = b"This server must not serve this site. Its log says why.\n"
    for _ in range(2):
        start, *rest = _exchange(application, "http")
        assert start["status"] == 503
        assert (b"Cache-Control", b"no-store") in start["headers"]
        assert b"".join(event["body"] for event in rest) == body
    assert _exchange(application, "websocket") == [{"type": "websocket.close"}]
    assert _critical(caplog) == [
        "No request is answered: The environment is development, and serve.py would serve it. "
        "Set HARDENED_ENVIRONMENT=production; without it, the environment follows DEBUG. On a "
        'developer\'s machine, HARDENED_DEV_SERVERS = ["serve.py"] allows it.'
    ]
    # As Django's own: servers go on without what it does not know.
    with pytest.raises(ValueError, match="lifespan"):
        _exchange(application, "lifespan")


@pytest.mark.parametrize(("scheme", "is_https"), [("https", True), ("http", False)])
def test_an_answer_without_a_request_has_the_header_of_all_others(
    judged: Judged, scheme: str, is_https: bool
) -> None:
    judged()
    with override_settings(
        HARDENED_ENVIRONMENT="production", MIDDLEWARE=[], SECURE_HSTS_SECONDS=60
    ):
        application = asgi.get_asgi_application()
        start, *_ = _exchange(application, "http", query_string=b"\xff", scheme=scheme)
    fields = {name.decode(): value.decode() for name, value in start["headers"]}
    assert start["status"] == 400
    assert fields["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Cache-Control"] == "no-store"
    assert ("Strict-Transport-Security" in fields) is is_https


@pytest.mark.usefixtures("not_judged")
@pytest.mark.parametrize(
    ("environment", "program", "is_answered"),
    [
        ("development", ["manage.py", "runserver"], True),
        ("development", ["uvicorn", "a:b", "--reload"], True),
        ("development", ["/venv/bin/pytest"], True),
        ("development", ["manage.py", "serve"], False),
        ("test", ["/srv/serve.py"], False),
        ("test", ["/venv/bin/pytest"], True),
        ("build", ["/srv/serve.py"], False),
    ],
)
@pytest.mark.django_db
def test_which_asgi_program_is_answered(
    monkeypatch: pytest.MonkeyPatch, environment: str, program: list[str], is_answered: bool
) -> None:
    monkeypatch.setattr(sys, "argv", program)
    with override_settings(
        HARDENED_ENVIRONMENT=environment,
        HARDENED_DEV_SERVERS=["uvicorn --reload"],
        MIDDLEWARE=[],
        ROOT_URLCONF=__name__,
    ):
        start, *_ = _exchange(asgi.get_asgi_application(), "http")
    assert start["status"] == (404 if is_answered else 503)


urlpatterns: list[Any] = []
