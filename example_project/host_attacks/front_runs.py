"""One server behind a proxy or a cache under attack; only the cache is asked what came of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from host_attacks.fronts import careless
from host_attacks.runs import LONGEST, MARK, NotServed
from host_attacks.servers import Setup, serving
from host_attacks.variants import SITE, Variant
from host_attacks.wire import Reply, exchange

VIEWS = ("page", "cached")
_VISIT = f"GET /{{}} HTTP/1.1\r\nHost: {SITE}\r\n{{}}Connection: close\r\n\r\n"


@dataclass
class FrontTally:
    """What the variants achieved, each by its name.

    Attributes:
        arrived: got through to Django.
        poisoned: the next visitor got a page with another host than the canonical one.
        refusing: the next visitor got the refusal that Django had for the attacker.
        broken: the next visitor got no page for another reason.
        keeps: whether there is a cache in front at all.
    """

    variants: int = 0
    arrived: set[str] = field(default_factory=set)
    poisoned: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    keeps: bool = False


def run_behind(front: str, setup: Setup, directory: Path) -> FrontTally:
    """Start both, attack, and return what came of it.

    Raises:
        RuntimeError: one of them does not start.
        NotServed: an ordinary visitor gets no page.
        TimeoutError: it takes far too long.
    """
    tally = FrontTally()
    until = time.monotonic() + LONGEST
    with serving(setup, directory) as backend, careless(front, backend, directory) as port:
        first, second = _visit(port, "sync/cached/"), _visit(port, "sync/cached/")
        if not first.is_page:
            raise NotServed(f"{front} has no page for an ordinary visitor")
        # Django says how much it has kept, which is more at the second visit, if it hears of that.
        tally.keeps = first.fields[MARK] == second.fields[MARK]
        for number, variant in enumerate(setup.variants()):
            if time.monotonic() > until:
                raise TimeoutError(f"{front} in front of {setup} took more than {LONGEST} s")
            tally.variants += 1
            for view in VIEWS:
                _attack(port, variant, f"sync/{view}/{number}/", tally)
            # Django's own caches; the one in front is asked for other pages from now on.
            _visit(backend, "report/", "X-Attacks-Forget: always\r\n")
    return tally


def _attack(port: int, variant: Variant, page: str, tally: FrontTally) -> None:
    if MARK in exchange(port, variant.request(page)).fields:
        tally.arrived.add(variant.name)
    reply = _visit(port, page)
    if not reply.is_page:
        (tally.refusing if MARK in reply.fields else tally.broken).add(variant.name)
    elif not _is_own_page(reply, page):
        tally.poisoned.add(variant.name)


def _visit(port: int, page: str, more: str = "") -> Reply:
    return exchange(port, _VISIT.format(page, more).encode())


def _is_own_page(reply: Reply, page: str) -> bool:
    facts = json.loads(reply.body)
    kept = (facts[name] for name in ("fragment", "low-level") if name in facts)
    hosts = {facts["get_host"], facts["absolute"], facts["HTTP_HOST"]}
    hosts.update(urlsplit(address).netloc for address in kept)
    return facts["path"] == f"/{page}" and hosts == {SITE}
