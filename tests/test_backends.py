"""Wrong passwords: as many as the rate admits reach a hasher, whatever way they come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from logins_support import COUNTED, PASSWORD, basic, runs
from ratelimit_support import AskedStore

from django_hardened.log_window import LogWindow
from django_hardened.middleware import RateLimitMiddleware
from django_hardened.ratelimit import logins, visits
from django_hardened.ratelimit.proven import ProvenHeaders
from django_hardened.signals import login_limited

pytestmark = pytest.mark.django_db

PEER = "203.0.113.9"
MODEL = "django.contrib.auth.backends.ModelBackend"
OURS = "django_hardened.backends.LoginProtectionBackend"
FORMS = {
    "registration/login.html": "form",
    "admin/login.html": "form",
    "404.html": "none",
}


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> AskedStore:
    monkeypatch.setenv(COUNTED, str(tmp_path / "counted"))
    (tmp_path / "counted").touch()
    settings.RATELIMIT_ENABLE = True
    settings.ROOT_URLCONF = "logins_support"
    settings.AUTHENTICATION_BACKENDS = [OURS, MODEL]
    settings.PASSWORD_HASHERS = ["logins_support.CountingHasher"]
    settings.HARDENED_LOGIN_RATES = {"account": "5/m", "address": "50/m"}
    settings.HARDENED_ADDRESS_RATES = {"address": "5000/m"}
    loader = ("django.template.loaders.locmem.Loader", FORMS)
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"OPTIONS": {"loaders": [loader]}}]
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    monkeypatch.setattr(visits, "PROVEN", ProvenHeaders())
    monkeypatch.setattr(visits, "_refused", LogWindow())
    monkeypatch.setattr(logins, "_limited", LogWindow())
    return store


@pytest.fixture
def ada(store: AskedStore) -> User:
    return User.objects.create_user("ada", "ada@example.org", PASSWORD)


@pytest.fixture
def mallory(store: AskedStore) -> User:
    return User.objects.create_user("mallory", "mallory@example.org", PASSWORD)


@pytest.fixture
def limited() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(**kwargs: Any) -> None:
        heard.append(kwargs)

    login_limited.connect(hear)
    yield heard
    login_limited.disconnect(hear)


def client(address: str = PEER) -> Client:
    return Client(REMOTE_ADDR=address)


def post(
    path: str = "/custom/", name: str = "ada", password: str = "wrong", address: str = PEER
) -> Any:
    return client(address).post(path, {"username": name, "password": password})


def get(header: str, path: str = "/api/", address: str = PEER, **more: str) -> Any:
    return client(address).get(path, headers={"Authorization": header, **more})


def api(name: str = "ada", password: str = "wrong", **more: str) -> Any:
    return get(basic(name, password), **more)


def with_async_client(name: str = "ada", password: str = "wrong") -> Any:
    sent = {"username": name, "password": password}
    return async_to_sync(AsyncClient(REMOTE_ADDR=PEER).post)("/async/", sent)


def to_admin(name: str = "ada", password: str = "wrong") -> Any:
    return client().post("/admin/login/", {"username": name, "password": password})


WAYS: dict[str, Callable[..., Any]] = {
    "LoginView": lambda **sent: post("/login/", **sent),
    "a custom view": lambda **sent: post("/custom/", **sent),
    "a view without a request": lambda **sent: post("/unnamed/", **sent),
    "an async view": lambda **sent: post("/async/", **sent),
    "an async view under ASGI": with_async_client,
    "ObtainAuthToken": lambda **sent: post("/token/", **sent),
    "basic": api,
}


# -- How many reach the hasher -------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_in_turn(ada: User, way: str) -> None:
    before = runs()
    statuses = [WAYS[way]().status_code for _ in range(30)]
    assert runs() - before == 5
    assert statuses[5:] == [429] * 25
    assert 429 not in statuses[:5]
    # With the right one, too.
    refused = WAYS[way](password=PASSWORD)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "61"
    assert refused["Cache-Control"] == "no-store"
    assert runs() - before == 5


def test_the_admin(ada: User, settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin"]
    settings.ROOT_URLCONF = tuple(_admin_urls())
    before = runs()
    assert [to_admin().status_code for _ in range(8)] == [200] * 5 + [429] * 3
    assert runs() - before == 5


def _admin_urls() -> list[Any]:
    from django.contrib.admin import AdminSite
    from django.urls import path

    return [path("admin/", AdminSite().urls)]


@pytest.mark.parametrize("path", ["/custom/", "/api/"])
def test_all_at_once(ada: User, path: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more of 200 threads get to a password than of 200 requests in turn."""
    asked: list[str] = []
    meeting = Barrier(200)

    def check(self: Any, request: Any, username: Any = None, **credentials: Any) -> None:
        asked.append(username)  # and nothing of the database, which is this thread's

    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.authenticate", check)

    def attempt(number: int) -> int:
        meeting.wait()
        response = api() if path == "/api/" else post(path, password=str(number))
        return int(response.status_code)

    with ThreadPoolExecutor(200) as pool:
        statuses = list(pool.map(attempt, range(200)))
    assert asked == ["ada"] * 5
    assert sum(status == 429 for status in statuses) == 195


