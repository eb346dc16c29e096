"""Views that are odd to ask, and code that is odd to read."""

from __future__ import annotations

import linecache
import sys
from functools import partial, wraps
from typing import Any
from unittest import mock

import pytest
from audit_support import audited
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core import mail
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.gzip import gzip_page
from django.views.generic import ListView

from django_hardened.audit import bodies, inference, layers, places, refusals
from django_hardened.audit.endpoints import Access
from django_hardened.audit.roles import DatabaseTouched, no_database


def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


def access_of(*patterns: Any, **settings: Any) -> Access:
    return audited(*patterns, **settings)["GET"].access


# -- Decorators ----------------------------------------------------------------------------------


def catching(*, raises: bool) -> Any:
    def decorator(function: Any) -> Any:
        @wraps(function)
        def wrapper(request: Any) -> Any:
            try:
                return function(request)
            except BaseException:  # noqa: BLE001
                if raises:
                    raise RuntimeError from None
                return HttpResponse(status=500)

        return wrapper

    return decorator


@pytest.mark.parametrize("raises", [True, False])
def test_a_view_that_was_reached_is_open_whatever_catches_that(raises: bool) -> None:
    assert access_of(catching(raises=raises)(view)) is Access.ANONYMOUS


def test_a_request_that_is_no_good_to_anybody_is_unknown() -> None:
    def demanding(function: Any) -> Any:
        @wraps(function)
        def wrapper(request: Any) -> Any:
            if "X-Needed" not in request.headers:
                raise SuspiciousOperation
            return function(request)

        return wrapper

    endpoint = audited(demanding(view))["GET"]
    assert (endpoint.access, endpoint.note) == (Access.UNKNOWN, "it answers 400 to whoever asks")


def test_sessions_and_messages_are_there_and_empty() -> None:
    def using(function: Any) -> Any:
        @wraps(function)
        def wrapper(request: Any) -> Any:
            assert dict(request.session) == {}
            request.session["visits"] = 1
            request.session.cycle_key()
            request.session.save()
            messages.info(request, "Welcome")
            request.session.flush()
            return function(request) if request.user.is_authenticated else HttpResponseForbidden()

        return wrapper

    assert access_of(using(view)) is Access.AUTHENTICATED


def test_a_decorator_without_wraps_is_looked_through() -> None:
    def bare(decorated: Any) -> Any:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request, *rest = args
            if not request.user.is_staff:
                return HttpResponseForbidden()
            return decorated(request, *rest, **kwargs)

        return wrapper

    assert access_of(bare(view)) is Access.STAFF
    assert access_of(bare(View.as_view())) is Access.UNKNOWN
    assert access_of(bare(access_of)) is Access.UNKNOWN


def test_many_layers_are_looked_through_in_no_time() -> None:
    decorated: Any = login_required(view)
    for _ in range(12):
        decorated = gzip_page(never_cache(csrf_protect(decorated)))
    assert access_of(decorated) is Access.AUTHENTICATED


