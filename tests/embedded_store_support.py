"""What other processes do to a file of the embedded store. Imported by each of them."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep
from typing import Any

from django.conf import settings

from django_hardened.ratelimit.decisions import Entry, StoreUnavailable
from django_hardened.ratelimit.embedded_store import EmbeddedStore
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.stores import get_store

PATIENCE = 60
HOUR = 3600
_spawn = multiprocessing.get_context("spawn")


def entry(key: str, amount: int = 100, seconds: int = HOUR) -> Entry:
    return Entry("tag", key, Limit(amount, seconds))


def in_processes(number: int, work: Callable[..., Any], *args: Any) -> list[Any]:
    """Return what ``work(barrier, *args)`` returned in each of so many new processes."""
    barrier, answers = _spawn.Barrier(number), _spawn.Queue()
    processes = [
        _spawn.Process(target=_answer, args=(answers, work, barrier, *args)) for _ in range(number)
    ]
    for process in processes:
        process.start()
    found = [answers.get(timeout=PATIENCE) for _ in processes]
    for process in processes:
        process.join(PATIENCE)
    return found


def _answer(answers: Any, work: Callable[..., Any], *args: Any) -> None:
    try:
        answers.put(work(*args))
    except BaseException as error:
        answers.put(repr(error))
        raise


def started(work: Callable[..., Any], *args: Any) -> Any:
    """Start a process that somebody will kill."""
    process = _spawn.Process(target=work, args=args, daemon=True)
    process.start()
    return process


# -- In the other process ------------------------------------------------------------------------


def storm(barrier: Any, path: Path, threads: int, hits: int, entries: list[Entry]) -> int:
    """Return how many of so many hits in each thread were admitted."""
    store, admitted = EmbeddedStore(path), []

    def run() -> None:
        decisions = (store.hit(entries, 1) for _ in range(hits))
        admitted.extend(all(s.wait == 0 for s in decision) for decision in decisions)

    crowd = [Thread(target=run) for _ in range(threads)]
    barrier.wait(PATIENCE)
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return sum(admitted)


def hits_until(barrier: Any, path: Path, stop: Path, hits: int) -> list[str]:
    """Hit in two threads, and then let the abuse end; return the errors that nobody expects."""
    store, errors = EmbeddedStore(path), set()

    def run() -> None:
        for number in range(hits):
            try:
                with suppress(StoreUnavailable):
                    store.hit([entry(f"a{number}"), entry("b", 10**6)], 1)
            except Exception as error:  # noqa: BLE001  # the question is which
                errors.add(repr(error))
            sleep(0.002)

    crowd = [Thread(target=run) for _ in range(2)]
    barrier.wait(PATIENCE)
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    stop.touch()
    return sorted(errors)


def abuse_until(path: Path, stop: Path) -> None:
    """Delete, cut off and overwrite the file and those beside it, until ``stop`` is there.

    Not the one that is mapped into memory: whoever cuts that off kills whoever has it.
    """
    random = Random(7)
    while not stop.exists():
        victim = Path(f"{path}{random.choice(['', '', '-wal', '-wal', '-shm'])}")
        with suppress(FileNotFoundError):
            if victim.name.endswith("-shm") or random.random() < 0.3:
                victim.unlink()
            elif random.random() < 0.5:
                os.truncate(victim, random.randrange(20_000))
            else:
                with victim.open("r+b") as file:
                    file.seek(random.randrange(20_000))
                    file.write(random.randbytes(5000))
        sleep(0.02)


def pairs_without_end(path: Path, number: int) -> None:
    """Hit pairs of keys, always both of one."""
    store = EmbeddedStore(path)
    while True:
        for pair in range(number):
            store.hit([entry(f"a{pair}", 10**6), entry(f"b{pair}", 10**6)], 1)


def forks(barrier: Any, path: Path, children: int) -> list[int]:
    """Hit in two threads, and fork meanwhile; return what was admitted in each process."""
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
    store, entries, stopped = EmbeddedStore(path), [entry("k", 500)], []
    admitted = [0]

    def hit() -> int:
        return sum(store.hit(entries, 1)[0].wait == 0 for _ in range(20))

    def run() -> None:
        while not stopped:
            store.hit([entry("other", 10**6)], 1)

    crowd = [Thread(target=run) for _ in range(2)]
    for thread in crowd:
        thread.start()
    for _ in range(children):
        admitted[0] += hit()
        child = os.fork()
        if not child:
            signal.alarm(PATIENCE)
            os._exit(hit())
        admitted.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    stopped.append(True)
    for thread in crowd:
        thread.join()
    return admitted


def takes_from_the_store_of_the_settings(barrier: Any, path: Path, one: Entry, hits: int) -> int:
    """Return how many of so many hits were admitted, in a process with settings of its own."""
    settings.configure(HARDENED_RATELIMIT_FILE=path, HARDENED_ENVIRONMENT="production")
    barrier.wait(PATIENCE)
    return sum(get_store().hit([one], 1)[0].wait == 0 for _ in range(hits))


def hits_in_a_folder_to_read(barrier: Any) -> str:
    """Return what is said where no file can be made. Nothing is forbidden to root, nobody to it."""
    with TemporaryDirectory() as folder:
        place = Path(folder, "counts")
        place.mkdir(mode=0o500)
        if not os.geteuid():
            os.chown(place, 65534, 65534)
            Path(folder).chmod(0o755)
            os.seteuid(65534)
        try:
            EmbeddedStore(place / "ratelimit.sqlite3").hit([entry("k")], 1)
        except StoreUnavailable as error:
            return str(error)
        finally:
            os.seteuid(os.getuid())
    return "counted"


def fills_the_disk(barrier: Any, path: Path) -> list[str]:
    """Return what happens where no file can grow, and when it can again."""
    store, said = EmbeddedStore(path), []
    store.hit([entry("first")], 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, limits[1]))
    for number in range(2000):
        try:
            store.hit([entry(f"key{number}"), entry(f"other{number}")], 1)
        except StoreUnavailable:
            said.append("full")
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said.append(str(store.hit([entry("first")], 1)[0].remaining))
    return said
