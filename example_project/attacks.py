"""Stock Django and the hardened site under the same attack, side by side: `python attacks.py`.

Starts real servers on loopback ports, as many of gunicorn, uvicorn and daphne as are installed,
and sends each of them every variant of a forged or odd host. The exit status is 1 if anything
gets through on the hardened side.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import product, zip_longest
from pathlib import Path
from typing import NamedTuple

from host_attacks.progress import Progress
from host_attacks.runs import CACHES, NotServed, Tally, run
from host_attacks.servers import COMMANDS, Setup, missing

HOSTS = {
    "exact": "exact",
    "exact+forwarded": "exact, XFH",
    "suffix": ".suffix",
    "any": "*",
}
LEGEND = """
XFH: with USE_X_FORWARDED_HOST. Each figure: stock Django → with both middlewares.
  unsafe     variants answered with a page that has another host than the site's own
  poisoned   variants after which the next visitor gets a foreign host, or another page, from
             cache_page, {% cache %}, or a low-level cache
  keys       under how many keys one page was kept by cache_page
  5xx        variants that broke the site; its error page shows the site's address, as many do
  -          ALLOWED_HOSTS alone names no host, and so everybody is refused
"""
COLUMNS = ("unsafe", *CACHES, "keys", "5xx")
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
RED, GREEN = 31, 32

Pair = tuple[Tally | None, Tally | None]


class Figure(NamedTuple):
    """How much was achieved, and the most that is safe; None where nobody was served."""

    number: int | None
    most: int = 0

    @property
    def text(self) -> str:
        return "-" if self.number is None else str(self.number)

    @property
    def is_safe(self) -> bool:
        return self.number is None or self.number <= self.most


NOTHING = Figure(None)


def main() -> int:
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", choices=HOSTS, action="append", help="by default all of them")
    parser.add_argument("--server", choices=COMMANDS, action="append", help="by default all")
    options = parser.parse_args()
    servers = [name for name in options.server or COMMANDS if is_there(name)]
    cells = list(product(options.hosts or HOSTS, servers))
    print(f"{'hosts':<11}{'server':<18}{'sent':>4} ", *(f"{name:^10}" for name in COLUMNS), sep="")
    getting_through: list[tuple[str, str]] = []
    for (hosts, server), (before, after) in zip(cells, attack(cells), strict=True):
        print(f"{HOSTS[hosts]:<11}{server:<18}{row(before, after)}", flush=True)
        getting_through += achievements(after)
    print(LEGEND)
    report(getting_through)
    return 1 if getting_through else 0


def is_there(server: str) -> bool:
    package = missing(server)
    if package:
        print(f"{server}: {package} is not installed", file=sys.stderr)
    return not package


def attack(cells: list[tuple[str, str]]) -> Iterator[Pair]:
    """Yield what came of each cell, before and after, in order; several run at a time."""
    progress = Progress(2 * len(cells))
    with (
        tempfile.TemporaryDirectory(prefix="django-hardened-attacks-") as directory,
        ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool,
    ):

        def start(hosts: str, server: str, stack: str) -> Future[Tally | None]:
            setup = Setup(server, stack=stack, hosts=hosts)
            return pool.submit(attempt, setup, Path(directory), progress)

        pairs = [(start(*cell, "stock"), start(*cell, "hardened")) for cell in cells]
        try:
            for before, after in pairs:
                yield before.result(), after.result()
        finally:
            pool.shutdown(cancel_futures=True)
            progress.clear()


def attempt(setup: Setup, directory: Path, progress: Progress) -> Tally | None:
    """Return what came of one server, or None if it serves nobody with these settings."""
    try:
        return run(setup, directory, progress.tick)
    except NotServed:
        return None
    finally:
        progress.done()


def row(before: Tally | None, after: Tally | None) -> str:
    """Return the figures of both; a side that serves nobody has none."""
    sent = next((tally.variants for tally in (before, after) if tally), 0)
    pairs = zip_longest(figures(before), figures(after), fillvalue=NOTHING)
    return f"{sent:>4} " + "".join(
        f"{was.text:>4} → {paint(f'{now.text:<3}', GREEN if now.is_safe else RED)}"
        for was, now in pairs
    )


def figures(tally: Tally | None) -> Iterator[Figure]:
    """Yield the figures in the order of the columns."""
    if tally is None:
        return
    yield Figure(len(tally.unsafe))
    for cache in CACHES:
        yield Figure(len(tally.poisoned[cache]))
    yield Figure(tally.keys, most=1)
    yield Figure(len(tally.errors))


def achievements(tally: Tally | None) -> Iterator[tuple[str, str]]:
    """Yield each variant that achieves something, and what."""
    if tally is None:
        return
    kinds = {
        "another host": tally.unsafe,
        "a second host left": tally.left,
        "not refused": tally.let_in,
        "5xx": tally.errors,
        "refused, cacheable": tally.cacheable,
        **{f"poisons {cache}": found for cache, found in tally.poisoned.items()},
    }
    for kind, found in kinds.items():
        for name in found:
            yield name, kind
    if tally.keys > 1:
        yield "all of them together", f"{tally.keys} keys"


def report(getting_through: list[tuple[str, str]]) -> None:
    """Say what is left, by the kind of variant and of achievement, with an example of each."""
    if not getting_through:
        print(paint("Nothing gets through on the hardened side.", GREEN))
        return
    print(paint("On the hardened side there is still:", RED))
    kinds: dict[tuple[str, str], list[str]] = {}
    for name, kind in sorted(set(getting_through)):
        category, _, rest = name.partition(": ")
        kinds.setdefault((category, kind), []).append(rest)
    for (category, kind), names in kinds.items():
        print(f"  {len(names):>4}  {category + ', ' + kind:<38}  such as {names[0]:.46}")


def paint(text: str, code: int) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


if __name__ == "__main__":
    sys.exit(main())
