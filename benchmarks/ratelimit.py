"""What limits admit and cost: `python benchmarks/ratelimit.py [SECTION ...]`.

Needs redis-server, memcached and the dependency group ``benchmark``. Who is compared runs in turn
with the others, in one run: what is to be quoted are the counts, and the ratios.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from threading import Barrier, Lock
from typing import Any

import redis
from django.core.cache import caches
from ratelimit_peers import (
    MEMCACHED,
    OURS,
    REDIS,
    Hit,
    Peer,
    Place,
    configure,
    create_tables,
    free_port,
    server,
    start,
)
from ratelimit_site import VARIANTS

RUNS, LIMIT, REQUESTS = 5, 100, 5_000
CROWDS = ((8, 4), (16, 4))
OURS_EVERYWHERE = [Peer(OURS, store) for store in ("Redis", "Memcached", "embedded")]
COUNTERS = [
    *OURS_EVERYWHERE,
    Peer("DRF", "Redis"),
    Peer("DRF", "Memcached"),
    Peer("DRF", "LocMem"),
    Peer("DRF", "DatabaseCache"),
    Peer("django-ratelimit", "Redis"),
    Peer("django-ratelimit", "DatabaseCache"),
    Peer("limits, fixed", "Redis"),
    Peer("limits, moving", "Redis"),
    Peer("limits, sliding", "Redis"),
]
ON_REDIS = [peer for peer in COUNTERS if peer.store == "Redis"]


def main(names: Sequence[str]) -> None:
    sections: dict[str, Callable[[Place], None]] = {
        "admitted": show_admitted,
        "windows": show_windows,
        "round-trips": show_round_trips,
        "time": show_time,
        "bytes": show_bytes,
        "embedded": show_embedded,
        "views": show_views,
        "outages": show_outages,
    }
    unknown = set(names) - sections.keys()
    if unknown:
        raise SystemExit(f"{', '.join(unknown)}: the sections are {', '.join(sections)}")
    with (
        TemporaryDirectory() as folder,
        server("redis-server", *REDIS) as (redis_port, _),
        server("memcached", *MEMCACHED) as (memcached_port, _),
    ):
        place = Place(redis_port, memcached_port, folder)
        configure(place)
        create_tables()
        for name in names or sections:
            sections[name](place)


def title(text: str, *columns: str) -> None:
    print(f"\n{text}\n\n{'':34}" + "".join(f"{column:>14}" for column in columns))


def row(name: object, *cells: object) -> None:
    print(f"{name!s:34}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


# -- How many are admitted -----------------------------------------------------------------------


def show_admitted(place: Place) -> None:
    columns = [f"{processes} x {threads}" for processes, threads in CROWDS]
    title(
        f"Admitted of {LIMIT}/d, {REQUESTS} requests, {RUNS} runs: median (least to most)", *columns
    )
    for peer in COUNTERS:
        row(peer, *(_spread(admitted_by(peer, place, *crowd)) for crowd in CROWDS))


def admitted_by(peer: Peer, place: Place, processes: int, threads: int) -> list[int]:
    context = get_context("spawn")
    barrier = context.Barrier(processes)
    hits = REQUESTS // (processes * threads)
    with context.Pool(processes, _initialize, (place, barrier)) as pool:
        return [
            sum(pool.starmap(_crowd, [(peer, f"{time.time_ns()}", threads, hits)] * processes, 1))
            for _ in range(RUNS)
        ]


def _initialize(place: Place, barrier: Any) -> None:
    global everyone  # noqa: PLW0603  # what a process of the pool has to be given
    everyone = barrier
    configure(place)


everyone: Any = None


def _crowd(peer: Peer, client: str, threads: int, hits: int) -> int:
    hit, ready = peer.hit((LIMIT, "d")), Barrier(threads)

    def come(_: int) -> int:
        ready.wait()
        return sum(hit(client) for _ in range(hits))

    everyone.wait()
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(come, range(threads)))


def _spread(numbers: Sequence[int]) -> str:
    if min(numbers) == max(numbers):
        return f"{numbers[0]}"
    return f"{median(numbers):.0f} ({min(numbers)}-{max(numbers)})"


# -- What is admitted in any window --------------------------------------------------------------


def show_windows(place: Place) -> None:
    title(
        f"{LIMIT}/s, to clients who come at the edges of windows, and to one who polls",
        "worst window",
        "polling gets",
    )
    for peer in [*OURS_EVERYWHERE, *(peer for peer in ON_REDIS if peer.name != OURS)]:
        worst = max(worst_window(peer.hit((LIMIT, "s")), f"edge{turn}") for turn in range(3))
        row(peer, f"{worst / LIMIT:.2f} x", f"{polled(peer.hit((LIMIT, 's'))):.1%}")


def worst_window(hit: Hit, name: str) -> int:
    """Return the most that any second admits, of clients who each come around another edge."""
    with ThreadPoolExecutor(8) as pool:
        return max(pool.map(lambda number: _attack(hit, f"{name}-{number}", number / 8), range(8)))


def _attack(hit: Hit, client: str, phase: float) -> int:
    """Open a window with one hit, come in force right before its end, and right after."""
    time.sleep(1 - time.time() % 1 + phase)
    admitted: list[tuple[float, float]] = []
    opened = time.monotonic()
    for moment, hits in ((0, 1), (0.9, 2 * LIMIT), (1.01, 2 * LIMIT), (1.5, LIMIT), (2.0, LIMIT)):
        time.sleep(max(0, opened + moment - time.monotonic()))
        for _ in range(hits):
            before = time.monotonic()
            if hit(client):
                admitted.append((before, time.monotonic()))
    # What was counted in one second for certain, whenever between the two moments that was.
    return max(
        sum(before >= first and after < first + 1 for before, after in admitted)
        for first, _ in admitted
    )


def polled(hit: Hit) -> float:
    """Return the share of the limit that somebody gets who never stops asking."""
    until, admitted = time.monotonic() + 10, list[float]()
    while (now := time.monotonic()) < until:
        if hit("polls"):
            admitted.append(now)
        time.sleep(0.0005)
    bursts = (len(admitted) - 1) // LIMIT
    return bursts / (admitted[bursts * LIMIT] - admitted[0])


# -- Round trips, by the servers' own count ------------------------------------------------------


def show_round_trips(place: Place) -> None:
    title("Commands that Redis is sent", "1, allowed", "1, refused", "3, allowed", "3, refused")
    for peer in ON_REDIS:
        one, three = [(2, "d")], [(9, "s"), (9, "h"), (2, "d")]
        row(peer, *(count for rates in (one, three) for count in sent(peer.hit(*rates), place)))
    title("Commands that Memcached is sent", "1, allowed", "1, refused", "3, allowed", "3, refused")
    for peer in (Peer(OURS, "Memcached"), Peer("DRF", "Memcached")):
        one, three = [(2, "d")], [(9, "s"), (9, "h"), (2, "d")]
        row(peer, *(count for rates in (one, three) for count in asked(peer.hit(*rates), place)))


def sent(hit: Hit, place: Place) -> Iterator[int]:
    """Yield how many commands a hit sends that is allowed, and how many one that is refused."""
    client = redis.Redis(port=place.redis)
    client.flushall()
    hit("client")  # the first loads scripts, and connects
    marker = redis.Redis(port=place.redis)
    marker.echo("end")
    with client.monitor() as monitor:
        for _ in range(2):
            hit("client")
            marker.echo("end")
            yield _until_end(monitor)


def _until_end(monitor: Any) -> int:
    count = 0
    for command in monitor.listen():
        if command["command"].startswith("ECHO"):
            return count
        count += command["client_type"] != "lua"
    raise RuntimeError("the monitor has ended")


def asked(hit: Hit, place: Place) -> Iterator[int]:
    statistics: Any = caches["Memcached"]._cache  # type: ignore[attr-defined]  # noqa: SLF001
    caches["Memcached"].clear()
    hit("client")
    for _ in range(2):
        before = _commands(statistics)
        hit("client")
        yield _commands(statistics) - before


def _commands(client: Any) -> int:
    statistics = next(iter(client.clients.values())).stats()
    names = ("cmd_get", "cmd_set", "cmd_touch", "incr_hits", "incr_misses", "delete_hits")
    return sum(int(statistics[name.encode()]) for name in names)


# -- Time of the client --------------------------------------------------------------------------


def show_time(place: Place) -> None:
    bare, fixed = Peer("bare INCR", "Redis"), Peer("limits, fixed", "Redis")
    three = [(10**6, "m"), (10**6, "h"), (10**6, "d")]
    ours = Peer(OURS, "Redis")
    cases = {
        "bare INCR script": bare.hit((10**6, "m")),
        "limits, fixed": fixed.hit((10**6, "m")),
        "limits, fixed, three limits": fixed.hit(*three),
        "limits, moving, of 100": Peer("limits, moving", "Redis").hit((100, "m")),
        "DRF, of 100": Peer("DRF", "Redis").hit((100, "m")),
        "django-ratelimit": Peer("django-ratelimit", "Redis").hit((10**6, "m")),
        "ours, of 10": ours.hit((10, "m")),
        "ours, of 100": ours.hit((100, "m")),
        "ours, of 100,000": ours.hit((100_000, "m")),
        "ours, three limits of 100": ours.hit((100, "m"), (100, "h"), (100, "d")),
        "ours, Memcached": Peer(OURS, "Memcached").hit((100, "m")),
        "DRF, Memcached": Peer("DRF", "Memcached").hit((100, "m")),
        "ours, embedded": Peer(OURS, "embedded").hit((100, "m")),
        "DRF, DatabaseCache": Peer("DRF", "DatabaseCache").hit((100, "m")),
    }
    title(
        "A decision: processor time of the client, and time, in µs (medians)",
        "processor",
        "time",
        "of fixed",
    )
    measured = in_turn(cases)
    floor = median(taken for taken, _ in measured["limits, fixed"])
    for name, pairs in measured.items():
        ratio = median(
            taken / fixed_taken
            for (taken, _), (fixed_taken, _) in zip(pairs, measured["limits, fixed"], strict=True)
        )
        processor, passed = (median(column) for column in zip(*pairs, strict=True))
        row(name, f"{processor:.1f}", f"{passed:.1f}", f"{ratio:.2f} x" if floor else "")


def in_turn(
    cases: dict[str, Hit], *, rounds: int = 15, batch: int = 240
) -> dict[str, list[tuple[float, float]]]:
    """Return the µs of a hit, of the processor and in all, one pair for each round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for number in range(rounds):
        for name, hit in random.sample(list(cases.items()), len(cases)):
            clients = [f"{number}-{hits // 8}" for hits in range(batch)]  # eight hits of each
            hit(f"{number}-first")
            passed, processor = time.perf_counter_ns(), time.process_time_ns()
            for client in clients:
                hit(client)
            taken[name].append(
                (
                    (time.process_time_ns() - processor) / batch / 1000,
                    (time.perf_counter_ns() - passed) / batch / 1000,
                )
            )
    return taken


