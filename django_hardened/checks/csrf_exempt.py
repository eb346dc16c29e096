"""2xx: the views that take forms from any site. These take the URLconf."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage
from django.urls import URLResolver, get_resolver

from django_hardened.checks import stack
from django_hardened.checks.cookies_in_use import CSRF
from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import has_urls
from django_hardened.installed import is_from_a_package

W246 = Rule(
    "W246",
    "{subject} is exempt from the protection of forms and asks for a login by cookie: any site can "
    "send requests to it in the name of a user.",
    "Remove @csrf_exempt, and send the token: https://docs.djangoproject.com/en/stable/howto/csrf/",
    asvs="3.5.1",
    cwe=352,
)
I247 = Rule(
    "I247",
    "{subject} is exempt from the protection of forms.",
    "Right where each request proves who sends it, by a signature or a token, as webhooks do; "
    "otherwise remove @csrf_exempt.",
    asvs="3.5.1",
    cwe=352,
)
RULES = (W246, I247)

_LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def check_csrf_exempt_views(**kwargs: Any) -> list[CheckMessage]:
    # Without the middleware all views are exempt, and that is a finding of its own.
    if not (stack.has(CSRF) and has_urls()):
        return []
    views = {_name(view): view for view in _exempt_views(get_resolver())}
    return [
        (W246 if _asks_for_login(view) else I247).found(subject=name)
        for name, view in sorted(views.items())
    ]


def _exempt_views(resolver: URLResolver, *, is_own: bool = True) -> Iterator[Any]:
    """Yield the exempt views that the project answers for, and not a package that it installs."""
    is_own = is_own and not is_from_a_package(getattr(resolver.urlconf_module, "__name__", ""))
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _exempt_views(pattern, is_own=is_own)
        elif _is_exempt(pattern.callback) and _is_own(pattern.callback, in_own_urlconf=is_own):
            yield pattern.callback


def _is_exempt(view: Any) -> bool:
    # REST framework marks each of its views, and checks the token where a session logs in.
    is_api = hasattr(getattr(view, "cls", None), "authentication_classes")
    return bool(getattr(view, "csrf_exempt", False)) and not is_api


def _is_own(view: Any, *, in_own_urlconf: bool) -> bool:
    cls = getattr(view, "view_class", None)
    if cls is not None and not getattr(cls.dispatch, "csrf_exempt", False):
        return in_own_urlconf  # csrf_exempt(View.as_view()) is said in the URLconf
    return not is_from_a_package(str(getattr(view, "__module__", "")))


def _asks_for_login(view: Any) -> bool:
    # What login_required leaves on a function, AccessMixin has, and login_not_required removes.
    return (
        hasattr(view, "redirect_field_name")
        or hasattr(getattr(view, "view_class", None), "handle_no_permission")
        or (stack.has(_LOGIN_REQUIRED) and getattr(view, "login_required", True))
    )


def _name(view: Any) -> str:
    named = getattr(view, "view_class", view)
    named = named if hasattr(named, "__qualname__") else type(named)
    return f"{named.__module__}.{named.__qualname__}"


CHECKS = (check_csrf_exempt_views,)
