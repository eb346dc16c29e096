"""What both middlewares cost and save: `python benchmarks/host_pinning.py`, with the package.

Each pair runs in turn, many times. The figures are medians; the difference and the ratio, which
are to be quoted, are those of the pairs, so that what else the machine does cancels. Times are of
the processor, which other work on the machine disturbs less.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns, thread_time_ns

import django
from django.core.cache import caches
from django.http.response import HttpResponseBase
from host_pinning_site import (
    FIELDS,
    SITE,
    WITHOUT,
    AsyncHandler,
    Handler,
    ahandler,
    configure,
    handler,
)

ROUNDS, BATCH = 400, 20
SERVER_ROUNDS, SERVER_REQUESTS, CLIENTS = 40, 250, 4
WARM_UP, HOSTS, SPELLINGS = 1_000, 10_000, 1_000
PATIENCE = 30  # seconds until a server is up
Sides = tuple[list[float], list[float]]  # without, and with
REQUEST = "".join(
    [
        "GET / HTTP/1.1\r\n",
        *(f"{name}: {value}\r\n" for name, value in FIELDS.items()),
        "Connection: close\r\n\r\n",
    ]
).encode()


def main() -> None:
    plain, hardened = configure()
    ours = [name for name in hardened if name not in plain]
    print(f"Django {django.__version__}, {ROUNDS} rounds of {BATCH}, medians in µs\n")
    print(f"{'':34}{'without':>10}{'with':>10}{'more':>10}{'ratio':>8}")
    bare = {name: value for name, value in FIELDS.items() if not name.startswith("X-")}
    show("request of a client, no others", *time_in_turn(handler([], bare), handler(ours, bare)))
    show("request of a proxy, no others", *time_in_turn(handler([]), handler(ours)))
    show("request of a proxy, Django's stack", *time_in_turn(handler(plain), handler(hardened)))
    show("async, of a proxy, no others", *asyncio.run(atime_in_turn(ahandler([]), ahandler(ours))))
    print(f"\ngunicorn, one sync worker, {SERVER_ROUNDS} rounds of {SERVER_REQUESTS} requests\n")
    rates, times = ask_servers()
    show("requests/s of a trivial view", *rates)
    show("its worker's µs for a request", *times)
    odd_hosts = [spelling(number) for number in range(SPELLINGS)]
    keys = [count_keys(handler(stack), odd_hosts) for stack in (plain, hardened)]
    print(f"\n{f'keys of a page, {SPELLINGS} spellings':34}{keys[0]:10}{keys[1]:10}")
    first, more = measure_memory(handler(hardened))
    print(
        f"\nKiB held after {WARM_UP} distinct hosts: {first:.0f}; after {HOSTS} more: {more:+.0f}"
    )


def show(title: str, without: list[float], with_: list[float]) -> None:
    pairs = list(zip(without, with_, strict=True))
    more = median(b - a for a, b in pairs)
    ratio = median(b / a for a, b in pairs)
    print(f"{title:34}{median(without):10.1f}{median(with_):10.1f}{more:10.1f}{ratio:8.3f}")


def turns(rounds: int) -> Iterator[int]:
    """Yield 0, 1, 1, 0, ...: each side is as often the second of a pair as it is the first."""
    for number in range(rounds):
        yield from (0, 1) if number % 2 else (1, 0)


# -- In this process -----------------------------------------------------------------------------


def time_in_turn(without: Handler, with_: Handler) -> Sides:
    """Return the µs that a request takes, one figure of each side for each round."""
    times: Sides = ([], [])
    for answer in (without, with_):
        expect_page(answer("/", SITE))
    for side in turns(ROUNDS):
        answer = (without, with_)[side]
        start = thread_time_ns()
        for _ in range(BATCH):
            answer("/", SITE)
        times[side].append((thread_time_ns() - start) / BATCH / 1000)
    return times


async def atime_in_turn(without: AsyncHandler, with_: AsyncHandler) -> Sides:
    times: Sides = ([], [])
    for answer in (without, with_):
        expect_page(await answer())
    for side in turns(ROUNDS):
        answer = (without, with_)[side]
        start = thread_time_ns()
        for _ in range(BATCH):
            await answer()
        times[side].append((thread_time_ns() - start) / BATCH / 1000)
    return times


def expect_page(response: HttpResponseBase) -> None:
    if response.status_code != 200:
        raise RuntimeError(f"{response.status_code} instead of 200")


def spelling(number: int) -> str:
    """Return our host as nobody has spelled it yet, so that Django accepts it."""
    case = "".join(
        letter.upper() if number >> place & 1 else letter
        for place, letter in enumerate(SITE.replace(".", ""))
    )
    return f"{case[:3]}.{case[3:10]}.{case[10:]}:{number + 1}"


def count_keys(answer: Handler, hosts: list[str]) -> int:
    """Return how many pages the cache keeps when one is asked for by all of ``hosts``."""
    caches["default"].clear()
    for host in hosts:
        expect_page(answer("/cached", host))
    return sum(".cache_page." in key for key in vars(caches["default"])["_cache"])


def measure_memory(answer: Handler) -> tuple[float, float]:
    """Return the KiB held after some hosts, and how much is added by very many more."""
    caches["default"].clear()
    tracemalloc.start()
    before = held()
    send_distinct_hosts(answer, 0, WARM_UP)
    first = held()
    send_distinct_hosts(answer, WARM_UP, HOSTS)
    return (first - before) / 1024, (held() - first) / 1024


def send_distinct_hosts(answer: Handler, start: int, count: int) -> None:
    """Send foreign hosts, odd spellings of ours, and what is no host at all."""
    for number in range(start, start + count):
        answer("/", (f"h{number}.example.net", spelling(number), f"h{number}@{SITE}")[number % 3])


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


# -- Under gunicorn ------------------------------------------------------------------------------


def ask_servers() -> tuple[Sides, Sides]:
    """Run both servers all the time, and ask one at a time.

    Return how many requests it answers in a second, and how much of its time one takes.
    """
    rates: Sides = ([], [])
    times: Sides = ([], [])
    with (
        TemporaryDirectory() as directory,
        serving(Path(directory), {WITHOUT: "1"}) as without,
        serving(Path(directory), {}) as with_,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        for side in turns(SERVER_ROUNDS):
            port = (without, with_)[side]
            taken, start = time_taken(port), perf_counter_ns()
            list(clients.map(ask, [port] * SERVER_REQUESTS))
            rates[side].append(SERVER_REQUESTS / (perf_counter_ns() - start) * 1e9)
            times[side].append((time_taken(port) - taken) / SERVER_REQUESTS / 1000)
    return rates, times


def time_taken(port: int) -> int:
    """Return the processor time that the worker has taken so far, in ns."""
    return int(ask(port, REQUEST.replace(b" / ", b" /time ")).rpartition(b"\r\n\r\n")[2])


def ask(port: int, request: bytes = REQUEST) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"{answer[:40]!r} instead of 200")
    return answer


@contextmanager
def serving(directory: Path, variables: dict[str, str]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    application = "host_pinning_site:application()"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", application, f"--bind=127.0.0.1:{port}"],
        cwd=Path(__file__).resolve().parent,
        env={**os.environ, "XDG_RUNTIME_DIR": str(directory), **variables},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            ask(port)
            return
        except (OSError, RuntimeError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main()