# -- Memory --------------------------------------------------------------------------------------


def show_bytes(place: Place) -> None:
    sizes = (10, 100, 1_000, 100_000)
    title(
        "Bytes in Redis for one client who has used up a limit of N",
        *(f"{size:,}" for size in sizes),
        "100 refused",
    )
    for peer in ON_REDIS:
        found = [held(peer, size, place) for size in sizes]
        row(peer, *(f"{before:,}" for before, _ in found), f"{found[1][1] - found[1][0]:+,}")


def held(peer: Peer, amount: int, place: Place) -> tuple[int, int]:
    """Return the bytes after ``amount`` hits, and after 100 more."""
    client, hit = redis.Redis(port=place.redis), peer.hit((amount, "d"))
    client.flushall()
    if peer.name == "DRF" and amount > 1_000:
        # It reads and writes the whole history at each hit: as it is after so many.
        now = time.time()
        history = [now - number / 1_000_000 for number in range(amount)]
        caches["Redis"].set("throttle_d_client", history, 86_400)
    else:
        for _ in range(amount):
            hit("client")
    before = _bytes_of_all(client)
    for _ in range(100):
        hit("client")
    return before, _bytes_of_all(client)


def _bytes_of_all(client: Any) -> int:
    return sum(client.memory_usage(key, samples=0) for key in client.scan_iter())


