"""``@ratelimit``: django-ratelimit's vocabulary, exact counts, and 429."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django_ratelimit import exceptions
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ratelimit_support import AskedStore
from rest_framework.decorators import api_view, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.ratelimit import (
    ALL,
    UNSAFE,
    Decision,
    Limit,
    Limiter,
    Ratelimited,
    get_usage,
    is_ratelimited,
    ratelimit,
)

PEER = "203.0.113.9"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, settings: Any) -> AskedStore:
    settings.RATELIMIT_ENABLE = True
    store = AskedStore()
    monkeypatch.setattr("django_hardened.ratelimit.limiter.get_store", lambda: store)
    return store


def limited(*args: Any, **kwargs: Any) -> Any:
    """A view under one limit; it says whether ``request.limited``."""

    @ratelimit(*args, **kwargs)
    def view(request: Any) -> HttpResponse:
        return HttpResponse(str(request.limited))

    return view


def request(method: str = "GET", *, user: Any = None, **meta: Any) -> Any:
    made: Any = RequestFactory().generic(method, "/", **{"REMOTE_ADDR": PEER, **meta})
    if user is not None:
        made.user = SimpleNamespace(pk=user)
    return made


def statuses(view: Callable[..., Any], count: int, **sent: Any) -> list[int]:
    return [view(request(**sent)).status_code for _ in range(count)]


def posted(data: dict[str, str], address: str = PEER) -> Any:
    return RequestFactory().post("/", data, REMOTE_ADDR=address)


def sent_json(body: Any, address: str = PEER, **meta: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return RequestFactory().post("/", text, "application/json", REMOTE_ADDR=address, **meta)


# -- The answer ----------------------------------------------------------------------------------


def test_exactly_the_limit_is_admitted_and_then_429(store: AskedStore) -> None:
    view = limited("login", "ip", "3/m")
    assert statuses(view, 5) == [200, 200, 200, 429, 429]
    refused = view(request())
    assert refused["Retry-After"] == refused["RateLimit"].rpartition("=")[2] == "61"
    assert refused["RateLimit-Policy"] == '"login";q=3;w=60'
    assert refused["RateLimit"] == '"login";r=0;t=61'
    assert refused["Cache-Control"] == "no-store"
    assert json.loads(refused.content) == {
        "detail": "Request was throttled. Expected available in 61 seconds."
    }


def test_a_retry_at_that_second_is_admitted_and_one_before_is_not(store: AskedStore) -> None:
    view = limited("login", "ip", "2/m")
    statuses(view, 2)
    store.now += 13.7
    wait = int(view(request())["Retry-After"])
    store.now += wait - 2
    assert statuses(view, 1) == [429]
    store.now += 2
    assert statuses(view, 1) == [200]


def test_an_allowed_response_says_how_the_limit_stands() -> None:
    response = limited("login", "ip", "3/m")(request())
    assert (response.status_code, response.content) == (200, b"False")
    assert response["RateLimit"] == '"login";r=2;t=61'
    assert "Retry-After" not in response


def test_what_is_told_of_a_view_without_a_group_is_its_name_and_not_its_module() -> None:
    assert limited(None, "ip", "3/m")(request())["RateLimit"].startswith('"view";')


def test_a_view_that_does_not_block_is_told(store: AskedStore) -> None:
    view = limited(key="ip", rate="1/m", block=False)
    responses = [view(request()) for _ in range(3)]
    assert [response.content for response in responses] == [b"False", b"True", b"True"]
    assert [response.status_code for response in responses] == [200] * 3
    assert responses[2]["RateLimit"] == '"view";r=0;t=61'
    assert "Retry-After" not in responses[2]


def test_through_a_client_and_every_middleware(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = (path("", limited("login", "ip", "2/m")),)
    responses = [client.get("/", HTTP_ACCEPT="text/html") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[2].has_header("Retry-After")
    assert b"Too many requests" in responses[2].content


@pytest.mark.parametrize(("block", "status"), [(True, 503), (False, 200)])
def test_where_nothing_can_be_counted(store: AskedStore, block: bool, status: int) -> None:
    store.is_down = True
    response = limited(key="ip", rate="1/m", block=block)(request())
    assert response.status_code == status
    if block:
        assert response["Retry-After"] == "5"
    else:
        assert response.content == b"True"
    assert get_usage(request(), "g", key="ip", rate="1/m") == {
        "count": 0,
        "limit": 0,
        "should_limit": True,
        "time_left": -1,
    }


def test_switched_off(settings: Any, store: AskedStore) -> None:
    settings.RATELIMIT_ENABLE = False
    view = limited(key=lambda group, request: 1 / 0, rate="1/m")
    assert statuses(view, 3) == [200] * 3
    assert store.calls == []
    assert get_usage(request(), "g", key="ip", rate="1/m") is None
    assert is_ratelimited(request(), "g", key="ip", rate="0/m") is False


def test_what_is_no_response_is_passed_on() -> None:
    @ratelimit(key="ip", rate="5/m")
    def helper(request: Any) -> int:
        return 7

    assert helper(request()) == 7


# -- Handlers of a project -----------------------------------------------------------------------


def ratelimit_view(request: HttpRequest, exception: Ratelimited) -> HttpResponse:
    limits = ", ".join(map(str, exception.limits))
    return HttpResponse(f"{limits}; {exception.retry_after} s", status=429)


async def async_ratelimit_view(request: HttpRequest, exception: Ratelimited) -> HttpResponse:
    return ratelimit_view(request, exception)


MIDDLEWARE = "django_ratelimit.middleware.RatelimitMiddleware"


@pytest.mark.parametrize("middleware", [[], [MIDDLEWARE]])
@pytest.mark.parametrize("view", ["ratelimit_view", "async_ratelimit_view"])
def test_ratelimit_view(client: Client, settings: Any, middleware: list[str], view: str) -> None:
    settings.MIDDLEWARE = middleware
    settings.RATELIMIT_VIEW = globals()[view]
    settings.ROOT_URLCONF = (path("", limited("login", "ip", "2/m")),)
    responses: list[Any] = [client.get("/") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[2].content == b"2/60s; 61 s"
    assert responses[2]["Retry-After"] == "61"
    assert responses[2]["RateLimit"] == '"login";r=0;t=61'
    assert responses[2]["Cache-Control"] == "no-store"


def test_ratelimit_view_by_path(settings: Any) -> None:
    settings.RATELIMIT_VIEW = "django.views.defaults.bad_request"
    refused = limited("login", "ip", "0/m")(request())
    assert refused.status_code == 400
    assert "Retry-After" not in refused
    assert refused["RateLimit"] == '"login";r=0;t=60'


class Urls:
    """A URLconf with a handler."""

    def __init__(self, view: Any, handler403: Any) -> None:
        self.urlpatterns = [path("", view)]
        self.handler403 = handler403


def knows(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, exceptions.Ratelimited):
        return HttpResponse("Slow down", status=429, headers={"Retry-After": "90"})
    return HttpResponse("Forbidden", status=403)


def knows_not(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("Forbidden", status=403)


@pytest.mark.parametrize(("handler", "wait"), [(knows, "90"), (knows_not, "60")])
def test_handler403(client: Client, settings: Any, handler: Any, wait: str) -> None:
    settings.ROOT_URLCONF = Urls(limited("login", "ip", "0/m"), handler)
    response = client.get("/")
    assert (response.status_code, response["Retry-After"]) == (429, wait)
    assert (response.content == b"Slow down") == (handler is knows)


class Foreign(Exception):
    pass


def test_an_exception_class_of_the_project_is_raised(settings: Any) -> None:
    view = limited("login", "ip", "0/m")
    settings.RATELIMIT_EXCEPTION_CLASS = Foreign
    with pytest.raises(Foreign):
        view(request())
    settings.RATELIMIT_EXCEPTION_CLASS = "django_ratelimit.exceptions.Ratelimited"
    with pytest.raises(exceptions.Ratelimited):
        view(request())
    settings.RATELIMIT_EXCEPTION_CLASS = "django_hardened.ratelimit.Ratelimited"
    with pytest.raises(Ratelimited, match="in 60 seconds") as raised:
        view(request())
    assert raised.value.limits == (Limit(0, 60, "login"),)
    assert raised.value.retry_after == 60


def test_the_exception_is_django_ratelimits() -> None:
    plain = Ratelimited()
    assert isinstance(plain, exceptions.Ratelimited)
    assert isinstance(plain, PermissionDenied)
    assert (str(plain), plain.limits, plain.retry_after) == ("", (), 0)
    assert plain.decision == Decision(())


# -- Who is counted ------------------------------------------------------------------------------


def test_no_forged_header_makes_another_client() -> None:
    view = limited(key="ip", rate="10/h")
    outcomes = [
        view(request(HTTP_X_FORWARDED_FOR=f"198.51.{number // 256}.{number % 256}")).status_code
        for number in range(1000)
    ]
    assert outcomes.count(200) == 10


def test_clients_mapped_into_ipv6_are_counted_apart() -> None:
    view = limited(key="ip", rate="1/m")
    outcomes = [view(request(REMOTE_ADDR=f"::ffff:192.0.2.{n}")).status_code for n in range(200)]
    assert outcomes == [200] * 200
    assert view(request(REMOTE_ADDR="192.0.2.7")).status_code == 429


def test_whoever_rotates_through_a_48_gets_sixteen_times_the_limit() -> None:
    view = limited(key="ip", rate="10/h")
    outcomes = [
        view(request(REMOTE_ADDR=f"2001:db8:1:{number:x}::1")).status_code for number in range(1000)
    ]
    assert outcomes.count(200) == 160


@pytest.mark.parametrize("address", ["", "unknown", "a, b", "[::1", "\x00", "9" * 9999, None])
def test_what_is_no_address_shares_one_bucket(address: str | None) -> None:
    view = limited(key="ip", rate="1/m")
    assert statuses(view, 1, REMOTE_ADDR="?") == [200]
    assert statuses(view, 1, REMOTE_ADDR=address) == [429]


def test_a_request_without_an_address() -> None:
    made = request()
    del made.META["REMOTE_ADDR"]
    assert limited(key="ip", rate="1/m")(made).status_code == 200


@pytest.mark.parametrize("key", ["user", "user_or_ip"])
def test_users_are_counted_by_primary_key_and_strangers_by_address(key: str) -> None:
    view = limited(key=key, rate="1/m")
    assert statuses(view, 2, user=1) == [200, 429]
    assert statuses(view, 2, user=2, REMOTE_ADDR="192.0.2.1") == [200, 429]
    assert statuses(view, 2) == [200, 429]  # no user at all
    nobody = request(REMOTE_ADDR="192.0.2.2")
    nobody.user = SimpleNamespace(pk=None)
    assert view(nobody).status_code == 200
    assert statuses(view, 1, REMOTE_ADDR="192.0.2.2") == [429]


def test_a_field_of_the_query_and_of_a_form() -> None:
    get, post = limited(key="get:q", rate="1/m"), limited(key="post:name", rate="1/m")
    assert statuses(get, 2, QUERY_STRING="q=a") == [200, 429]
    assert statuses(get, 1, QUERY_STRING="q=b") == [200]
    assert [post(posted({"name": name})).status_code for name in "aab"] == [200, 429, 200]


@pytest.mark.parametrize("kind", ["get", "post", "json"])
def test_what_is_typed_is_counted_however_it_is_spelled(kind: str) -> None:
    spelled = ["ada", "ADA", " ada ", "\uff41\uff44\uff41", "Ada\u3000" + " " * 5000]
    view = limited(key=f"{kind}:name", rate="1/m")
    made = {
        "get": lambda name: RequestFactory().get("/", {"name": name}),
        "post": lambda name: posted({"name": name}),
        "json": lambda name: sent_json({"name": name}),
    }[kind]
    assert [view(made(name)).status_code for name in spelled] == [200] + [429] * 4
    long = "a" * 5000
    assert [view(made(name)).status_code for name in (long, long + "b")] == [200, 200]


MALFORMED = {
    "multipart": (b"--x\r\nno part", "multipart/form-data; boundary="),
    "many fields": (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded"),
    "much": (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("case", MALFORMED)
@pytest.mark.parametrize("block", [True, False])
def test_a_form_that_cannot_be_read_is_counted_and_then_refused_as_ever(
    case: str, block: bool, client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = (path("", limited(key="post:name", rate="2/m", block=block)),)
    body, content_type = MALFORMED[case]
    outcomes = [client.post("/", body, content_type=content_type).status_code for _ in range(3)]
    assert outcomes == ([400, 400, 429] if block else [400] * 3)
    assert client.post("/", {"name": "ada"}).status_code == 200


def test_usage_of_a_form_that_cannot_be_read() -> None:
    made = RequestFactory().post("/", *MALFORMED["multipart"])
    with pytest.raises(MultiPartParserError):
        get_usage(made, "g", key="post:name", rate="1/m")


def test_a_client_that_hangs_up_is_counted() -> None:
    class Broken:
        def read(self, size: int = -1) -> bytes:
            raise OSError

    made = RequestFactory().post("/", {"name": "ada"}, REMOTE_ADDR=PEER)
    made._stream = Broken()  # type: ignore[attr-defined]
    view = limited(key="post:name", rate="1/m")
    with pytest.raises(UnreadablePostError):
        view(made)
    assert statuses(view, 1) == [429]


# -- Anything at all -----------------------------------------------------------------------------

KEYS = ("ip", "user_or_ip", "get:q", "post:q", "json:q", "header:x-q")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADER = st.text(max_size=50) | st.binary(max_size=50).map(lambda raw: raw.decode("latin-1"))


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    address=HEADER | st.none(),
    header=HEADER,
    accept=HEADER,
    query=st.binary(max_size=50).map(lambda raw: raw.decode("latin-1")),
    body=st.binary(max_size=200)
    | JSON_VALUES.map(lambda value: json.dumps({"q": value}).encode())
    | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    content_type=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "\xff"]
    ),
)
def test_nothing_that_a_client_sends_is_an_error(
    address: str | None, header: str, accept: str, query: str, body: bytes, content_type: str
) -> None:
    stack = limited(key="ip", rate="0/m", block=False)
    for key in KEYS:
        stack = ratelimit(f"any-{key}", key, "1/d", block=False)(stack)
    refusing = limited("none", "header:x-q", "0/m")
    for view in (stack, refusing):
        made = RequestFactory().post("/", body, content_type)
        made.META |= {
            "REMOTE_ADDR": address,
            "HTTP_X_Q": header,
            "HTTP_ACCEPT": accept,
            "QUERY_STRING": query,
        }
        response = view(made)
        assert response.status_code == (429 if view is refusing else 200)
        assert response["RateLimit"].isascii()


def test_a_header() -> None:
    view = limited(key="header:x-api-key", rate="1/m")
    assert statuses(view, 2, HTTP_X_API_KEY="a") == [200, 429]
    assert statuses(view, 2, HTTP_X_API_KEY="b") == [200, 429]


def test_a_field_of_a_json_body_which_the_view_reads_as_well() -> None:
    @ratelimit(key="json:name", rate="1/m")
    def view(request: Any) -> HttpResponse:
        return HttpResponse(json.loads(request.body)["name"])

    responses = [view(sent_json({"name": name})) for name in ("ada", "ada", "ben", 7, 7, "7")]
    assert [response.status_code for response in responses] == [200, 429, 200, 200, 429, 429]
    assert responses[2].content == b"ben"


def _read(made: Any) -> Any:
    made.read(1)
    return made


BAD_BODIES: dict[str, Callable[[], Any]] = {
    "no body": request,
    "no json": lambda: sent_json("name=ada"),
    "no text": lambda: sent_json(b"\xff\xfe\x00"),
    "a list": lambda: sent_json(["name", "ada"]),
    "no name": lambda: sent_json({"user": "ada"}),
    "null": lambda: sent_json({"name": None}),
    "a dict": lambda: sent_json({"name": {"a": 1}}),
    "empty": lambda: sent_json({"name": " "}),
    "deep": lambda: sent_json("[" * 100_000),
    "long number": lambda: sent_json('{"name": ' + "9" * 10_000 + "}"),
    "too big": lambda: sent_json({"name": "ada", "pad": "x" * 2_700_000}),
    "read": lambda: _read(sent_json({"name": "ada"})),
}


@pytest.mark.parametrize("case", BAD_BODIES)
@pytest.mark.parametrize("bound", [2_621_440, None])
def test_a_body_that_names_nobody_is_counted_by_address(
    case: str, bound: int | None, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = bound
    view = limited(key="json:name", rate="1/m")
    assert view(sent_json({"name": "ada"})).status_code == 200
    assert view(BAD_BODIES[case]()).status_code == 200
    assert view(BAD_BODIES[case]()).status_code == 429
    assert view(request()).status_code == 429
    assert view(sent_json({"name": "x" * 100_000})).status_code == 200


@pytest.mark.parametrize(
    ("key", "meta"),
    [
        ("get:q", {"QUERY_STRING": "q="}),
        ("get:q", {"QUERY_STRING": "q=a&" * 2000}),
        ("get:q", {}),
        ("post:q", {}),
        ("header:x-key", {}),
        ("header:x-key", {"HTTP_X_KEY": "  "}),
        (lambda group, request: "", {}),
        (lambda group, request: None, {}),
    ],
)
def test_no_bucket_is_of_nobody(key: Any, meta: dict[str, str]) -> None:
    """Else whoever leaves the value out would use up what all others without one have."""
    view = limited(key=key, rate="1/m")
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        assert statuses(view, 2, REMOTE_ADDR=address, **meta) == [200, 429]


def by_group(group: str, request: HttpRequest) -> str:
    return f"{group}-{request.META.get('HTTP_X_TEAM')}"


def five_for_staff(group: str, request: HttpRequest) -> Any:
    return {"staff": "5/m", "tuple": (2, 60), "limit": Limit(4, 60)}.get(
        request.META.get("HTTP_X_ROLE", "")
    )


@pytest.fixture
def functions_by_path(monkeypatch: pytest.MonkeyPatch) -> str:
    import ratelimit_support

    for function in (by_group, five_for_staff):
        monkeypatch.setattr(ratelimit_support, function.__name__, function, raising=False)
    return "ratelimit_support"


def test_callables_and_dotted_paths(functions_by_path: str) -> None:
    for key, rate in (
        (by_group, five_for_staff),
        (f"{functions_by_path}.by_group", f"{functions_by_path}.five_for_staff"),
    ):
        view = limited(f"of-{key}", key, rate)
        assert statuses(view, 9) == [200] * 9  # None: no limit
        assert statuses(view, 6, HTTP_X_ROLE="staff", HTTP_X_TEAM="a").count(200) == 5
        assert statuses(view, 3, HTTP_X_ROLE="tuple", HTTP_X_TEAM="a").count(200) == 2
        assert statuses(view, 5, HTTP_X_ROLE="limit", HTTP_X_TEAM="a").count(200) == 4
        assert statuses(view, 1, HTTP_X_ROLE="staff", HTTP_X_TEAM="b") == [200]


def test_values_of_different_keys_are_counted_apart() -> None:
    class Instance:
        def __call__(self, group: str, request: Any) -> str:
            return "7"

    keys = (lambda group, request: "7", Instance(), "header:x-key", "user", "get:q")
    views = [limited("shared", key, "1/m") for key in keys]
    sent = {"HTTP_X_KEY": "7", "user": 7, "QUERY_STRING": "q=7"}
    assert [statuses(view, 1, **sent) for view in views] == [[200]] * len(views)
    assert [statuses(view, 1, **sent) for view in views] == [[429]] * len(views)


def test_a_key_that_has_to_be_awaited_is_an_error_and_not_a_bucket_for_each_request() -> None:
    class Later:
        def __await__(self) -> Any:
            raise NotImplementedError

    with pytest.raises(ImproperlyConfigured, match="asynchronous"):
        limited(key=lambda group, request: Later(), rate="1/m")(request())


# -- Rates and methods ---------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["2/m", "2/15m", "2/10", "2/min", "2/day", (2, 60), Limit(2, 60)])
def test_rates(rate: Any) -> None:
    assert statuses(limited(key="ip", rate=rate), 3) == [200, 200, 429]


def test_no_rate_is_no_limit() -> None:
    assert statuses(limited(), 3) == [200] * 3
    assert "RateLimit" not in limited()(request())


@pytest.mark.parametrize("rate", ["5", "5/x", "often", (5, 0), 5, "5/0m"], ids=repr)
def test_a_rate_that_cannot_be_read_is_an_error_at_once(rate: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no"):
        ratelimit(key="ip", rate=rate)


@pytest.mark.parametrize("key", [None, "", "address", "cookie:a", "IP"])
def test_a_key_that_cannot_be_read_is_an_error_at_once(key: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="key"):
        ratelimit(key=key, rate="5/m")


def test_a_rate_that_is_made_late_and_cannot_be_read() -> None:
    with pytest.raises(ImproperlyConfigured, match="'soon' is no rate"):
        limited(key="ip", rate=lambda group, request: "soon")(request())


@pytest.mark.parametrize(
    ("method", "counted"),
    [
        (ALL, ["GET", "POST", "PUT"]),
        (UNSAFE, ["POST", "PUT"]),
        ("post", ["POST"]),
        (["GET", "put"], ["GET", "PUT"]),
        (("PUT",), ["PUT"]),
    ],
)
def test_methods(method: Any, counted: list[str]) -> None:
    view = limited(key="ip", rate="0/m", method=method)
    assert [m for m in ("GET", "POST", "PUT") if statuses(view, 1, method=m) == [429]] == counted


def test_head_is_no_way_around_a_limit_of_get() -> None:
    view = limited(key="ip", rate="1/m", method="GET")
    assert [statuses(view, 1, method=m) for m in ("HEAD", "GET", "HEAD")] == [[200], [429], [429]]
    posts = limited("posts", key="ip", rate="0/m", method="POST")
    assert statuses(posts, 1, method="HEAD") == [200]
    heads = limited("heads", key="ip", rate="0/m", method="HEAD")
    assert [statuses(heads, 1, method=m) for m in ("HEAD", "GET")] == [[429], [200]]


def test_methods_are_counted_together_but_other_lists_apart() -> None:
    unsafe, posts = (limited("g", "ip", "2/m", method=m) for m in (UNSAFE, "POST"))
    assert [statuses(unsafe, 1, method=m) for m in ("POST", "PUT", "POST")] == [[200], [200], [429]]
    assert statuses(posts, 1, method="POST") == [200]


# -- Groups --------------------------------------------------------------------------------------


def test_views_of_one_group_share_its_limit_and_others_do_not() -> None:
    @ratelimit(key="ip", rate="1/m")
    def other(request: Any) -> HttpResponse:
        return HttpResponse()

    first, second = (limited("shared", "ip", "1/m") for _ in range(2))
    assert statuses(first, 1) + statuses(second, 1) == [200, 429]
    assert statuses(limited(key="ip", rate="1/m"), 1) == [200]
    assert statuses(other, 1) == [200]


def test_an_object_that_is_a_view_has_a_group_too() -> None:
    class Called:
        def __call__(self, request: Any) -> HttpResponse:
            return HttpResponse()

    view = ratelimit(key="ip", rate="1/m")(Called())
    assert statuses(view, 2) == [200, 429]
    partial = ratelimit(key="ip", rate="1/m")(functools.partial(Called.__call__, Called()))
    assert statuses(partial, 2) == [200, 429]


# -- Several -------------------------------------------------------------------------------------


def test_several_are_one_decision_all_or_nothing(store: AskedStore) -> None:
    @ratelimit("burst", "ip", "2/s")
    @ratelimit("daily", "ip", "3/d")
    @ratelimit("account", "post:name", "9/d", method="POST")
    def view(request: Any) -> HttpResponse:
        return HttpResponse(str(request.limited))

    assert statuses(view, 5) == [200, 200, 429, 429, 429]
    assert [len(call) for call in store.calls] == [2] * 5
    store.now += 2
    response = view(posted({"name": "ada"}))
    assert response["RateLimit-Policy"] == (
        '"burst";q=2;w=1, "daily";q=3;w=86400, "account";q=9;w=86400'
    )
    assert response.content == b"False"
    assert len(store.calls[-1]) == 3
    refused = view(request())
    assert refused.status_code == 429
    # What the day has refused has not used up the burst.
    assert refused["RateLimit"].startswith('"burst";r=1;')


def test_one_that_does_not_block_is_counted_on_its_own(store: AskedStore) -> None:
    @ratelimit("soft", "ip", "1/m", block=False)
    @ratelimit("hard", "ip", "3/m")
    def view(request: Any) -> HttpResponse:
        return HttpResponse(str(request.limited))

    responses = [view(request()) for _ in range(4)]
    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert [response.content for response in responses[:2]] == [b"False", b"True"]
    assert responses[0]["RateLimit"] == '"soft";r=0;t=61, "hard";r=2;t=61'
    assert responses[3]["RateLimit"] == '"soft";r=0;t=61, "hard";r=0;t=61'
    assert len(store.calls) == 8


def test_another_decorator_in_between_is_not_skipped(store: AskedStore) -> None:
    seen = []

    def noting(view: Any) -> Any:
        @functools.wraps(view)
        def wrapper(request: Any) -> Any:
            seen.append(request)
            return view(request)

        return wrapper

    @ratelimit("outer", "ip", "2/m")
    @noting
    @ratelimit("inner", "ip", "1/m")
    def view(request: Any) -> HttpResponse:
        return HttpResponse()

    responses = [view(request()) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 429, 429]
    assert len(seen) == 2
    assert responses[1]["RateLimit"] == '"outer";r=0;t=61, "inner";r=0;t=61'
    assert len(store.calls) == 5


# -- Async ---------------------------------------------------------------------------------------


def test_an_async_view(store: AskedStore) -> None:
    @ratelimit("burst", "user_or_ip", "2/m")
    @ratelimit("daily", "ip", "5/d")
    async def view(request: Any) -> HttpResponse:
        return HttpResponse()

    assert asyncio.iscoroutinefunction(view)
    responses = [async_to_sync(view)(request()) for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[0]["RateLimit"].startswith('"burst";r=1')
    assert len(store.calls) == 3


def test_an_async_view_through_a_client(settings: Any) -> None:
    async def view(request: Any) -> HttpResponse:
        return HttpResponse()

    settings.ROOT_URLCONF = (path("", ratelimit("g", "ip", "1/m")(view)),)
    settings.MIDDLEWARE = []
    settings.RATELIMIT_VIEW = async_ratelimit_view

    async def responses() -> list[int]:
        client = AsyncClient()
        return [(await client.get("/")).status_code for _ in range(2)]

    assert async_to_sync(responses)() == [200, 429]


def test_many_at_once_in_one_loop() -> None:
    @ratelimit("g", "ip", "10/m")
    async def view(request: Any) -> HttpResponse:
        return HttpResponse()

    async def together() -> list[Any]:
        return await asyncio.gather(*(view(request()) for _ in range(50)))

    assert [response.status_code for response in async_to_sync(together)()].count(200) == 10


# -- Classes -------------------------------------------------------------------------------------


class ByMethod(View):
    @method_decorator(ratelimit(key="ip", rate="1/m"))
    @method_decorator(ratelimit(key="ip", rate="9/d"))
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Child(ByMethod):
    pass


@method_decorator(
    [ratelimit("a", key="ip", rate="1/m"), ratelimit("b", key="ip", rate="5/m")], name="dispatch"
)
class ByDispatch(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


@method_decorator(ratelimit(key="ip", rate="1/m"), name="dispatch")
class AsyncByDispatch(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class AsyncByMethod(View):
    @method_decorator(ratelimit(key="ip", rate="1/m"))
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class OfApi(APIView):
    permission_classes = [AllowAny]
    throttle_classes = []

    @method_decorator(ratelimit("api", key="json:name", rate="1/m"))
    def post(self, request: Any) -> Response:
        return Response(request.data)


def test_methods_of_a_class_and_its_subclasses_are_counted_apart() -> None:
    for cls in (ByMethod, Child):
        assert statuses(cls.as_view(), 2) == [200, 429]
        assert statuses(cls.as_view(), 2, method="POST") == [200, 200]


def test_dispatch(store: AskedStore) -> None:
    assert statuses(ByDispatch.as_view(), 2) == [200, 429]
    assert [len(call) for call in store.calls] == [2, 2]


def test_a_view_of_a_class(store: AskedStore) -> None:
    view = ratelimit("c", "ip", "1/m")(ByDispatch.as_view())
    assert statuses(view, 2) == [200, 429]
    assert statuses(ratelimit("d", "ip", "1/m")(Child.as_view()), 2) == [200, 429]


@pytest.mark.parametrize("cls", [AsyncByDispatch, AsyncByMethod])
def test_async_classes(cls: type[View]) -> None:
    view: Any = cls.as_view()
    assert [async_to_sync(view)(request()).status_code for _ in range(2)] == [200, 429]
    wrapped = ratelimit("around", "ip", "1/m")(view)
    later = [async_to_sync(wrapped)(request()).status_code for _ in range(2)]
    assert later == [429, 429]


def test_a_view_of_rest_framework() -> None:
    responses = [OfApi.as_view()(sent_json({"name": name})) for name in ("ada", "ada", "ben")]
    assert [response.status_code for response in responses] == [200, 429, 200]
    assert responses[0].data == {"name": "ada"}
    assert responses[1]["Retry-After"] == "61"
    assert responses[0]["RateLimit"] == '"api";r=0;t=61'


@pytest.mark.parametrize("key", ["json:name", "post:name"])
def test_around_a_function_of_rest_framework_which_reads_the_body_after_it(key: str) -> None:
    @ratelimit("around", key=key, rate="1/m")
    @api_view(["POST"])
    @permission_classes([AllowAny])
    @throttle_classes([])
    def view(request: Any) -> Response:
        return Response({"name": request.data["name"]})

    send = sent_json if key.startswith("json") else posted
    responses = [view(send({"name": name})) for name in ("ada", "Ada", "ben")]
    assert [response.status_code for response in responses] == [200, 429, 200]
    assert responses[2].data == {"name": "ben"}


def test_a_stream_is_told_as_well() -> None:
    @ratelimit("g", key="ip", rate="2/m")
    def view(request: Any) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter([b"a"]))

    assert view(request())["RateLimit"] == '"g";r=1;t=61'


# -- Questions -----------------------------------------------------------------------------------


def test_usage_counts_only_when_told_to(store: AskedStore) -> None:
    about: Any = {"group": "g", "key": "ip", "rate": "2/m"}
    fresh = {"count": 0, "limit": 2, "should_limit": False, "time_left": 0}
    assert [get_usage(request(), **about) for _ in range(3)] == [fresh] * 3
    assert get_usage(request(), **about, increment=True) == {
        "count": 1,
        "limit": 2,
        "should_limit": False,
        "time_left": 61,
    }
    assert is_ratelimited(request(), **about, increment=True) is False
    # What a request now would be: the limit of two is used up.
    assert get_usage(request(), **about) == {
        "count": 2,
        "limit": 2,
        "should_limit": True,
        "time_left": 61,
    }
    assert is_ratelimited(request(), **about) is True
    refused = get_usage(request(), **about, increment=True)
    assert refused is not None
    assert (refused["count"], refused["should_limit"]) == (3, True)


def test_usage_of_a_view_is_that_of_its_group() -> None:
    @ratelimit(key="ip", rate="2/m")
    def view(request: Any) -> HttpResponse:
        return HttpResponse()

    view(request())
    usage = get_usage(request(), fn=view, key="ip", rate="2/m")
    assert usage is not None
    assert usage["count"] == 1


def test_usage_where_there_is_no_limit() -> None:
    assert get_usage(request(), "g", key="ip", rate=None) is None
    assert get_usage(request(), "g", key="ip", rate="0/m", method="POST") is None
    assert is_ratelimited(request(), "g", key="ip") is False


def test_usage_needs_a_group_or_a_function() -> None:
    with pytest.raises(ImproperlyConfigured, match="group"):
        get_usage(request(), key="ip", rate="1/m")


def test_what_the_package_offers() -> None:
    import django_hardened.ratelimit as package

    for name in package.__all__:
        assert getattr(package, name) is not None
    assert Limiter().store is not None
    vocabulary: Any = ratelimit
    assert (vocabulary.ALL, vocabulary.UNSAFE) == (ALL, UNSAFE)
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = package.nothing
