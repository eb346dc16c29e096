"""Hardened settings for uvicorn, which has no configuration file in Python.

Either ``python -m django_hardened.uvicorn mysite.asgi:application`` with any option of uvicorn's,
which wins; or, in a program, ``uvicorn.run("mysite.asgi:application", **CONFIG)``.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Final

CONFIG: Final[dict[str, Any]] = {
    # ASVS 5.0, 13.4.6: no component tells which version it is.
    "server_header": False,
    # TrustedProxyMiddleware decides whom to believe, from HARDENED_TRUSTED_PROXIES. uvicorn would
    # put the client in the place of the proxy before it can see who sent the headers.
    "proxy_headers": False,
    # httptools, which "auto" prefers where it is installed, has no limit on the size of a header.
    # Behind a proxy that has one, --http httptools is as safe and faster.
    "http": "h11",
    # Request line and headers together, as h11 and Node.js limit them; uvicorn's own default is
    # four times that. It bounds what is kept while more is awaited, so that what comes in one
    # piece (256 KiB at most) may be longer.
    # https://h11.readthedocs.io/en/latest/api.html#h11.Connection
    "h11_max_incomplete_event_size": 16 * 1024,
    # uvicorn's default, written down. Behind a load balancer that reuses connections, more than
    # its idle time (60 s for AWS' ALB). https://uvicorn.dev/settings/
    "timeout_keep_alive": 5,
    # uvicorn waits for ever. Kubernetes and Heroku kill after 30 s.
    # https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    "timeout_graceful_shutdown": 25,
    # Connections and running requests of one process; the next is answered 503. Half of the 1024
    # files that a process may usually open: databases, caches and files need the others.
    # https://uvicorn.dev/settings/
    "limit_concurrency": 512,
    # ASVS 5.0, 14.2.1 and 16.2.5: an access log without query strings.
    "log_config": str(Path(__file__).with_name("uvicorn_log.json")),
}
# A worker ends after so many requests, and what it leaked ends with it. Only where a supervisor
# starts the next one: a single process would end, and the site with it.
RECYCLING: Final[dict[str, Any]] = {"limit_max_requests": 1000, "limit_max_requests_jitter": 100}


_LONGEST_PATH = 2000


class WithoutQuery(logging.Filter):
    """Cuts the query string, which holds the tokens of links, off the paths of the access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shortened, record.args))
        return True


def _shortened(argument: object) -> object:
    return argument.partition("?")[0][:_LONGEST_PATH] if isinstance(argument, str) else argument


def main() -> None:
    """Run uvicorn's command line with other defaults."""
    from uvicorn.main import main as command  # noqa: PLC0415  # not before there is a server

    sys.argv[0] = "uvicorn"  # as which the boot gate and HARDENED_DEV_SERVERS know it
    # uvicorn 0.30 has no jitter; click ignores the default of an option that is not there.
    defaults = CONFIG | (RECYCLING if _has_supervisor(sys.argv[1:]) else {})
    command(default_map=defaults)


def _has_supervisor(arguments: list[str]) -> bool:
    """Whether ``arguments`` ask for more than one worker."""
    from uvicorn.main import main as command  # noqa: PLC0415

    workers = command.make_context("uvicorn", list(arguments), resilient_parsing=True)
    return (workers.params.get("workers") or 1) > 1


if __name__ == "__main__":
    main()