# -- The embedded store --------------------------------------------------------------------------


def show_embedded(place: Place) -> None:
    title(
        "Decisions of 8 x 4 workers, each about another client: of one host, without a server",
        "a second",
        "median, ms",
        "p99, ms",
    )
    for peer in (Peer(OURS, "embedded"), Peer("DRF", "DatabaseCache")):
        rate, moments = throughput(peer, place, hits=2_000 if peer.name == OURS else 100)
        row(
            peer,
            f"{rate:,.0f}",
            f"{median(moments):.2f}",
            f"{moments[len(moments) * 99 // 100]:.2f}",
        )


def throughput(peer: Peer, place: Place, *, hits: int) -> tuple[float, list[float]]:
    processes, threads = CROWDS[0]
    context = get_context("spawn")
    barrier = context.Barrier(processes)
    with context.Pool(processes, _initialize, (place, barrier)) as pool:
        found = pool.starmap(_work, [(peer, n, threads, hits) for n in range(processes)], 1)
    begun, ended = min(start for start, _, _ in found), max(end for _, end, _ in found)
    return processes * threads * hits / (ended - begun), sorted(
        moment for _, _, moments in found for moment in moments
    )


def _work(peer: Peer, number: int, threads: int, hits: int) -> tuple[float, float, list[float]]:
    hit = peer.hit((LIMIT, "m"))
    hit("first")

    def come(thread: int) -> list[float]:
        moments = [time.perf_counter()]
        for turn in range(hits):
            hit(f"{number}-{thread}-{turn // LIMIT}")
            moments.append(time.perf_counter())
        return [(after - before) * 1000 for before, after in pairwise(moments)]

    everyone.wait()
    begun = time.time()
    with ThreadPoolExecutor(threads) as pool:
        moments = [moment for each in pool.map(come, range(threads)) for moment in each]
    return begun, time.time(), moments


