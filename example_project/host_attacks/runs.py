"""One server under attack: every variant, and after each one an innocent visitor."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from host_attacks.servers import Setup, serving
from host_attacks.variants import ALIAS, SITE, Variant
from host_attacks.wire import Reply, exchange

LONGEST = 180  # seconds for all variants
MODES = ("sync", "async")
# Django put it there, and says with it how much was in the caches before.
MARK = "x-attacks-kept"
CACHES = ("cache_page", "fragment", "low-level")

_VISIT = f"GET /{{}} HTTP/1.1\r\nHost: {SITE}\r\n{{}}Connection: close\r\n\r\n"


# The names of variants, and in which modes they were found to achieve something.
Found = dict[str, set[str]]


class NotServed(RuntimeError):
    """An ordinary visitor gets no page."""


@dataclass
class Tally:
    """What the variants achieved.

    Attributes:
        unsafe: answered with a page, or a redirect, that has another host than the canonical one.
        let_in: answered with a page although it ought to be refused.
        poisoned: the innocent visitor got a foreign host, or another page; by cache.
        left: reached the view with a second host in some other field.
        errors: the site broke.
        cacheable: refused by Django, without forbidding caches to keep that.
        silent: got no answer at all.
        keys: the greatest number of keys that one page had in the cache of pages.
    """

    variants: int = 0
    unsafe: Found = field(default_factory=dict)
    let_in: Found = field(default_factory=dict)
    poisoned: dict[str, Found] = field(default_factory=lambda: {name: {} for name in CACHES})
    left: Found = field(default_factory=dict)
    errors: Found = field(default_factory=dict)
    cacheable: Found = field(default_factory=dict)
    silent: Found = field(default_factory=dict)
    keys: int = 0


def run(setup: Setup, directory: Path, tick: Callable[[], None] = lambda: None) -> Tally:
    """Start the server, attack it, and return what came of it.

    Raises:
        RuntimeError: the server does not start.
        NotServed: an ordinary visitor gets no page from it.
        TimeoutError: it takes far too long.
    """
    tally = Tally()
    until = time.monotonic() + LONGEST
    with serving(setup, directory) as port:
        _visit(port, "report/")
        for variant in setup.variants():
            if time.monotonic() > until:
                raise TimeoutError(f"{setup} took more than {LONGEST} s")
            _attack(port, variant, tally)
            tick()
        report = json.loads(_visit(port, "report/").body)
    tally.keys = max(report.values())
    return tally


def _attack(port: int, variant: Variant, tally: Tally) -> None:
    tally.variants += 1
    for mode in MODES:
        for view in ("page", "cached"):
            reply = exchange(port, variant.request(f"{mode}/{view}/"))
            for found in _judge(reply, variant, tally):
                found.setdefault(variant.name, set()).add(mode)
            if not reply.is_page:
                break  # no view has run, and none would for the other page
    for cache, mode in _victims(port):
        tally.poisoned[cache].setdefault(variant.name, set()).add(mode)


def _judge(reply: Reply, variant: Variant, tally: Tally) -> Iterator[Found]:
    """Yield where the reply to ``variant`` has to be counted."""
    facts = json.loads(reply.body) if reply.is_page else {}
    hosts = {*_hosts(facts), _redirect_host(reply)} - {variant.host, None}
    if not reply.status:
        yield tally.silent
    if hosts:
        yield tally.unsafe
    if reply.is_page and variant.expected == "refused":
        yield tally.let_in
    if facts.get("others"):
        yield tally.left
    # What a server refuses on its own, Django has no part in.
    if reply.status >= 400 and MARK in reply.fields:
        if reply.status >= 500:
            yield tally.errors
        elif "no-store" not in reply.fields.get("cache-control", ""):
            yield tally.cacheable


def _victims(port: int) -> Iterator[tuple[str, str]]:
    """Visit every page as anybody would; yield each cache, and its mode, that has been poisoned."""
    for mode in MODES:
        # Where nothing has been kept so far, nothing can come out of a cache: one visit will do.
        first = _visit(port, f"{mode}/page/", forget="alone" if mode == MODES[0] else "")
        facts = json.loads(first.body)
        for cache in ("low-level", "fragment"):
            if urlsplit(facts[cache]).netloc not in (SITE, ALIAS):
                yield cache, mode
        if mode == MODES[0] and first.fields[MARK] == "0":
            return
    for mode in MODES:
        second = _visit(port, f"{mode}/cached/", forget="always" if mode == MODES[-1] else "")
        if not _is_own_page(json.loads(second.body), mode):
            yield "cache_page", mode


def _visit(port: int, page: str, *, forget: str = "") -> Reply:
    more = f"X-Attacks-Forget: {forget}\r\n" if forget else ""
    reply = exchange(port, _VISIT.format(page, more).encode())
    if not reply.is_page:
        raise NotServed(f"an ordinary visitor got {reply.status} for /{page}")
    return reply


def _hosts(facts: dict[str, Any]) -> Iterator[str]:
    yield from (facts[name] for name in ("get_host", "absolute", "HTTP_HOST") if name in facts)


def _redirect_host(reply: Reply) -> str | None:
    return urlsplit(reply.fields.get("location", "")).netloc or None


def _is_own_page(facts: dict[str, Any], mode: str) -> bool:
    wanted = ("cached", mode, f"/{mode}/cached/")
    return (facts["view"], facts["mode"], facts["path"]) == wanted and {SITE, ALIAS}.issuperset(
        _hosts(facts)
    )
