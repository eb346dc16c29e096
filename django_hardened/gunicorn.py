"""Hardened settings for gunicorn: ``gunicorn -c python:django_hardened.gunicorn mysite.wsgi``.

Options of the command line win. A configuration file of your own starts with
``from django_hardened.gunicorn import *`` and changes what it has to.
"""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from typing import Any

# -- What one request may cost. The server answers what is more with 414, 431 or 400 --------------

# gunicorn's default, written down so that it stays. An address in RFC 9110, 4.1, may be longer
# (8000 octets); a page that needs it raises this to 8190.
# https://gunicorn.org/reference/settings/#limit_request_line
limit_request_line = 4094
# CIS Apache HTTP Server Benchmark, "LimitRequestFields 100 or less"; gunicorn's default as well.
limit_request_fields = 100
# As Apache's LimitRequestFieldSize and nginx's large_client_header_buffers (8k): a session
# cookie and a bearer token fit. https://httpd.apache.org/docs/2.4/mod/core.html
limit_request_field_size = 8190

# -- How long -------------------------------------------------------------------------------------

# A worker that is stuck for so long is replaced. Keep it below the time the proxy waits (nginx'
# proxy_read_timeout is 60 s), or the proxy gives up first and the work goes on for nobody.
# https://gunicorn.org/reference/settings/#timeout
timeout = 30
# Below the 30 s after which Kubernetes and Heroku kill what they have asked to end.
# https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
graceful_timeout = 25
# "Generally set in the 1-5 seconds range for servers with direct connection to the client."
# Behind a load balancer that reuses connections, more than its idle time (60 s for AWS' ALB).
# https://gunicorn.org/reference/settings/#keepalive
keepalive = 5

# -- Workers --------------------------------------------------------------------------------------

# A worker ends after so many requests, and what it leaked ends with it; the jitter keeps them from
# ending all at once. https://gunicorn.org/reference/settings/#max_requests
max_requests = 1000
max_requests_jitter = 100
# The heartbeat is a file. On a disk, and /tmp is one in a container, a write may block for longer
# than the timeout; this is memory.
# https://gunicorn.org/faq/#how-do-i-avoid-gunicorn-excessively-blocking-in-osfchmod
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# gunicorn 25.1 and later open a socket through which workers can be added and ended.
# https://gunicorn.org/reference/settings/#control_socket_disable
control_socket_disable = True

# -- Whom to believe ------------------------------------------------------------------------------

# Nobody. TrustedProxyMiddleware decides, from HARDENED_TRUSTED_PROXIES: once, for every server,
# and with the address of the peer still in REMOTE_ADDR. gunicorn would believe 127.0.0.1, and
# whatever the variable FORWARDED_ALLOW_IPS says; on a unix socket it believes everybody, and so
# there is no header left to believe.
# https://gunicorn.org/reference/settings/#forwarded_allow_ips
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
proxy_protocol = False
# Headers with an underscore, which would come to the application under the name of others.
# https://gunicorn.org/reference/settings/#header_map
header_map = "drop"

# -- What is written down -------------------------------------------------------------------------

# To standard output. OWASP ASVS 5.0, 16.2.1: who, when, what.
accesslog = "-"
# ASVS 5.0, 14.2.1 and 16.2.5: no query string (%(q)s, %(r)s), which holds tokens of links; no
# Referer (%(f)s), which holds that of the page before; no user of HTTP Basic (%(u)s).
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(L)s "%(a)s"'


class OneLine(logging.Filter):
    """Writes unprintable characters as escapes: a path may hold a line end once it is decoded."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        record.msg, record.args = "%s", (line,)
        if not line.isprintable():
            record.args = (line.encode("unicode_escape").decode("ascii"),)
        return True


def post_worker_init(worker: object) -> None:
    """Have this worker write one line per request, and not say which server it is."""
    logging.getLogger("gunicorn.access").addFilter(OneLine())
    _drop_banner()


def _drop_banner() -> None:
    """Leave ``Server: gunicorn`` out of the response, for which gunicorn has no setting.

    ASVS 5.0, 13.4.6: no component tells which version it is, and to an attacker the name is the
    first part of that.
    """
    response: Any = import_module("gunicorn.http.wsgi").Response
    with_banner = response.default_headers

    def default_headers(self: Any) -> list[str]:
        return [line for line in with_banner(self) if not line.startswith("Server:")]

    response.default_headers = default_headers
    # gunicorn's own ASGI worker, where it is used.
    asgi: Any = sys.modules.get("gunicorn.asgi.protocol")
    if hasattr(asgi, "_CACHED_SERVER_HEADER"):
        asgi._CACHED_SERVER_HEADER = b""  # noqa: SLF001