# -- Under gunicorn ------------------------------------------------------------------------------

ROUNDS, BATCH, CLIENTS = 20, 400, 8
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def show_views(place: Place) -> None:
    title(
        f"{LIMIT}/d through gunicorn, 4 processes of 4 threads, {4 * LIMIT} requests",
        "answered 200",
    )
    for variant in [variant for variant in VARIANTS if not variant.startswith(("none", "floor"))]:
        with serving(place, variant, f"{LIMIT}/d") as port:
            row(variant, sum(ask_often(port, 4 * LIMIT)))
    title("A trivial view of DRF under gunicorn, 2 processes of 4 threads", "requests/s", "of none")
    with ExitStack() as stack:
        ports = {
            variant: stack.enter_context(serving(place, variant, "100000/s", workers=2))
            for variant in VARIANTS
        }
        rates: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
        for _ in range(ROUNDS):
            for variant in random.sample(list(VARIANTS), len(VARIANTS)):
                begun = time.perf_counter()
                if sum(ask_often(ports[variant], BATCH, clients=CLIENTS)) < BATCH:
                    raise RuntimeError(f"{variant}: not all were answered")
                rates[variant].append(BATCH / (time.perf_counter() - begun))
    for variant, measured in rates.items():
        ratio = median(a / b for a, b in zip(measured, rates["none"], strict=True))
        row(variant, f"{median(measured):,.0f}", f"{ratio:.1%}")


