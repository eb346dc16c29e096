"""How long logins last, and who is logged out with whom."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.contrib.auth import alogin, login
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.urls import path
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import sessions
from django_hardened.log_once import LogOnce
from django_hardened.middleware import SessionLifetimeMiddleware, session_lifetime
from django_hardened.sessions import (
    REMEMBERED,
    SEEN,
    STARTED,
    Lifetime,
    alog_out_everywhere,
    log_out_everywhere,
    note_login,
    remember_me,
    secret_names,
)

HOUR, DAY = 3600, 86400


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sessions, "time", clock)
    monkeypatch.setattr(session_lifetime, "time", clock)
    return clock


def who(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


async def awho(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


def nobody(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nobody asks")


def data(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.session.get("name")))


def enter(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="ada"), "django.contrib.auth.backends.ModelBackend")
    if "remember" in request.GET:
        remember_me(request)
    return HttpResponse()


async def aenter(request: HttpRequest) -> HttpResponse:
    user = await User.objects.aget(username="ada")
    await alogin(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse()


def store(request: HttpRequest) -> HttpResponse:
    request.session["api_token"] = "x"
    request.session["note"] = "eyJhbGciOi.eyJzdWIi.sig"
    request.session["cart"] = [1]
    return HttpResponse()


def _meanwhile(request: HttpRequest) -> None:
    """Do to the session what another request does, while this one is being answered."""
    other = type(request.session)(request.session.session_key)
    if "logout" in request.GET:
        other.flush()
    else:
        other["cart"] = [1]
        other.save()


def counts(request: HttpRequest) -> HttpResponse:
    request.session["count"] = request.session.get("count", 0) + 1
    return who(request)


def slow(request: HttpRequest) -> HttpResponse:
    name = str(request.user)
    _meanwhile(request)
    return HttpResponse(name)


async def aslow(request: HttpRequest) -> HttpResponse:
    name = str(await request.auser())
    await sync_to_async(_meanwhile)(request)
    return HttpResponse(name)


urlpatterns = [
    path("who/", who),
    path("awho/", awho),
    path("nobody/", nobody),
    path("data/", data),
    path("enter/", enter),
    path("aenter/", aenter),
    path("store/", store),
    path("counts/", counts),
    path("slow/", slow),
    path("aslow/", aslow),
]


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(session_lifetime, "_secrets", LogOnce())
    with override_settings(
        ROOT_URLCONF=__name__,
        HARDENED_SESSION_IDLE=HOUR,
        HARDENED_SESSION_ABSOLUTE=12 * HOUR,
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
    ):
        yield


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", password="correct horse")


# -- The rule ------------------------------------------------------------------------------------

TIMES = st.integers(0, 10**7)


@given(
    TIMES, TIMES, st.integers(0, 10**5), st.integers(1, 10**6), st.none() | st.integers(1, 10**6)
)
def test_a_login_is_over_in_time(
    started: int, since: int, idle: int, absolute: int, remembered: int | None
) -> None:
    lifetime = Lifetime(idle, absolute)
    session = {STARTED: started, SEEN: started + since}
    if remembered:
        session[REMEMBERED] = remembered
    longest = remembered or absolute
    assert lifetime.is_over(session, started + longest)
    assert not lifetime.is_over({**session, SEEN: started + longest - 1}, started + longest - 1)
    end = started + since + idle
    if idle and not remembered:
        assert lifetime.is_over(session, end)
    elif end < started + longest:
        assert not lifetime.is_over(session, end)


def test_one_without_times_is_not_over() -> None:
    assert not Lifetime(1, 1).is_over({}, 10**9)


@pytest.mark.parametrize(
    ("idle", "session", "due"),
    [
        (HOUR, {}, True),
        (HOUR, {STARTED: 0}, True),
        (HOUR, {STARTED: 0, SEEN: 1000 - 359}, False),
        (HOUR, {STARTED: 0, SEEN: 1000 - 360}, True),
        (0, {STARTED: 0, SEEN: 0}, False),
        (0, {}, True),
    ],
)
def test_when_a_use_is_noted(idle: int, session: dict[str, int], due: bool) -> None:
    assert Lifetime(idle, DAY).is_due(session, 1000) is due


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"HARDENED_SESSION_IDLE": None, "HARDENED_SESSION_ABSOLUTE": 5}, Lifetime(0, 5)),
        ({"HARDENED_SESSION_ABSOLUTE": None, "SESSION_COOKIE_AGE": 7}, Lifetime(HOUR, 7)),
    ],
)
def test_what_the_settings_say(values: dict[str, Any], expected: Lifetime) -> None:
    with override_settings(**values):
        assert Lifetime.of_settings() == expected


@pytest.mark.parametrize("name", ["HARDENED_SESSION_IDLE", "HARDENED_SESSION_ABSOLUTE"])
@pytest.mark.parametrize("value", ["1h", -1, 1.5, True])
def test_what_is_no_time_stops_the_start(name: str, value: Any) -> None:
    with override_settings(**{name: value}), pytest.raises(ImproperlyConfigured, match=name):
        SessionLifetimeMiddleware(lambda request: HttpResponse())


def test_no_time_at_all_stops_the_start() -> None:
    name = "HARDENED_SESSION_ABSOLUTE"
    with override_settings(**{name: 0}), pytest.raises(ImproperlyConfigured, match=name):
        Lifetime.of_settings()


def test_a_use_that_lies_ahead_is_noted_anew() -> None:
    lifetime = Lifetime(HOUR, DAY)
    assert lifetime.is_due({STARTED: 0, SEEN: 2000}, 1000)
    assert not lifetime.is_due({STARTED: 0, SEEN: 1100}, 1000)


# -- The middleware ------------------------------------------------------------------------------


def _client(*, remember: bool = False) -> Client:
    client = Client()
    client.get("/enter/", {"remember": "1"} if remember else {})
    return client


@pytest.mark.parametrize("page", ["who", "awho"])
@pytest.mark.usefixtures("ada")
def test_an_idle_login_ends(clock: Clock, page: str) -> None:
    client = _client()
    for _ in range(3):
        clock.now += HOUR - 1
        assert client.get(f"/{page}/").content == b"ada"
    clock.now += HOUR
    assert client.get(f"/{page}/").content == b"AnonymousUser"
    assert client.get(f"/{page}/").content == b"AnonymousUser"
    assert not client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.usefixtures("ada")
def test_a_busy_one_ends_too(clock: Clock) -> None:
    client = _client()
    for _ in range(12 * 2 - 1):
        clock.now += HOUR / 2
        assert client.get("/who/").content == b"ada"
    clock.now += HOUR / 2
    assert client.get("/who/").content == b"AnonymousUser"


@pytest.mark.usefixtures("ada")
def test_a_new_login_begins_anew(clock: Clock) -> None:
    client = _client(remember=True)
    clock.now += 29 * DAY
    client.get("/enter/")  # in the same session
    clock.now += HOUR - 1
    assert client.get("/who/").content == b"ada"
    clock.now += HOUR
    assert client.get("/who/").content == b"AnonymousUser"


@pytest.mark.usefixtures("ada")
def test_who_asks_to_be_remembered_is(clock: Clock) -> None:
    client = _client(remember=True)
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 30 * DAY
    clock.now += 30 * DAY - 1
    assert client.get("/who/").content == b"ada"
    clock.now += 1
    assert client.get("/who/").content == b"AnonymousUser"


@pytest.mark.usefixtures("ada")
def test_what_does_not_ask_for_the_user_writes_nothing(clock: Clock) -> None:
    client = _client()
    clock.now += 2 * HOUR
    begun = client.session[SEEN]
    response = client.get("/nobody/")
    assert "Cookie" not in response.get("Vary", "")
    assert client.get("/data/").content == b"None"  # which is no question for the user
    assert client.session[SEEN] == begun
    assert client.get("/who/").content == b"AnonymousUser"  # and revives nobody


@pytest.mark.usefixtures("ada")
def test_a_use_is_written_now_and_then(clock: Clock) -> None:
    client = _client()
    begun = client.session[SEEN]
    clock.now += 359
    client.get("/who/")
    assert client.session[SEEN] == begun
    clock.now += 1
    client.get("/who/")
    assert client.session[SEEN] == begun + 360


ENGINES = ["db", "cached_db", "cache", "file"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("page", ["slow", "aslow"])
@pytest.mark.usefixtures("ada")
def test_what_others_write_meanwhile_is_kept(
    clock: Clock, page: str, engine: str, tmp_path: Path
) -> None:
    name = f"django.contrib.sessions.backends.{engine}"
    with override_settings(SESSION_ENGINE=name, SESSION_FILE_PATH=str(tmp_path)):
        client = _client()
        clock.now += HOUR / 2
        response = client.get(f"/{page}/")
        assert response.content == b"ada"
        assert not response.cookies
        session = client.session
        assert (session["cart"], session[SEEN]) == ([1], clock.now)
        clock.now += HOUR / 2
        response = client.get(f"/{page}/", {"logout": "1"})
        assert (response.status_code, response.content) == (200, b"ada")
        assert client.get("/who/").content == b"AnonymousUser"


@pytest.mark.parametrize("engine", [*ENGINES, "signed_cookies"])
@pytest.mark.usefixtures("ada")
def test_what_is_written_anyway_has_the_last_use(clock: Clock, engine: str, tmp_path: Path) -> None:
    name = f"django.contrib.sessions.backends.{engine}"
    with override_settings(SESSION_ENGINE=name, SESSION_FILE_PATH=str(tmp_path)):
        client = _client()
        for number in (1, 2):
            clock.now += HOUR / 2
            assert client.get("/counts/").content == b"ada"
            assert (client.session["count"], client.session[SEEN]) == (number, clock.now)
        clock.now += HOUR / 2
        assert client.get("/who/").content == b"ada"
        assert client.session[SEEN] == clock.now


@pytest.mark.usefixtures("ada")
def test_a_log_out_meanwhile_is_no_error_of_an_async_request(clock: Clock) -> None:
    client = AsyncClient()
    get = async_to_sync(client.get)
    get("/aenter/")
    clock.now += HOUR / 2
    response = get("/aslow/", {"logout": "1"})
    assert (response.status_code, response.content) == (200, b"ada")
    assert get("/awho/").content == b"AnonymousUser"


def test_a_login_of_before_begins_with_its_next_response(ada: User, clock: Clock) -> None:
    client = _client()
    session = client.session
    del session[STARTED], session[SEEN]
    session.save()
    clock.now += 100 * DAY
    assert client.get("/who/").content == b"ada"
    assert client.session[STARTED] == clock.now


def test_async_from_end_to_end(ada: User, clock: Clock) -> None:
    async def story() -> None:
        client = AsyncClient()
        await client.get("/aenter/")
        clock.now += HOUR - 1
        assert (await client.get("/awho/")).content == b"ada"
        clock.now += HOUR
        assert (await client.get("/awho/")).content == b"AnonymousUser"

    async_to_sync(story)()


def test_without_sessions_or_users_it_does_nothing() -> None:
    middleware = SessionLifetimeMiddleware(lambda request: HttpResponse("x"))
    request = RequestFactory().get("/")
    assert middleware(request).content == b"x"  # type: ignore[union-attr]
    request.user = SimpleNamespace(name="x")  # type: ignore[assignment]
    middleware(request)
    assert request.user.name == "x"  # type: ignore[union-attr]
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    request.session["x"] = 1
    middleware(request)
    assert request.user.name == "x"  # type: ignore[union-attr]
    request.user = SimpleLazyObject(lambda: User(username="known"))  # type: ignore[assignment]
    str(request.user)  # evaluated before
    middleware(request)
    assert str(request.user) == "known"
    note_login(None)
    note_login(RequestFactory().get("/"))


# -- Everywhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize("log_out", [log_out_everywhere, async_to_sync(alog_out_everywhere)])
@pytest.mark.parametrize("engine", ["db", "cached_db"])
def test_log_out_everywhere(ada: User, engine: str, log_out: Any) -> None:
    with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"):
        other = User.objects.create_user("bob", password="x")
        mine, phone, stranger = Client(), Client(), Client()
        mine.force_login(ada)
        phone.force_login(ada)
        stranger.force_login(other)
        request = RequestFactory().get("/")
        request.session = mine.session
        assert log_out(ada, but=request) == 1
        assert mine.get("/who/").content == b"ada"
        assert phone.get("/who/").content == b"AnonymousUser"
        assert stranger.get("/who/").content == b"bob"
        assert log_out(ada) == 1
        assert mine.get("/who/").content == b"AnonymousUser"
        assert log_out(ada) == 0


@pytest.mark.parametrize("engine", ["cache", "file", "signed_cookies"])
def test_an_engine_that_cannot_list_its_sessions_says_so(engine: str) -> None:
    with (
        override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"),
        pytest.raises(ImproperlyConfigured, match="cannot list its sessions"),
    ):
        log_out_everywhere(User(pk=1))


# -- What a signed cookie shows ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        *[(name, "x", True) for name in ("password", "API_KEY", "reset_token", "client-secret")],
        *[(name, "x", False) for name in ("cart", "tokyo", "language", "_password_reset_token")],
        ("note", "-----BEGIN PRIVATE KEY-----", True),
        ("note", "sk_live_abc", True),
        ("note", 7, False),
    ],
)
def test_what_looks_like_a_secret(name: str, value: Any, found: bool) -> None:
    assert (secret_names({name: value}) == [name]) is found


def test_a_secret_in_a_signed_cookie_is_named_once(caplog: Any) -> None:
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        for _ in range(2):
            Client().get("/store/")
    named = [r.args[0] for r in caplog.records if r.name == "django_hardened.sessions"]
    assert named == ["api_token", "note"]
    assert "eyJ" not in caplog.text


@pytest.mark.django_db
def test_elsewhere_it_is_nobody_s_business(caplog: Any) -> None:
    Client().get("/store/")
    assert not [r for r in caplog.records if r.name == "django_hardened.sessions"]
