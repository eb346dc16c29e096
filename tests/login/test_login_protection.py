"""``LoginProtectionBackend`` and ``RateLimitMiddleware``: guesses, whichever way they come."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user, get_user_model, login
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from login_site import PASSWORD
from ratelimit_support import AskedStore
from rest_framework.authtoken.models import Token

from django_hardened.backends import ModelBackend
from django_hardened.ratelimit import devices, visits
from django_hardened.signals import login_limited

pytestmark = pytest.mark.usefixtures("ada")

HOME = "192.0.2.1"
DEVICE = "hardened_device"
Try = Callable[..., Any]


def post(path: str, **more: str) -> Try:
    def attempt(
        username: str = "ada", password: str = "wrong", *, client: Client | None = None, **meta: Any
    ) -> Any:
        data = {"username": username, "password": password, **more}
        meta = {"REMOTE_ADDR": HOME, **meta}
        return (client or Client()).post(path, data, **meta)

    return attempt


def post_async(path: str) -> Try:
    def attempt(username: str = "ada", password: str = "wrong", **meta: Any) -> Any:
        data = {"username": username, "password": password}
        return async_to_sync(AsyncClient().post)(path, data, headers={}, **meta)

    return attempt


def basic(username: str = "ada", password: str = "wrong", **meta: Any) -> Any:
    return api("Basic " + b64encode(f"{username}:{password}".encode()).decode(), **meta)


def api(authorization: str, path: str = "/api/", **meta: Any) -> Any:
    return Client().get(
        path, headers={"Authorization": authorization}, **{"REMOTE_ADDR": HOME, **meta}
    )


FORM = post("/login/")
WAYS = {
    "form": FORM,
    "admin": post("/admin/login/", next="/admin/"),
    "a view that does not pass the request": post("/custom/"),
    "token": post("/token/"),
    "basic": basic,
    "async form": post_async("/login/"),
    "async view": post_async("/acustom/"),
    "async token": post_async("/token/"),
}
every_way = pytest.mark.parametrize("attempt", WAYS.values(), ids=WAYS.keys())


# -- In turn -------------------------------------------------------------------------------------


@every_way
def test_of_200_wrong_passwords_5_are_looked_at(attempt: Try, checked: list[str]) -> None:
    responses = [attempt(password=f"wrong {number}") for number in range(200)]
    assert checked == [f"wrong {number}" for number in range(5)]
    assert {response.status_code for response in responses[5:]} == {429}
    assert 429 not in {response.status_code for response in responses[:5]}


@every_way
def test_the_right_password_costs_nothing(attempt: Try, checked: list[str]) -> None:
    responses = [attempt(password=PASSWORD) for _ in range(12)]
    assert {response.status_code for response in responses} <= {200, 302}
    assert len(checked) == 12


@every_way
def test_a_refusal_says_when(attempt: Try, store: AskedStore, checked: list[str]) -> None:
    for _ in range(5):
        attempt()
    seconds = int(attempt()["Retry-After"])
    assert 59 <= seconds <= 61
    store.now += seconds - 2
    assert attempt().status_code == 429
    store.now += 2
    assert attempt(password=PASSWORD).status_code in (200, 302)
    assert len(checked) == 6


def test_who_is_refused_costs_no_hash_and_no_query(checked: list[str]) -> None:
    for _ in range(5):
        FORM()
    checked.clear()
    with CaptureQueriesContext(connection) as queries:
        response = FORM(password=PASSWORD)
    assert response.status_code == 429
    assert (checked, len(queries)) == ([], 0)
    assert response["Cache-Control"] == "no-store"


def test_one_request_with_many_guesses(checked: list[str]) -> None:
    passwords = [f"wrong {number}" for number in range(50)]
    response = Client().post(
        "/twice/", {"username": "ada", "password": passwords}, REMOTE_ADDR=HOME
    )
    assert checked == passwords[:5]
    assert response.status_code == 429


# -- By account and by address -------------------------------------------------------------------


def test_an_account_is_limited_wherever_the_guesses_come_from(checked: list[str]) -> None:
    for number in range(200):
        FORM(REMOTE_ADDR=f"203.0.113.{number}")
    assert len(checked) == 5
    assert FORM(password=PASSWORD, REMOTE_ADDR="198.51.100.1").status_code == 429
    assert FORM("someone else", REMOTE_ADDR="198.51.100.1").status_code == 200


def test_an_address_is_limited_whatever_accounts_it_tries(checked: list[str]) -> None:
    responses = [FORM(f"user{number}") for number in range(200)]
    assert [response.status_code for response in responses] == [200] * 5 + [429] * 195
    assert len(checked) == 5


def test_the_networks_around_an_address_of_ipv6_are_limited_too(checked: list[str]) -> None:
    for number in range(200):
        FORM(f"user{number}", REMOTE_ADDR=f"2001:db8:1:{number << 8:x}::1")
    assert len(checked) == 5 * 16


def test_no_header_makes_another_address(checked: list[str]) -> None:
    for number in range(50):
        forged = f"198.51.100.{number}"
        FORM(
            f"user{number}",
            HTTP_X_FORWARDED_FOR=forged,
            HTTP_X_REAL_IP=forged,
            HTTP_FORWARDED=f"for={forged}",
            HTTP_CLIENT_IP=forged,
        )
    assert len(checked) == 5


def test_a_success_does_not_give_the_address_new_guesses(checked: list[str]) -> None:
    get_user_model().objects.create_user("mallory", password=PASSWORD)
    checked.clear()
    for number in range(20):
        FORM("mallory", PASSWORD)
        FORM(f"victim{number}")
    assert sum(password == "wrong" for password in checked) == 5


@pytest.mark.parametrize(
    "names",
    [
        ("ada", "Ada", "ADA", " ada", "ada ", "\u00a0ada"),
        ("ada", "\uff41\uff44\uff41", "\uff21da", "\uff41\uff24a", "ada\u3000", "aDa"),
    ],
)
def test_however_a_name_is_spelled(names: tuple[str, ...], checked: list[str]) -> None:
    responses = [FORM(name, REMOTE_ADDR=f"203.0.113.{number}") for number, name in enumerate(names)]
    assert [response.status_code for response in responses] == [200] * 5 + [429]
    assert len(checked) == 5


# -- Nobody learns which accounts there are ------------------------------------------------------


@pytest.mark.parametrize("way", ["form", "admin", "token", "basic"])
def test_an_account_that_is_missing_is_answered_like_any_other(
    way: str, checked: list[str]
) -> None:
    told = {}
    for name, address in (("ada", "203.0.113.1"), ("bob", "203.0.113.2")):
        answers = []
        for _ in range(7):
            checked.clear()
            with CaptureQueriesContext(connection) as queries:
                response = WAYS[way](name, REMOTE_ADDR=address)
            # ``Expires`` is the time of the answer.
            fields = {k: v for k, v in response.items() if k not in ("Vary", "Expires")}
            page = response.content.decode().replace(name, "NAME")
            page = re.sub("value=.[A-Za-z0-9]{64}", "", page)  # each has another CSRF token
            answers.append((response.status_code, page, fields, len(checked), len(queries)))
        told[name] = answers
    assert told["ada"] == told["bob"]


# -- The owner gets in ---------------------------------------------------------------------------


def test_a_device_that_has_logged_in_has_an_allowance_of_its_own() -> None:
    owner = Client()
    assert FORM(password=PASSWORD, client=owner).status_code == 302
    for number in range(20):
        FORM(REMOTE_ADDR=f"203.0.113.{number}")
    assert FORM(password=PASSWORD, client=Client()).status_code == 429
    assert FORM(password=PASSWORD, client=owner).status_code == 302
    # No more than that: who has stolen it has five guesses.
    assert [FORM(client=owner).status_code for _ in range(7)] == [200] * 5 + [429] * 2


def test_a_neighbour_behind_the_same_address_keeps_nobody_out() -> None:
    owner = Client()
    FORM(password=PASSWORD, client=owner)
    for number in range(20):
        FORM(f"user{number}")
    assert FORM(password=PASSWORD).status_code == 429
    assert FORM(password=PASSWORD, client=owner).status_code == 302


def test_the_cookie_is_for_its_account_only() -> None:
    get_user_model().objects.create_user("mallory", password=PASSWORD)
    attacker = Client()
    FORM("mallory", PASSWORD, client=attacker)
    responses = [FORM(client=attacker) for _ in range(7)]
    assert [response.status_code for response in responses] == [200] * 5 + [429] * 2


def test_the_cookie_is_out_of_reach_and_holds_no_name() -> None:
    with override_settings(SESSION_COOKIE_SECURE=True):
        response = FORM(password=PASSWORD)
        cookie = response.cookies[devices.name()]
    assert devices.name() == DEVICE
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["secure"]
    assert cookie.key == "__Host-hardened_device"
    assert cookie["max-age"] == devices.MAX_AGE
    assert "ada" not in cookie.value


@pytest.mark.parametrize("value", ["", "x", "a:b:c", ".:" * 500, "\u00e9", "1" * 8_000])
def test_a_cookie_that_nobody_set_is_no_device(value: str, checked: list[str]) -> None:
    for _ in range(10):
        FORM(HTTP_COOKIE=f"{DEVICE}={value}")
    assert len(checked) == 5


def test_no_cookie_for_who_did_not_get_in() -> None:
    assert DEVICE not in FORM().cookies
    assert DEVICE not in Client().get("/").cookies


# -- Credentials in a header ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", ["Token {}", "Basic {}", "Basic !{}", "Bearer {}", "{}", "Token", "Basic"]
)
def test_an_address_that_guesses_in_a_header_is_limited(authorization: str) -> None:
    responses = [api(authorization.format(number)) for number in range(50)]
    assert [response.status_code for response in responses] == [401] * 5 + [429] * 45


def test_a_token_that_is_right_costs_nothing(store: AskedStore) -> None:
    token = f"Token {Token.objects.create(user=get_user_model().objects.get()).key}"
    assert {api(token).status_code for _ in range(50)} == {200}
    store.calls.clear()
    assert api(token).status_code == 200
    assert store.calls == []  # it is known by now: no reservation, no round trip
    for number in range(5):
        api(f"Token {number}")
    assert api("Token 5").status_code == 429
    assert api(token).status_code == 200  # nor does a neighbour who guesses keep it out


def test_a_token_that_is_revoked_counts_again() -> None:
    key = Token.objects.create(user=get_user_model().objects.get()).key
    assert api(f"Token {key}").status_code == 200
    assert f"Token {key}" in visits.PROVEN
    Token.objects.all().delete()
    responses = [api(f"Token {key}") for _ in range(8)]
    # The first was still trusted, and counted afterwards.
    assert f"Token {key}" not in visits.PROVEN
    assert [response.status_code for response in responses] == [401] * 5 + [429] * 3


def test_403_counts_only_for_who_stayed_anonymous() -> None:
    get_user_model().objects.update(is_staff=False)
    right = "Basic " + b64encode(f"ada:{PASSWORD}".encode()).decode()
    assert {api(right, "/staff/").status_code for _ in range(10)} == {403}
    responses = [api(f"Key {number}", "/closed/") for number in range(7)]
    assert [response.status_code for response in responses] == [403] * 5 + [429] * 2


def test_requests_without_credentials_are_not_guesses() -> None:
    assert {Client().get("/api/").status_code for _ in range(20)} == {401}
    assert {Client().get("/").status_code for _ in range(20)} == {200}


# -- What is not a guess -------------------------------------------------------------------------


def test_a_login_without_a_password_is_left_alone(settings: Any, store: AskedStore) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django_hardened.backends.LoginProtectionBackend",
        "django.contrib.auth.backends.RemoteUserBackend",
    ]
    for _ in range(10):
        assert authenticate(None, remote_user="ada") is not None
        assert authenticate(None, remote_user="") is None
    assert store.calls == []


def test_force_login_takes_a_backend_that_knows_users() -> None:
    client = Client()
    client.force_login(get_user_model().objects.get())
    assert client.session["_auth_user_backend"].endswith("ModelBackend")


def test_a_view_that_logs_somebody_in_need_not_name_the_backend() -> None:
    """As every sign-up view does: Django asks which one as soon as there are two."""
    request = RequestFactory().get("/")
    SessionMiddleware(HttpResponse).process_request(request)
    login(request, get_user_model().objects.get())
    assert get_user(request).get_username() == "ada"


def test_the_backend_of_the_models_without_a_request(checked: list[str]) -> None:
    backend = ModelBackend()
    assert backend.authenticate(None, username="ada", password=PASSWORD) is not None
    found = async_to_sync(backend.aauthenticate)(None, username="ada", password=PASSWORD)
    assert found == get_user_model().objects.get()
    assert backend.authenticate(None, username="ada") is None
    for number in range(5):
        assert authenticate(None, username="ada", password=f"wrong {number}") is None
    with pytest.raises(PermissionDenied):
        backend.authenticate(None, username="ada", password=PASSWORD)
    assert len(checked) == 7


def test_an_error_keeps_what_was_reserved(checked: list[str]) -> None:
    client = Client(raise_request_exception=False)
    responses = [post("/broken/")(password=PASSWORD, client=client).status_code for _ in range(10)]
    assert responses == [500] * 5 + [429] * 5
    assert len(checked) == 5


def test_switched_off(settings: Any, checked: list[str], store: AskedStore) -> None:
    settings.RATELIMIT_ENABLE = False
    assert {FORM().status_code for _ in range(20)} == {200}
    assert {basic().status_code for _ in range(20)} == {401}
    assert len(checked) == 40
    assert store.calls == []


@pytest.mark.parametrize(
    ("rates", "looked_at"),
    [({}, 20), ({"account": "3/m"}, 3), ({"address": "4/m"}, 4)],
)
def test_either_limit_can_be_left_out(
    settings: Any, checked: list[str], rates: dict[str, str], looked_at: int
) -> None:
    settings.HARDENED_LOGIN_RATES = rates
    for _ in range(20):
        FORM()
    assert len(checked) == looked_at


# -- Without a request, and without the middleware -----------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
def test_in_a_shell(is_async: bool, checked: list[str]) -> None:
    def attempt(password: str) -> Any:
        if is_async:
            return async_to_sync(aauthenticate)(None, username="ada", password=password)
        return authenticate(None, username="ada", password=password)

    for _ in range(10):
        assert attempt("wrong") is None
    assert len(checked) == 5
    assert attempt(PASSWORD) is None


def test_in_a_shell_the_right_one_costs_nothing() -> None:
    for _ in range(10):
        assert authenticate(None, username="ada", password=PASSWORD) is not None


def test_without_the_middleware_too(settings: Any, checked: list[str]) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "RateLimit" not in name]
    for _ in range(20):
        assert FORM().status_code == 200  # the form says that the password is wrong
    assert len(checked) == 5
    assert FORM(password=PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert FORM("bob").status_code == 200
    assert len(checked) == 5


# -- When nothing can be counted -----------------------------------------------------------------


@every_way
def test_unavailable(attempt: Try, store: AskedStore, checked: list[str]) -> None:
    store.is_down = True
    response = attempt(password=PASSWORD)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert checked == []


def test_unavailable_in_a_shell(store: AskedStore, checked: list[str]) -> None:
    store.is_down = True
    assert authenticate(None, username="ada", password=PASSWORD) is None
    assert checked == []


# -- Odd values ----------------------------------------------------------------------------------

_values = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cs"]), min_size=1),
    st.none(),
    st.integers(),
    st.booleans(),
    st.binary(),
    st.lists(st.text(), max_size=2),
    st.dictionaries(st.text(), st.text(), max_size=2),
    st.sampled_from(["\0", "ada\0", "a" * 100_000, "\u202eada", "İ", "ﷺ" * 1_000]),
)


@given(_values, _values)
@example("\0", "x")
@example("\ud800", "\ud800")
@hypothesis_settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_value_is_no_error(store: AskedStore, name: Any, password: Any) -> None:
    store.now += 3600
    assert authenticate(None, username=name, password=password) is None


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"username": {"a": 1}, "password": [1]}'])
def test_any_json_is_no_error(content: bytes) -> None:
    response = Client().post("/token/", content, content_type="application/json")
    assert response.status_code == 400


# -- Who is told ---------------------------------------------------------------------------------


def test_signal_and_log(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[dict[str, Any]] = []

    def hear(**kwargs: Any) -> None:
        heard.append(kwargs)

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("a receiver of the project")

    login_limited.connect(hear)
    login_limited.connect(fail)
    try:
        with caplog.at_level(logging.WARNING, "django_hardened.login"):
            for _ in range(8):
                FORM("Ada ")
    finally:
        login_limited.disconnect(hear)
        login_limited.disconnect(fail)
    assert [one["usernames"] for one in heard] == [("ada",)] * 3
    assert {one["request"].path for one in heard} == {"/login/"}
    assert {one["decision"].allowed for one in heard} == {False}
    records = [record for record in caplog.records if record.name == "django_hardened.login"]
    assert [record.getMessage() for record in records] == [
        "Refused a login from '192.0.2.1': login-account is used up."
    ]