def ask_often(port: int, requests: int, *, clients: int = 1) -> list[bool]:
    """Return of each request whether it was answered with 200; sent by so many addresses."""
    addresses = [f"127.0.0.{1 + number % clients}" for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = pool.map(_ask, [port] * CLIENTS, [requests // CLIENTS] * CLIENTS, addresses)
        return [is_good for each in answers for is_good in each]


def _ask(port: int, requests: int, address: str) -> list[bool]:
    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), 30, (address, 0))

    answers: list[bool] = []
    connection, answer = connect(), b""
    while len(answers) < requests:
        connection.sendall(GET)
        answer = connection.recv(65536)
        while not _is_whole(answer):
            piece = connection.recv(65536)
            if not piece:
                raise RuntimeError(f"cut off after {answer!r}")
            answer += piece
        answers.append(answer.startswith(b"HTTP/1.1 200 "))
        if b"connection: close" in answer.lower():
            connection.close()
            connection = connect()
    connection.close()
    return answers


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
    # What ends in front of CommonMiddleware is sent in chunks.
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


@contextmanager
def serving(place: Place, variant: str, rate: str, *, workers: int = 4) -> Iterator[int]:
    port = free_port()
    with TemporaryDirectory(dir=place.folder) as folder:
        Path(folder, "cache.sqlite3").symlink_to(Path(place.folder, "cache.sqlite3"))
        redis.Redis(port=place.redis).flushall()
        caches["Memcached"].clear()
        caches["DatabaseCache"].clear()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "ratelimit_site:application()"),
                *(f"--bind=127.0.0.1:{port}", f"--workers={workers}", "--threads=4"),
            ],
            cwd=Path(__file__).resolve().parent,
            env={
                **os.environ,
                "BENCHMARK_LIMIT": variant,
                "BENCHMARK_RATE": rate,
                "BENCHMARK_FOLDER": folder,
                "BENCHMARK_REDIS": str(place.redis),
                "BENCHMARK_MEMCACHED": str(place.memcached),
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            time.sleep(1)  # each worker has a site to load
            return


# -- When a server is lost -----------------------------------------------------------------------


def show_outages(place: Place) -> None:
    title(
        "A server that is lost under load (50/d)",
        "errors",
        "admitted",
        "first, ms",
        "then, ms",
        "back in, s",
    )
    for program, options in (("redis-server", REDIS), ("memcached", MEMCACHED)):
        for how in ("killed", "hung"):
            _show_outage(place, program, options, how)


def _show_outage(place: Place, program: str, options: Sequence[str], how: str) -> None:
    store = "Redis" if program == "redis-server" else "Memcached"
    with server(program, *options) as (port, process):
        context = get_context("spawn")
        with context.Pool(1, configure, (_elsewhere(place, store, port),)) as pool:
            before = pool.apply(_hit_often, (Peer(OURS, store), "before", 20))
            if how == "killed":
                process.kill()
                process.wait(30)
            else:
                process.send_signal(signal.SIGSTOP)
            errors, admitted, first, then = pool.apply(
                _hit_often, (Peer(OURS, store), f"{store}-{how}", 400)
            )
            if how == "killed":
                again = start(str(which(program)), port, *options)
            else:
                again = process
                process.send_signal(signal.SIGCONT)
            try:
                seconds = pool.apply(_until_shared, (Peer(OURS, store),))
            finally:
                again.kill()
                again.wait(30)
        row(
            f"{store}, {how}",
            errors + before[0],
            admitted,
            f"{first:.0f}",
            f"{then:.2f}",
            f"{seconds:.1f}",
        )


def _elsewhere(place: Place, store: str, port: int) -> Place:
    return place._replace(**{"redis" if store == "Redis" else "memcached": port})


def _hit_often(peer: Peer, client: str, hits: int) -> tuple[int, int, float, float]:
    """Return the errors, how many were admitted, and the ms of the first and the slowest other."""
    hit, lock = peer.hit((50, "d")), Lock()
    errors, admitted, moments = 0, 0, list[float]()

    def once(_: int = 0) -> None:
        nonlocal errors, admitted
        begun = time.perf_counter()
        try:
            is_admitted = hit(client)
        except Exception:  # noqa: BLE001  # what would be a 500
            is_admitted, errors = False, errors + 1
        with lock:
            admitted += is_admitted
            moments.append((time.perf_counter() - begun) * 1000)

    once()
    first = moments.pop()
    for _ in range(hits):
        once()
    return errors, admitted, first, max(moments)


def _until_shared(peer: Peer) -> float:
    """Return the seconds until hits are counted on the server again."""
    from django_hardened.ratelimit.stores import get_store  # noqa: PLC0415

    store: Any = get_store(peer.store)
    hit, begun = peer.hit((10**6, "d")), time.monotonic()
    while time.monotonic() - begun < 30:
        hit("back")
        if store._breakers[0].is_closed:  # noqa: SLF001
            return time.monotonic() - begun
        time.sleep(0.05)
    return float("inf")


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main(sys.argv[1:])
