"""The header of a response, finished: what the settings say, and what its view has said by name.

A view speaks through decorators: those of this package, Django's (``csp_override``,
``xframe_options_exempt``) and django-csp's. A field that it has just set, of those that the
settings decide, is replaced, and a line in the log names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from django_hardened.cookies import CookieRules
from django_hardened.header_plan import (
    API,
    BASE,
    BROWSABLE_API,
    Frames,
    HeaderPlan,
    is_data,
)
from django_hardened.log_once import LogOnce
from django_hardened.response_policies import (
    ENFORCED,
    POLICY_MARKS,
    Store,
    changed,
    give_cache_control,
    keep_from_caches,
    name_replaced,
    send_policies,
)

COOKIE_LOGGER: Final = "django_hardened.cookies"
# Set on a response by the decorators of this package, and on a request at log-out.
FIELDS_MARK: Final = "_hardened_headers"
LOGGED_OUT_MARK: Final = "_hardened_logged_out"

_LOGGED_CHARACTERS: Final = 100
_TECHNICAL: Final = frozenset({404, 500})
_FRAMES_OF_VIEWS: Final[frozenset[Any]] = frozenset({"DENY", "SAMEORIGIN"})
_raised = LogOnce()


def finish(request: HttpRequest, response: HttpResponseBase, plan: HeaderPlan) -> None:
    """Give ``response`` the header that ``plan`` and its view decide."""
    # By name and value, each would be validated again: twelve times a response.
    store: Store = response.headers._store  # noqa: SLF001
    marks = vars(response)
    scope = _scope(request, response, plan)
    frames = _frames(store, marks, plan)
    bundle = plan.bundle(scope, frames)
    if not POLICY_MARKS.isdisjoint(marks):
        bundle = changed(marks, plan, scope, frames) or bundle
    _name_what_is_replaced(store, bundle.fields)
    store.update(bundle.fields)
    give_cache_control(store, plan.cache_control)
    if "x-frame-options" not in bundle.fields and "x-frame-options" in plan.fields:
        store.pop("x-frame-options", None)
    for name in plan.removed:
        store.pop(name, None)
    status, has_nonce = response.status_code, False
    if status != 304 and not (plan.spares_failures and status in _TECHNICAL):
        has_nonce = send_policies(request, response, bundle, store)
    if plan.https and request.is_secure():
        store.update(plan.https)
    if plan.log_out and LOGGED_OUT_MARK in vars(request):
        store.update(plan.log_out)
    if FIELDS_MARK in marks:
        _apply_fields(store, marks[FIELDS_MARK])
    if has_nonce:
        keep_from_caches(response, store)
        give_cache_control(store, plan.cache_control)  # it is for nobody else any more
    if response.cookies or "set-cookie" in store:
        _raise_cookies(response, store, plan.cookies)


def header_of_data(own: Mapping[str, str], plan: HeaderPlan, *, is_https: bool) -> Store:
    """Return the header of plain text that answers where Django has made no request.

    ``own`` are the fields that the answer has of itself.
    """
    store: Store = {name.lower(): (name, value) for name, value in own.items()}
    bundle = plan.bundle(API, None)
    store.update(bundle.fields)
    give_cache_control(store, plan.cache_control)
    if is_https:
        store.update(plan.https)
    if bundle.enforced is not None:
        store[ENFORCED.lower()] = (ENFORCED, bundle.enforced.plain)
    return store


def note_log_out(request: Any, user: Any, **kwargs: object) -> None:
    """Note that somebody logs out; connected to Django's ``user_logged_out``."""
    if user is not None and request is not None:
        # The request of REST framework holds Django's.
        setattr(getattr(request, "_request", request), LOGGED_OUT_MARK, True)


def _scope(request: HttpRequest, response: HttpResponseBase, plan: HeaderPlan) -> str:
    """Return where the policy of ``response`` comes from."""
    if is_data(response.headers.get("Content-Type", "")):
        return API
    if plan.paths and (scope := plan.scope_of_path(request.path_info)):
        return scope
    match = request.resolver_match
    if match is not None and match.app_names and plan.namespaces:
        for name in match.app_names:
            if name in plan.namespaces:
                return name
    # REST framework's pages for people have no path of their own: the client asks for them.
    renderer = getattr(response, "accepted_renderer", None)
    return BROWSABLE_API if getattr(renderer, "format", "") == "api" else BASE


def _frames(store: Store, marks: Mapping[str, Any], plan: HeaderPlan) -> Frames:
    """Return what the view has said of frames through Django's decorators, if anything."""
    if marks.get("xframe_options_exempt"):
        return "exempt"
    pair = store.get("x-frame-options")
    if pair is None or pair[1] == plan.frame_option or pair[1] not in _FRAMES_OF_VIEWS:
        return None
    return cast(Frames, pair[1])


# -- Other fields --------------------------------------------------------------------------------


def _name_what_is_replaced(store: Store, fields: Store) -> None:
    for lower, pair in store.items():
        ours = fields.get(lower)
        if ours is not None and ours[1] != pair[1] and lower != "x-frame-options":
            name_replaced(ours[0])


def _apply_fields(store: Store, changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            store.pop(name.lower(), None)
        else:
            store[name.lower()] = (name, value)


# -- Cookies -------------------------------------------------------------------------------------


def _raise_cookies(response: HttpResponseBase, store: Store, rules: CookieRules) -> None:
    found = [(morsel.key, rules.raise_morsel(morsel)) for morsel in response.cookies.values()]
    if "set-cookie" in store:  # written as a field, past Django's own way
        line, key, attributes = rules.raise_line(store["set-cookie"][1])
        store["set-cookie"] = ("Set-Cookie", line)
        found.append((key, attributes))
    for name, attributes in found:
        if attributes:
            _raised.warning(
                COOKIE_LOGGER,
                name,
                "The cookie %r was not sent as its view says: %s changed. Say so in set_cookie(), "
                "or declare it in HARDENED_COOKIES.",
                name[:_LOGGED_CHARACTERS],
                ", ".join(attributes),
            )
