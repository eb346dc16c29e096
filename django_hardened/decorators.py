"""What a view says of the header of its own response, by name.

Sync or async, a function or, through ``method_decorator``, the ``dispatch`` of a class. What cannot
be sent raises ``ValueError`` where the view is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutine
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction
from django.http.response import HttpResponseBase

from django_hardened import csp
from django_hardened.browser_headers import read_changes
from django_hardened.cross_site import CROSS_SITE_MARK
from django_hardened.response_headers import FIELDS_MARK
from django_hardened.response_policies import ADDED_MARK, CHANGED_MARK

View = TypeVar("View", bound=Callable[..., Any])


def response_headers(changes: Mapping[str, str | None]) -> Callable[[View], View]:
    """Send other values of the fields of the table, or ``None`` for one not at all.

    ``@response_headers({"Permissions-Policy": "camera=(self)"})``
    """
    fields = read_changes(changes)

    def change(response: HttpResponseBase) -> None:
        inner = getattr(response, FIELDS_MARK, {})
        setattr(response, FIELDS_MARK, {**inner, **fields})

    return _on_response(change)


def csp_add(additions: csp.Policy) -> Callable[[View], View]:
    """Allow more sources than the policy of the site does.

    ``@csp_add({"img-src": ["https://tiles.example.com"]})``
    """
    added = csp.read(additions)

    def add(response: HttpResponseBase) -> None:
        inner = getattr(response, ADDED_MARK, {})
        both = {name: (*inner.get(name, ()), *added.get(name, ())) for name in {**inner, **added}}
        setattr(response, ADDED_MARK, both)

    return _on_response(add)


def csp_change(changes: csp.Policy) -> Callable[[View], View]:
    """Put directives in place of those of the policy; ``None`` leaves one out.

    For a whole other policy there is Django's ``csp_override``, and ``csp`` of django-csp.
    """
    csp.change({}, changes)

    def change(response: HttpResponseBase) -> None:
        setattr(response, CHANGED_MARK, {**getattr(response, CHANGED_MARK, {}), **changes})

    return _on_response(change)


def cross_site(view: View) -> View:
    """Let pages of other sites send requests to this view, past ``CrossSiteMiddleware``.

    For what other sites post through a visitor's browser: the answer of a payment or of a single
    sign-on. What their servers send themselves needs no declaration. The view that is
    given stays as it is. Of a class, decorate ``as_view()``, or ``dispatch`` by
    ``method_decorator``.

    Raises:
        TypeError: it is a class.
    """
    if isinstance(view, type):
        raise TypeError(f"cross_site() is for views: decorate {view.__name__}.as_view()")
    marked = _on_response(lambda response: None)(view)
    setattr(marked, CROSS_SITE_MARK, True)
    return marked


def _on_response(mark: Callable[[HttpResponseBase], None]) -> Callable[[View], View]:
    """Return a decorator that calls ``mark`` with what the view returns."""

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def awaiting(*args: Any, **kwargs: Any) -> Any:
                return await _marked(view(*args, **kwargs))

            return cast(View, awaiting)

        @wraps(view)
        def calling(*args: Any, **kwargs: Any) -> Any:
            response = view(*args, **kwargs)
            if iscoroutine(response):  # of the dispatch of a class with async methods
                return _marked(response)
            mark(response)
            return response

        return cast(View, calling)

    async def _marked(coroutine: Any) -> Any:
        response = await coroutine
        mark(response)
        return response

    return decorate
