"""``HostPinningMiddleware``: the host that reaches the application is one of ours.

Django validates a normalised copy of the Host header and then uses the raw value: in links, in
mails, in the key of every cached page. Here the request itself is rewritten, so that there is one
spelling of each host, and nothing else to use.
"""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse

from django_hardened.conf import conf
from django_hardened.hosts import Host, InvalidHost, UnknownHost
from django_hardened.middleware.base import RequestMiddleware

logger = logging.getLogger("django.security.DisallowedHost")

_LOGGED_CHARACTERS = 100
# What else Django, a package or a view could take a host or a port from.
_OTHER_SOURCES = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_HOST",
    "HTTP_X_ORIGINAL_HOST",
)


class HostPinningMiddleware(RequestMiddleware):
    """Rewrite the request's host to its canonical form, or refuse the request.

    A header that is no host name gets 400, one that is not in ``ALLOWED_HOSTS`` 421 (RFC 9110
    section 15.5.20). Both are constant, and made before any other code has run.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        sent = request.META.get("HTTP_HOST", request.META.get("SERVER_NAME", ""))
        try:
            host = conf.host_table.pin(sent, keep_port=conf.keeps_port)
        except InvalidHost as error:
            return _refuse(400, sent, error)
        except UnknownHost as error:
            return _refuse(421, sent, error)
        _pin(request, host)
        self.forget_what_was_read(request)
        return None


def _pin(request: HttpRequest, host: Host) -> None:
    request.META["HTTP_HOST"] = str(host)
    request.META["SERVER_NAME"] = host.name
    request.META["SERVER_PORT"] = str(host.port or (443 if request.is_secure() else 80))
    for header in _OTHER_SOURCES:
        request.META.pop(header, None)


def _refuse(status: int, sent: str, reason: Exception) -> HttpResponse:
    logger.warning(
        "Refused with %d: the Host header %r %s.", status, sent[:_LOGGED_CHARACTERS], reason
    )
    text = "Bad Request\n" if status == 400 else "Misdirected Request\n"
    response = HttpResponse(
        text,
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
    # What Django sets when it has logged a response; one line for each refusal is enough.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response