def test_a_view_that_decorates_itself_ends() -> None:
    def itself(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    itself.__wrapped__ = itself  # type: ignore[attr-defined]
    assert layers.layers(itself) == [itself]
    chain = partial(view)
    for _ in range(100):
        chain = partial(chain)
        chain.__dict__["x"] = 1  # keeps partial from flattening
    assert len(layers.layers(chain)) == 64


def test_a_variable_that_is_not_set_yet_encloses_nothing() -> None:
    def outer() -> Any:
        def inner() -> Any:
            return later

        kept = layers.cells(inner)
        later = 1
        return kept, layers.cells(inner)

    assert outer() == ({}, {"later": 1})


def test_names_are_those_of_what_is_called() -> None:
    assert layers.name_of(partial(partial(view), a=1)) == f"{__name__}.view"
    assert layers.name_of(View()) == "django.views.generic.base.View"
    assert list(layers._callables({"odd": view, "text": "x"})) == [view]


def test_a_view_among_the_arguments_of_a_partial_is_found() -> None:
    def deciding(function: Any, request: Any) -> Any:
        return function(request) if request.user.is_staff else HttpResponseForbidden()

    decided = partial(deciding, view)
    decided.__wrapped__ = view  # type: ignore[attr-defined]
    replaced = layers.replaced(decided, view, lambda request: "reached")
    assert replaced(mock.Mock(user=mock.Mock(is_staff=True))) == "reached"
    listed = layers._Replacing(view, "there").of([view, 1])
    assert listed == ["there", 1]
    with pytest.raises(layers.OpaqueLayer):
        layers.replaced(partial(len, 1), view, view)


# -- Classes -------------------------------------------------------------------------------------


def test_handlers_that_are_no_methods_are_asked() -> None:
    class Odd(View):
        get = staticmethod(login_required(view))
        post = staticmethod(partial(view))

    found = audited(Odd.as_view())
    assert {method: each.access.value for method, each in found.items()} == {
        "GET": "authenticated",
        "POST": "anonymous",
    }


def test_a_class_may_name_an_own_options_and_head() -> None:
    class Own(View):
        def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return HttpResponse()

        def head(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        def trace(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    assert list(audited(Own.as_view())) == ["HEAD", "OPTIONS", "TRACE"]


def test_methods_that_nobody_knows_come_last() -> None:
    class Purging(View):
        http_method_names = ["purge", "get"]

        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        purge = get

    assert list(audited(Purging.as_view())) == ["GET", "PURGE"]


def test_without_rest_framework_no_view_is_one_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rest_framework.views", raising=False)
    assert not inference._is_api_view(View)


class Custom(View):
    """Its as_view is its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        def call(request: Any, *args: Any, **kwargs: Any) -> Any:
            instance: Any = cls(**initkwargs)
            instance.request = request
            return cls.answer(instance, request)

        call.view_class = cls  # type: ignore[attr-defined]
        return call

    @staticmethod
    def answer(instance: Any, request: Any) -> Any:
        return instance.dispatch(request)


class Bypassing(LoginRequiredMixin, Custom):
    """Is closed by its mixin, which is never asked."""

    @staticmethod
    def answer(instance: Any, request: Any) -> Any:
        return instance.get(request)


class Gating(Custom):
    @staticmethod
    def answer(instance: Any, request: Any) -> Any:
        if not request.user.is_staff:
            raise PermissionDenied
        return instance.dispatch(request)


class Dispatching(LoginRequiredMixin, Custom):
    """Is closed, and by its mixin."""


@pytest.mark.parametrize(
    ("cls", "access"),
    [
        (Custom, Access.ANONYMOUS),
        (Bypassing, Access.ANONYMOUS),
        (Gating, Access.STAFF),
        (Dispatching, Access.AUTHENTICATED),
    ],
)
def test_an_as_view_of_the_project_is_asked_as_it_is(cls: Any, access: Access) -> None:
    assert access_of(cls.as_view()) is access


def test_what_only_looks_at_headers_that_anybody_sends_is_open() -> None:
    def ajax(function: Any) -> Any:
        @wraps(function)
        def wrapper(request: Any) -> Any:
            needed = ("X-Requested-With", "User-Agent", "Referer", "Origin", "HX-Request")
            if not all(request.headers.get(name) for name in needed):
                return HttpResponseForbidden()
            return function(request)

        return wrapper

    assert access_of(ajax(view)) is Access.ANONYMOUS


def test_what_asking_would_send_is_caught() -> None:
    class Working(View):
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            mail.send_mail("subject", "body", "a@example.com", ["b@example.com"])
            return super().dispatch(request, *args, **kwargs)

        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    mail.outbox = []
    assert access_of(Working.as_view()) is Access.ANONYMOUS
    assert mail.outbox == []


def test_a_view_that_nobody_has_thought_of_is_unknown() -> None:
    class Odd(View):
        """Loses its methods once it is there."""

    odd = Odd.as_view()
    Odd.http_method_names = None  # type: ignore[assignment]
    found = audited(path("odd/", odd), path("b/", view))
    assert found["GET /odd/"].note == "TypeError when it was looked at"
    assert found["GET /odd/"].access is Access.UNKNOWN
    assert found["GET /b/"].access is Access.ANONYMOUS


# -- Code that is read ---------------------------------------------------------------------------


def matches(request: Any) -> HttpResponse:
    match request.user.is_staff:
        case True:
            return HttpResponse()
        case _:
            return HttpResponse(status=404)


def asserts(request: Any) -> HttpResponse:
    assert request.user.is_staff
    return HttpResponse()


def keeps(request: Any) -> HttpResponse:
    if (user := request.user) and user.pk:
        return HttpResponse()
    return HttpResponse(status=404)


def annotated(request: Any) -> HttpResponse:
    is_staff: bool = request.user.is_staff
    while not is_staff:
        return HttpResponse(status=404)
    return HttpResponse()


def logs(request: Any) -> HttpResponse:
    if request.user.is_staff:
        print(request.user)  # noqa: T201
    if request.GET:
        return HttpResponse("some")
    match request.user.pk:
        case _:
            pass
    return HttpResponse("one" if request.GET else "other")


def filters(request: Any) -> HttpResponse:
    return HttpResponse([each for each in (1, 2) if each != request.user.pk])


exec(  # a function without a source
    "def unwritten(request):\n    return request.user\n", globals()
)


class Deciding(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse([self.first() for _ in range(2)])

    def first(self) -> Any:
        return self.second()

    def second(self) -> Any:
        return self.third()

    def third(self) -> Any:
        return self.fourth()

    def fourth(self) -> Any:
        """Is too far away to be read, and refuses nobody."""


class Hooked(ListView):
    def get_queryset(self) -> Any:
        return self.request.user.has_perm("x")


class Callable:
    def __call__(self, request: Any) -> HttpResponse:
        return self.refuse(request)

    def refuse(self, request: Any) -> HttpResponse:
        return HttpResponseForbidden()


@pytest.mark.parametrize(
    ("read", "owner", "may_refuse"),
    [
        (matches, None, True),
        (asserts, None, True),
        (keeps, None, True),
        (annotated, None, True),
        (logs, None, False),
        (filters, None, False),
        (globals()["unwritten"], None, True),
        (Deciding.get, Deciding, False),
        (Hooked.get, Hooked, True),
        (Hooked.get, None, False),
        (Callable(), None, True),
        (len, None, False),
    ],
)
def test_code_is_read_for_what_turns_people_away(read: Any, owner: Any, may_refuse: bool) -> None:
    assert bodies.may_refuse(read, owner) is may_refuse


def test_code_of_no_file_is_not_taken_for_what_has_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = ["def unwritten(request):\n", "    pass\n"]
    monkeypatch.setitem(linecache.cache, "<string>", (1, None, lines, "<string>"))
    bodies._refuses.cache_clear()
    assert bodies.may_refuse(globals()["unwritten"], None)


def test_code_of_a_file_that_is_gone_may_refuse() -> None:
    namespace: dict[str, Any] = {}
    source = "def gone(request):\n    return request.user\ndef plain(request):\n    return 1\n"
    exec(compile(source, "/gone/views.py", "exec"), namespace)
    assert bodies.may_refuse(namespace["gone"])
    assert not bodies.may_refuse(namespace["plain"])


def test_a_view_that_hands_on_to_a_closed_one_may_refuse() -> None:
    namespace: dict[str, Any] = {"closed": login_required(view), "plain": View.as_view()}
    source = "def a(request):\n return closed(request)\ndef b(request):\n return plain(request)"
    exec(source, namespace)
    assert bodies.may_refuse(namespace["a"])
    assert not bodies.may_refuse(namespace["b"])


def test_what_cannot_be_read_may_take_forms() -> None:
    assert bodies.takes_submissions(len)


# -- The rest ------------------------------------------------------------------------------------


def test_a_login_is_known_by_where_it_is() -> None:
    with override_settings(LOGIN_URL="nowhere:to-be-found"):
        assert not refusals.is_login("/elsewhere/")
    with override_settings(LOGIN_URL="/enter/"):
        assert refusals.is_refusal(302, "/enter/?to=/a/")
        assert not refusals.is_refusal(301, "/enter/")
        assert not refusals.is_refusal(200, "/enter/")
    assert refusals.is_login("https://testserver/sso?x=1")
    assert not refusals.is_login("https://id.example.com/sso?x=1")
    with override_settings(LOGIN_URL="https://id.example.com/enter"):
        assert refusals.is_login("https://id.example.com/sso?x=1")
    assert refusals.is_login("https://id.example.com/x?next=/a/")


@pytest.mark.parametrize(
    ("location", "is_login"),
    [
        ("/login", True),
        ("/accounts/login/", True),
        ("/userlogin/", True),
        ("/LogIn/", True),
        ("/log-in/", True),
        ("/users/sign_in?x=1", True),
        ("/signin/", True),
        ("/signon/", True),
        ("/catalog-index/", False),
        ("/blog-index/", False),
        ("/design-in-use/", False),
        ("/x/?next=/a/", False),
        ("/age/?next=/a/", False),
        ("/consent/?next=/a/", False),
        ("/verify-age/?next=/a/", False),
        ("/users/consent/?next=/a/", False),
        ("/access/age/?next=/a/", False),
        ("/loginsights/", False),
        ("/blogin/", False),
        ("/oauth2/x?next=/a/", True),
        ("/enter/?next=/a/", True),
        ("/accounts/enter/?next=/a/", True),
        ("/auth/start/?next=/a/", True),
        ("/denied/?next=/a/", True),
    ],
)
def test_a_login_is_known_by_its_words(location: str, is_login: bool) -> None:
    assert refusals.is_login(location) is is_login


def test_a_file_that_cannot_be_parsed_has_no_lines(tmp_path: Any) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("class A(:")
    assert places._lines_of_classes(str(broken)) == {}
    assert places._lines_of_classes(str(tmp_path / "missing.py")) == {}


def test_a_class_of_no_file_has_no_place() -> None:
    assert places.place_of(type("Made", (), {"__module__": "nowhere"})) == (None, None)
    assert places.place_of(view)[0] == "tests/audit/test_asking.py"


def test_what_a_connection_had_of_its_own_is_put_back() -> None:
    own = mock.Mock()
    with mock.patch.object(connection, "chunked_cursor", own):
        with no_database.entered(), pytest.raises(DatabaseTouched):
            connection.chunked_cursor()
        assert connection.chunked_cursor is own


def test_decorated_dispatch_leaves_no_trace() -> None:
    @method_decorator(never_cache, name="dispatch")
    @method_decorator(lambda function: function, name="dispatch")
    class Quiet(View):
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse()

    assert access_of(path("a/", Quiet.as_view())) is Access.ANONYMOUS
