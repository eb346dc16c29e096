"""Hosts that have scripts of anybody: a policy that admits one of them whole admits all of these.

An injected ``<script src="https://cdn.jsdelivr.net/npm/...">`` runs then. The hosts are those of
libraries that Google's CSP Evaluator lists, and a few of the same kind:
https://github.com/google/csp-evaluator/tree/master/allowlist_bypasses
"""

from __future__ import annotations

import re

from django_hardened.hosts import is_overbroad

_LIBRARIES = frozenset(
    """
    ajax.googleapis.com cdn.jsdelivr.net fastly.jsdelivr.net cdnjs.cloudflare.com unpkg.com
    esm.sh cdn.skypack.dev ga.jspm.io cdn.bootcss.com cdn.bootcdn.net lib.baomitu.com
    cdn.staticfile.org yandex.st yastatic.net oss.maxcdn.com ajax.aspnetcdn.com
    cdn.rawgit.com rawgit.com raw.githack.com rawcdn.githack.com raw.githubusercontent.com
    gist.githubusercontent.com cdn.statically.io storage.googleapis.com
    """.split()
)
_SOURCE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?P<host>(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?:\d+|\*))?"
    r"(?P<path>/[^?#]*)?"
)
# The folder in which a library host keeps everything.
_EVERYTHING = re.compile(r"/?|/(?:npm|gh|ajax|ajax/libs)/")
# A bucket is a folder or a name below it.
_BUCKETS = re.compile(r"s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com")


def is_open_to_anybody(source: str) -> bool:
    """Whether ``source``, of a directive for scripts, is such a host without a path."""
    match = _SOURCE.fullmatch(source)
    if match is None or not _EVERYTHING.fullmatch(match["path"] or ""):
        return False
    host = match["host"].removeprefix("*")
    if host != match["host"]:  # all names below it
        is_open = is_overbroad(host) or any(known.endswith(host) for known in _LIBRARIES)
    else:
        is_open = host in _LIBRARIES
    return is_open or bool(_BUCKETS.fullmatch(host.removeprefix(".")))
