"""``HostPinningMiddleware``: the host that reaches the application is one of ours.

Django validates a normalised copy of the Host header and then uses the raw value: in links, in
mails, in the key of every cached page. Here the request itself is rewritten, so that there is one
spelling of each host, and nothing else to use.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_hardened.cache import pin_host
from django_hardened.conf import conf
from django_hardened.host_policy import OTHER_SOURCES, Asked, HostPolicy, Pin, Refusal
from django_hardened.log_window import LogWindow
from django_hardened.middleware import refusals
from django_hardened.middleware.asgi_hosts import pinned_scope
from django_hardened.middleware.base import GetResponse, RequestMiddleware

_OTHER_SOURCES = [f"HTTP_{name.upper().replace('-', '_')}" for name in OTHER_SOURCES]


class HostPinningMiddleware(RequestMiddleware):
    """Rewrite the request's host to its canonical form, or refuse the request.

    A header that is no host name gets 400, one that is not in ``ALLOWED_HOSTS`` 421 (RFC 9110
    section 15.5.20). Both are constant, and made before any other code has run; so is the answer
    to a health check, whose host is not asked.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._refused = LogWindow()
        _ = conf.host_policy  # a wrong declaration stops the server, not its visitors

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        policy = conf.host_policy
        if policy.is_health_check(request.method, request.path):
            return refusals.plain(200, refusals.HEALTHY)
        asked = _asked(request)
        return self._carry_out(policy, request, asked, policy.decide(asked))

    async def aprocess_request(self, request: HttpRequest) -> HttpResponse | None:
        policy = conf.host_policy
        if policy.is_health_check(request.method, request.path):
            return refusals.plain(200, refusals.HEALTHY)
        asked = _asked(request)
        return self._carry_out(policy, request, asked, await policy.adecide(asked))

    def _carry_out(
        self, policy: HostPolicy, request: HttpRequest, asked: Asked, verdict: Pin | Refusal
    ) -> HttpResponse | None:
        if isinstance(verdict, Refusal):
            pin_host("")  # of the request before, where the server reuses its context
            refusals.log(self._refused, verdict, asked)
            return refusals.plain(verdict.status, refusals.text(verdict.status))
        _pin(request, policy, verdict)
        if verdict.is_alias and policy.redirects_aliases:
            scheme = "https" if settings.SECURE_SSL_REDIRECT else request.scheme
            location = f"{scheme}://{verdict.text}{request.get_full_path()}"
            return refusals.plain(308, b"", Location=location)
        return None


def _asked(request: HttpRequest) -> Asked:
    meta = request.META
    host = meta.get("HTTP_HOST")
    if host is None:
        host = meta.get("SERVER_NAME", "")
    # As gunicorn and uWSGI tell it; ASGI servers leave one in absolute form in the path.
    target = meta.get("RAW_URI") or meta.get("REQUEST_URI") or request.path
    return Asked(host, target, request.path)


def _pin(request: HttpRequest, policy: HostPolicy, pin: Pin) -> None:
    meta = request.META
    for source in _OTHER_SOURCES:
        meta.pop(source, None)
    meta["HTTP_HOST"] = pin.text
    meta["SERVER_NAME"] = pin.host.name
    scope = getattr(request, "scope", None)
    if scope is not None:
        request.scope = pinned_scope(scope, pin)  # type: ignore[attr-defined]  # of ASGIRequest
    RequestMiddleware.forget_what_was_read(request)
    scheme = policy.scheme(pin)
    if scheme:
        _pin_scheme(request, scheme, pin)
    meta["SERVER_PORT"] = str(pin.host.port or (443 if request.is_secure() else 80))
    pin_host(pin.text)


def _pin_scheme(request: HttpRequest, scheme: str, pin: Pin) -> None:
    """Have links and cache keys use the scheme of the declared origin.

    Where Django redirects to https, a request on plain http must still be seen to be one.
    """
    if scheme == "https" and not settings.SECURE_SSL_REDIRECT:
        if settings.SECURE_PROXY_SSL_HEADER:
            request.META.pop(settings.SECURE_PROXY_SSL_HEADER[0], None)
        scope = getattr(request, "scope", None)
        if scope is None:
            request.META["wsgi.url_scheme"] = "https"
        else:  # a copy already
            scope["scheme"] = "https"
    request.__dict__["_current_scheme_host"] = f"{scheme}://{pin.text}"