def test_an_address_that_tries_many_accounts(ada: User) -> None:
    before = runs()
    statuses = [post(name=f"user{number}").status_code for number in range(70)]
    assert statuses == [400] * 50 + [429] * 20
    assert runs() - before == 50
    assert post(name="ada", password=PASSWORD).status_code == 429
    assert post(name="ada", password=PASSWORD, address="203.0.113.10").status_code == 200


def test_an_account_that_is_tried_from_many_addresses(ada: User) -> None:
    statuses = [post(address=f"198.51.100.{number}").status_code for number in range(20)]
    assert statuses == [400] * 5 + [429] * 15


def test_the_window_moves_on(ada: User, store: AskedStore) -> None:
    refused = [post() for _ in range(6)][-1]
    assert refused.status_code == 429
    store.now += int(refused["Retry-After"]) - 2
    assert post().status_code == 429
    store.now += 2
    assert post(password=PASSWORD).status_code == 200


def test_what_is_right_costs_nothing(ada: User, store: AskedStore) -> None:
    for _ in range(80):
        assert post(password=PASSWORD).status_code == 200
        assert api(password=PASSWORD).status_code == 200
        assert post("/token/", password=PASSWORD).status_code == 200


def test_a_success_resets_neither_count(ada: User) -> None:
    """Who has an account could otherwise try two passwords, log in, and go on."""
    User.objects.create_user("mallory", password=PASSWORD)
    before = runs()
    for number in range(60):
        post(name=f"user{number}")
        post(name="mallory", password=PASSWORD)
    # Once the address is used up, nothing reaches the hasher, the own account neither.
    assert runs() - before == 50 + 49
    post(address="203.0.113.50", password=PASSWORD)
    assert [post(address="203.0.113.50").status_code for _ in range(6)] == [400] * 5 + [429]


@pytest.mark.parametrize(
    "spelling",
    ["Ada", "ADA", " ada", "ada ", "\uff41da", "ad\u00ada", "a\u0301da", "ádá", "ada\u200b"],
)
def test_spellings_of_one_account(ada: User, spelling: str) -> None:
    for _ in range(5):
        post("/unnamed/", name=spelling)
    assert post("/unnamed/").status_code == 429


def test_a_view_that_hands_on_all_that_it_is_sent(ada: User) -> None:
    """Whichever of the names a backend goes by, it is counted."""
    sent = {"username": "ada", "password": "wrong"}
    statuses = [
        client(f"198.51.100.{number}").post("/custom/", sent | {"email": f"{number}@x"}).status_code
        for number in range(8)
    ]
    assert statuses == [400] * 5 + [429] * 3


# -- Existing and missing accounts ---------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_nothing_tells_whether_there_is_an_account(ada: User, way: str) -> None:
    seen = []
    for name in ("ada", "nobody"):
        outcomes = []
        for _ in range(7):
            before = runs()
            with CaptureQueriesContext(connection) as queries:
                response = WAYS[way](name=name)
            volatile = {"Set-Cookie", "Expires"}  # the latter tells the time
            shown = {k: v for k, v in response.headers.items() if k not in volatile}
            outcomes.append(
                (
                    response.status_code,
                    response.content,
                    # Those of the address count on, for both.
                    {k: v for k, v in shown.items() if not k.startswith("RateLimit")},
                    runs() - before,
                    len(queries),
                )
            )
        seen.append(outcomes)
    assert seen[0] == seen[1]
    assert [runs for *_, runs, _ in seen[0]] == [1] * 5 + [0] * 2
    if "async" not in way:
        assert [queries for *_, queries in seen[0]][5:] == [0] * 2


