"""The view that browsers post their reports to. It believes nothing and answers nothing."""

from __future__ import annotations

import atexit
from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import Resolver404, get_script_prefix, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from django_hardened.csp_reports.bodies import REPORT_URI, REPORTING_API, read_reports
from django_hardened.csp_reports.tally import Kind, Tally
from django_hardened.decorators import cross_site
from django_hardened.ratelimit.decorators import ratelimit

_MOST_BYTES: Final = 64 * 1024
_ELSEWHERE: Final = "?"

tally = Tally()
atexit.register(tally.flush)


# Browsers send no token, and a report changes nothing.
@cross_site
@csrf_exempt
@require_POST
@ratelimit(group="csp-reports", key="ip", rate="60/m")
def receive(request: HttpRequest) -> HttpResponse:
    """Count what was blocked: 204, whether or not there was anything to count.

    413 for more than 64 KiB, 415 for another type, 400 for what is no report.
    """
    if request.content_type not in (REPORT_URI, REPORTING_API):
        return HttpResponse(status=415)
    try:
        body = request.read(_MOST_BYTES + 1)
    except UnreadablePostError:
        return HttpResponse(status=400)
    if len(body) > _MOST_BYTES:
        return HttpResponse(status=413)
    try:
        violations = read_reports(request.content_type, body)
    except ValueError:
        return HttpResponse(status=400)
    host = request.get_host().lower()
    for violation in violations:
        page = _route(violation.page, host)
        if page is not None:
            tally.add(Kind(violation.directive, violation.source, page))
    return HttpResponse(status=204)


def _route(page: str, host: str) -> str | None:
    """Return the route of ``page`` in the URLconf, None where it is not on ``host``.

    An address may have a token in it. A route has none, and there are no more than a few.
    """
    try:
        url = urlsplit(page)
    except ValueError:
        return None
    if url.netloc.lower() != host:
        return None
    try:
        # Where the site is mounted, such as /app/, is no part of the URLconf.
        return resolve("/" + url.path.removeprefix(get_script_prefix()).removeprefix("/")).route
    except Resolver404:
        return _ELSEWHERE