# -- The owner, under attack ---------------------------------------------------------------------


def attacked(address: str = "198.51.100.66") -> None:
    while post(address=address).status_code != 429:
        pass


def test_the_owner_gets_in_from_a_device_that_is_known(ada: User) -> None:
    own = client()
    assert own.post("/custom/", {"username": "ada", "password": PASSWORD}).status_code == 200
    cookie = own.cookies["hardened_device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    attacked()
    attacked(PEER)
    for number in range(50):  # and the neighbours use up the address
        post(name=f"user{number}")
    assert post(password=PASSWORD).status_code == 429
    for _ in range(20):
        sent = {"username": "ada", "password": PASSWORD}
        assert own.post("/custom/", sent).status_code == 200


def test_a_device_has_an_allowance_of_its_own(ada: User) -> None:
    own = client()
    own.post("/custom/", {"username": "ada", "password": PASSWORD})
    before = runs()
    wrong = [own.post("/custom/", {"username": "ada", "password": "wrong"}) for _ in range(8)]
    assert [response.status_code for response in wrong] == [400] * 5 + [429] * 3
    assert runs() - before == 5
    # What was tried there is not counted elsewhere.
    assert post(password=PASSWORD, address="203.0.113.77").status_code == 200


@pytest.mark.parametrize(
    "tampered",
    ["", "x", "a:b:c", "\u00e9:x:y", "W10:1abc:sig", "." * 4000, "null", "\0"],
)
def test_a_forged_device(ada: User, tampered: str) -> None:
    attacked()
    forged = client()
    forged.cookies["hardened_device"] = tampered
    sent = {"username": "ada", "password": PASSWORD}
    assert forged.post("/custom/", sent).status_code == 429


def test_a_device_of_somebody_else(ada: User, mallory: User) -> None:
    attacked()
    own = client()
    assert own.post("/custom/", {"username": "mallory", "password": PASSWORD}).status_code == 200
    sent = {"username": "ada", "password": PASSWORD}
    assert own.post("/custom/", sent).status_code == 429
    both = {"username": "mallory", "email": "ada", "password": PASSWORD}
    assert own.post("/custom/", both).status_code == 429


def test_a_device_is_good_for_the_account_that_let_somebody_in(ada: User, mallory: User) -> None:
    """A second name beside the own one makes no device of somebody else's account."""
    own = client()
    both = {"username": "mallory", "email": "ada", "password": PASSWORD}
    assert own.post("/custom/", both).status_code == 200
    attacked()
    sent = {"username": "ada", "password": PASSWORD}
    assert own.post("/custom/", sent).status_code == 429


def test_a_device_whose_account_is_typed_in_another_way(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logging in by mail, the owner is known by mail."""

    def by_mail(self: Any, request: Any, username: str = "", password: str = "") -> Any:
        user = User.objects.filter(email=username).first()
        return user if user and user.check_password(password) else None

    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.authenticate", by_mail)
    own, sent = client(), {"username": "ada@example.org", "password": PASSWORD}
    assert own.post("/custom/", sent).status_code == 200
    while post(name="ada@example.org").status_code != 429:
        pass
    assert own.post("/custom/", sent).status_code == 200


def test_a_device_is_no_different_where_accounts_are_not_limited(ada: User, settings: Any) -> None:
    settings.HARDENED_LOGIN_RATES = {"address": "5/m"}
    own = client()
    own.post("/custom/", {"username": "ada", "password": PASSWORD})
    wrong = [own.post("/custom/", {"username": "ada", "password": "wrong"}) for _ in range(6)]
    assert wrong[-1].status_code == 429


def test_only_accounts_are_limited(ada: User, settings: Any) -> None:
    settings.HARDENED_LOGIN_RATES = {"account": "5/m"}
    assert [post(name=f"user{n}").status_code for n in range(60)] == [400] * 60
    assert [post().status_code for _ in range(6)] == [400] * 5 + [429]


def test_nothing_is_limited(ada: User, settings: Any, store: AskedStore) -> None:
    settings.HARDENED_LOGIN_RATES = {}
    settings.HARDENED_ADDRESS_RATES = {}
    assert [post().status_code for _ in range(60)] == [400] * 60
    assert store.calls == []


def test_limits_are_off(ada: User, settings: Any, store: AskedStore) -> None:
    settings.RATELIMIT_ENABLE = False
    assert [post().status_code for _ in range(60)] == [400] * 60
    assert [api().status_code for _ in range(60)] == [401] * 60
    assert store.calls == []


# -- Headers -------------------------------------------------------------------------------------


def test_tokens_are_counted_for_the_address(ada: User) -> None:
    statuses = [get(f"Token {number}").status_code for number in range(60)]
    assert statuses == [401] * 50 + [429] * 10
    assert client().get("/plain/").status_code == 200  # without credentials there is no guess


def test_a_wrong_header_is_told_of_the_limit(ada: User) -> None:
    response = get("Token wrong")
    assert '"login-address";r=49;t=61' in response["RateLimit"]
    assert "login" not in client().get("/plain/")["RateLimit"]


def test_403_counts_for_strangers_only(ada: User) -> None:
    for _ in range(60):
        assert api(password=PASSWORD, path="/api/admin/").status_code == 403
    statuses = [get("Token x", "/api/silent/").status_code for _ in range(60)]
    assert statuses == [403] * 50 + [429] * 10


def test_a_header_that_nobody_asks_for(ada: User) -> None:
    """Such as that of a proxy in front, which lets nobody else in."""
    assert [get("Basic x", "/plain/").status_code for _ in range(80)] == [200] * 80


def test_an_error_keeps_what_it_may_hide(ada: User) -> None:
    statuses = [get("Token x", "/broken/").status_code for _ in range(60)]
    assert statuses == [503] * 50 + [429] * 10
    statuses = [client("192.0.2.1").get("/broken-after/").status_code for _ in range(7)]
    assert statuses == [500] * 5 + [429] * 2


def test_what_was_right_before_needs_no_reservation(ada: User, store: AskedStore) -> None:
    api(password=PASSWORD)
    store.calls.clear()
    assert api(password=PASSWORD).status_code == 200
    [entries] = store.calls
    assert [entry.limit.name for entry in entries] == ["address"]
    attacked()
    for number in range(50):
        post(name=f"user{number}")
    assert api(password=PASSWORD).status_code == 200
    assert api(password="other").status_code == 429


def test_what_was_right_before_and_is_wrong_now(ada: User, store: AskedStore) -> None:
    api(password=PASSWORD)
    ada.set_password("another one of hers")
    ada.save()
    before = runs()
    statuses = [api(password=PASSWORD).status_code for _ in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    assert runs() - before == 5


def test_a_token_that_is_revoked(ada: User) -> None:
    from rest_framework.authtoken.models import Token

    token = Token.objects.create(user=ada)
    assert get(f"Token {token.key}").status_code == 200
    token.delete()
    statuses = [get(f"Token {token.key}").status_code for _ in range(60)]
    assert statuses == [401] * 50 + [429] * 10


def test_a_guess_is_not_proven_by_another_login(ada: User, mallory: User) -> None:
    """Whoever has an account could otherwise prepare guesses, and make them all at once."""
    for number in range(10):
        own = client("192.0.2.9")
        sent = {"username": "mallory", "password": PASSWORD}
        guess = basic("ada", str(number))
        assert own.post("/custom/", sent, headers={"Authorization": guess}).status_code == 200
        assert guess not in visits.PROVEN
        assert own.get("/plain/", headers={"Authorization": guess}).status_code == 200
        assert guess not in visits.PROVEN
    before = runs()
    statuses = [get(basic("ada", str(n)), address="192.0.2.9").status_code for n in range(10)]
    assert statuses == [401] * 5 + [429] * 5
    assert runs() - before == 5


def test_a_guess_is_not_proven_by_whoever_else_is_known(ada: User, settings: Any) -> None:
    """A key in a query, say, beside a header that nobody has looked at."""
    settings.MIDDLEWARE = [
        "django_hardened.middleware.RateLimitMiddleware",
        f"{__name__}.known_by_a_key",
    ]
    guess = basic("ada", "guess")
    assert get(guess, "/plain/").status_code == 200
    assert guess not in visits.PROVEN
    assert get("Key of-a-service", "/plain/").status_code == 200
    assert "Key of-a-service" in visits.PROVEN


def known_by_a_key(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        request.user = User(username="service")
        return get_response(request)

    return middleware


def test_a_session_beside_a_guess(ada: User) -> None:
    own = client()
    own.force_login(ada, MODEL)
    guess = "Token guess"
    assert own.get("/plain/", headers={"Authorization": guess}).status_code == 200
    assert guess not in visits.PROVEN


def test_a_proven_header_proves_no_other_account(ada: User, mallory: User) -> None:
    """Of two names in the body, only one is that of the header."""
    header = basic("mallory", PASSWORD)
    get(header)
    assert header in visits.PROVEN
    statuses = [
        client()
        .post(
            "/custom/",
            {"username": "ada", "email": "mallory", "password": PASSWORD + "x"},
            headers={"Authorization": header},
        )
        .status_code
        for _ in range(7)
    ]
    assert statuses == [400] * 5 + [429] * 2


def test_a_header_that_the_account_refuses_is_given_back(ada: User, store: AskedStore) -> None:
    attacked()
    for _ in range(60):
        assert api(password=PASSWORD).status_code == 429
    assert get("Token x").status_code == 401  # the address has 49 more


# -- What is told --------------------------------------------------------------------------------


def test_a_signal_and_a_line_in_the_log(
    ada: User, limited: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        post()
    assert limited == []
    with caplog.at_level(logging.WARNING, "django_hardened.login"):
        for _ in range(3):
            post(name="Ada")
    assert len(limited) == 3
    assert limited[0]["usernames"] == ("ada",)
    assert limited[0]["decision"].retry_after == 61
    assert limited[0]["request"].path == "/custom/"
    messages = [
        record.message for record in caplog.records if record.name == "django_hardened.login"
    ]
    assert messages == [f"Refused a login from '{PEER}': login-account is used up."]


def test_a_header_that_is_refused_unread_is_told(
    limited: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(51):
        get("Token x")
    assert [(told["usernames"], told["request"].path) for told in limited] == [((), "/api/")]
    assert f"Refused a login from '{PEER}': login-address is used up." in caplog.messages


def test_a_receiver_that_fails_changes_nothing(ada: User) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    login_limited.connect(fail)
    try:
        assert [post().status_code for _ in range(6)] == [400] * 5 + [429]
    finally:
        login_limited.disconnect(fail)


def test_no_credentials_are_shown(ada: User) -> None:
    request = RequestFactory().get("/", headers={"Authorization": basic("ada", PASSWORD)})
    assert basic("ada", PASSWORD) not in repr(visits.Visit(request))


# -- Odd values ----------------------------------------------------------------------------------


class Odd:
    def __str__(self) -> str:
        return "odd"


@pytest.mark.parametrize("password", ["x\0", "\ud800", ["x"], {"a": 1}, 7, True, "p" * 10**6, ""])
@pytest.mark.parametrize("name", ["ada\0", "\udfff", ["ada"], {"a": []}, 7, "n" * 10**6, "", Odd()])
def test_odd_values_never_raise(name: Any, password: Any) -> None:
    assert authenticate(None, username=name, password=password) is None
    request = RequestFactory().post("/")
    assert authenticate(request, username=name, password=password) is None


def test_what_cannot_be_is_counted_and_not_hashed(store: AskedStore) -> None:
    for _ in range(5):
        assert authenticate(None, username="ada\0", password="x") is None
    assert runs() == 0
    assert authenticate(None, username="ada", password="x") is None
    assert runs() == 0


def test_nesting_is_no_way_to_an_error() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert authenticate(None, username=nested, password="x") is None


@pytest.mark.parametrize("request_", [object(), SimpleNamespace(META={}), {"type": "websocket"}])
def test_what_is_no_request(ada: User, request_: Any) -> None:
    for _ in range(5):
        assert authenticate(request_, username="ada", password="wrong") is None
    before = runs()
    assert authenticate(request_, username="ada", password=PASSWORD) is None
    assert runs() == before


def test_no_account_is_named(ada: User, store: AskedStore) -> None:
    assert authenticate(None, password="x") is None
    assert store.calls == []
    assert authenticate(RequestFactory().post("/"), password="x") is None
    assert [e.limit.name for e in store.calls[0]] == ["login-address"]


# -- Without the middleware, a request, or a password --------------------------------------------


def test_without_the_middleware(ada: User, settings: Any) -> None:
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "RateLimit" not in m]
    for _ in range(20):
        assert post(password=PASSWORD).status_code == 200
    before = runs()
    assert [post().status_code for _ in range(20)] == [400] * 20
    assert runs() - before == 5
    assert post(password=PASSWORD).status_code == 400


def test_without_a_request(ada: User, limited: list[dict[str, Any]]) -> None:
    for _ in range(20):
        assert authenticate(username="ada", password=PASSWORD) == ada
    before = runs()
    for _ in range(20):
        assert authenticate(username="ada", password="wrong") is None
    assert runs() - before == 5
    assert limited[0]["request"] is None


def test_async_without_the_middleware(ada: User) -> None:
    before = runs()
    for _ in range(8):
        assert async_to_sync(aauthenticate)(username="ada", password="wrong") is None
    assert runs() - before == 5


def test_backends_without_a_password_are_let_alone(ada: User, settings: Any, store: Any) -> None:
    remote = "django.contrib.auth.backends.RemoteUserBackend"
    settings.AUTHENTICATION_BACKENDS = [OURS, MODEL, remote]
    assert authenticate(RequestFactory().get("/"), remote_user="ada") == ada
    user_login_failed.send(__name__, credentials={"username": "ada"}, request=None)
    assert store.calls == []


def test_permissions_and_force_login_do_not_see_it(ada: User) -> None:
    own = client()
    own.force_login(ada)
    assert own.session["_auth_user_backend"] == MODEL
    assert not ada.has_perm("auth.add_user")
    assert own.get("/api/").json() == {"user": "ada"}


def test_a_transaction_that_is_rolled_back_keeps_the_count(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    statuses = [client().get("/broken-after/").status_code for _ in range(6)]
    assert statuses == [500] * 5 + [429]


# -- Several in one request ----------------------------------------------------------------------


def test_two_names_for_one_password(ada: User) -> None:
    names = ["nobody", "ada"]
    sent = {"username": names, "password": PASSWORD}
    response = [client().post("/twice/", sent) for _ in range(20)][-1]
    # "nobody" is used up after five, and "ada" is let in all the same.
    assert response.status_code == 200
    assert response.content == b"yes"
    assert "hardened_device" in response.cookies


def test_a_failure_beside_another_is_kept_once(ada: User) -> None:
    sent = {"username": ["ada", "ben"], "password": "wrong"}
    statuses = [client().post("/twice/", sent).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


def test_a_name_that_django_masks(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """``user_login_failed`` has asterisks for it: the last attempt is the one that failed."""
    monkeypatch.setattr(User, "USERNAME_FIELD", "api_key_name")
    refuse = staticmethod(lambda request, **credentials: None)
    monkeypatch.setattr("django.contrib.auth.backends.ModelBackend.authenticate", refuse)
    statuses = []
    for _ in range(7):
        request = RequestFactory().post("/")
        statuses.append(_answered(request, api_key_name="ada"))
    assert statuses == [400] * 5 + [429] * 2


def _answered(request: HttpRequest, **credentials: str) -> int:
    def view(request: HttpRequest) -> HttpResponse:
        authenticate(request, password="wrong", **credentials)
        return HttpResponse(status=400)

    response: Any = RateLimitMiddleware(view)(request)
    return int(response.status_code)


# -- Where nothing can be counted ----------------------------------------------------------------


def test_the_policy_is_to_deny(ada: User, settings: Any, store: AskedStore) -> None:
    settings.HARDENED_ADDRESS_RATES = {}
    store.is_down = True
    before = runs()
    response = post(password=PASSWORD)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert with_async_client(password=PASSWORD).status_code == 503
    assert get("Token x").status_code == 503
    assert authenticate(None, username="ada", password=PASSWORD) is None
    assert runs() == before
    assert client().get("/plain/").status_code == 200


def test_a_store_that_is_lost_between_the_reservation_and_the_end(
    ada: User, monkeypatch: pytest.MonkeyPatch, store: AskedStore
) -> None:
    from django_hardened.ratelimit.decisions import LimiterUnavailable

    def lost(*args: Any) -> None:
        raise LimiterUnavailable

    monkeypatch.setattr(store, "take_back", lost)
    assert post(password=PASSWORD).status_code == 200
