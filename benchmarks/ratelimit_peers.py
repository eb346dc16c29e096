"""The limiters of ratelimit.py, each as a function of a client that says whether it is admitted."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from types import SimpleNamespace
from typing import Any, NamedTuple

import django
import limits
import limits.storage
import limits.strategies
import redis
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command

Hit = Callable[[str], bool]
Rate = tuple[int, str]  # a number, and a unit of time that every one of them knows

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OURS = "django-hardened"
BACKENDS = "django.core.cache.backends."
INCR = (
    "local n = redis.call('INCR', KEYS[1]) "
    "if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end "
    "return n"
)


class Place(NamedTuple):
    """Where things are: what a process needs to count with the others."""

    redis: int  # its port
    memcached: int
    folder: str


class Peer(NamedTuple):
    name: str
    store: str  # an alias of CACHES

    def __str__(self) -> str:
        return f"{self.name}, {self.store}"

    def hit(self, *rates: Rate) -> Hit:
        return MAKERS[self.name](self.store, rates)


def configure(place: Place) -> None:
    files = Path(place.folder)
    settings.configure(
        SECRET_KEY="fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",  # noqa: S106
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": files / "cache.sqlite3",
                "OPTIONS": {"timeout": 60, "init_command": "PRAGMA journal_mode=WAL"},
            }
        },
        CACHES={
            "Redis": {
                "BACKEND": f"{BACKENDS}redis.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{place.redis}",
            },
            "Memcached": {
                "BACKEND": f"{BACKENDS}memcached.PyMemcacheCache",
                "LOCATION": f"127.0.0.1:{place.memcached}",
            },
            "LocMem": {"BACKEND": f"{BACKENDS}locmem.LocMemCache"},
            "default": {"BACKEND": f"{BACKENDS}dummy.DummyCache"},
            "DatabaseCache": {"BACKEND": f"{BACKENDS}db.DatabaseCache", "LOCATION": "cache"},
        },
        HARDENED_RATELIMIT_FILE=str(files / "ratelimit.sqlite3"),
    )
    django.setup()


def create_tables() -> None:
    call_command("createcachetable", verbosity=0)


# -- Each limiter --------------------------------------------------------------------------------


def _ours(store: str, rates: Sequence[Rate]) -> Hit:
    from django_hardened.ratelimit.limiter import Limiter  # noqa: PLC0415
    from django_hardened.ratelimit.rates import Limit  # noqa: PLC0415
    from django_hardened.ratelimit.stores import get_store  # noqa: PLC0415

    limiter = Limiter(get_store("none" if store == "embedded" else store))
    parsed = [Limit(amount, SECONDS[unit], unit) for amount, unit in rates]
    return lambda client: limiter.hit(client, parsed).allowed


def _drf(store: str, rates: Sequence[Rate]) -> Hit:
    from rest_framework.throttling import UserRateThrottle  # noqa: PLC0415

    class Throttle(UserRateThrottle):
        cache = caches[store]

        def get_cache_key(self, request: Any, view: Any) -> str:
            return f"throttle_{self.scope}_{request.client}"

    def throttle(amount: int, unit: str) -> type[Throttle]:
        return type("Throttle", (Throttle,), {"rate": f"{amount}/{unit}", "scope": unit})

    classes = [throttle(*rate) for rate in rates]
    view: Any = None

    def hit(client: str) -> bool:
        # As its views do: an instance a request, and every throttle is asked.
        request: Any = SimpleNamespace(client=client)
        return min(made().allow_request(request, view) for made in classes)

    return hit


def _django_ratelimit(store: str, rates: Sequence[Rate]) -> Hit:
    from django_ratelimit.core import is_ratelimited  # noqa: PLC0415

    written = [f"{amount}/{unit}" for amount, unit in rates]

    def hit(client: str) -> bool:
        settings.RATELIMIT_USE_CACHE = store
        request: Any = SimpleNamespace(method="GET", client=client)
        return not max(
            is_ratelimited(request, "group", key=_client_of, rate=rate, increment=True)
            for rate in written
        )

    return hit


def _client_of(group: str, request: Any) -> str:
    return str(request.client)


def _limits(strategy: type[limits.strategies.RateLimiter]) -> Callable[[str, Sequence[Rate]], Hit]:
    def make(store: str, rates: Sequence[Rate]) -> Hit:
        location = str(settings.CACHES[store]["LOCATION"])
        storage = limits.storage.storage_from_string(
            location if "://" in location else f"memcached://{location}"
        )
        limiter = strategy(storage)
        classes = {
            "s": limits.RateLimitItemPerSecond,
            "m": limits.RateLimitItemPerMinute,
            "h": limits.RateLimitItemPerHour,
            "d": limits.RateLimitItemPerDay,
        }
        items = [classes[unit](amount) for amount, unit in rates]
        return lambda client: all(limiter.hit(item, client) for item in items)

    return make


def _incr(store: str, rates: Sequence[Rate]) -> Hit:
    client = redis.Redis.from_url(settings.CACHES[store]["LOCATION"])
    sha = client.script_load(INCR)
    [(amount, unit)] = rates
    milliseconds = SECONDS[unit] * 1000
    return lambda who: int(client.evalsha(sha, 1, f"incr:{who}", milliseconds)) <= amount


MAKERS: dict[str, Callable[[str, Sequence[Rate]], Hit]] = {
    OURS: _ours,
    "DRF": _drf,
    "django-ratelimit": _django_ratelimit,
    "limits, fixed": _limits(limits.strategies.FixedWindowRateLimiter),
    "limits, moving": _limits(limits.strategies.MovingWindowRateLimiter),
    "limits, sliding": _limits(limits.strategies.SlidingWindowCounterRateLimiter),
    "bare INCR": _incr,
}


# -- Their servers -------------------------------------------------------------------------------


@contextmanager
def server(program: str, *options: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server on a port of its own, which the options have as ``{port}``."""
    executable = which(program)
    if executable is None:
        raise SystemExit(f"{program} has to be installed")
    port = free_port()
    process = start(executable, port, *options)
    try:
        yield port, process
    finally:
        process.kill()
        process.wait(30)


def start(executable: str, port: int, *options: str) -> subprocess.Popen[bytes]:
    arguments = [executable, *(option.format(port=port) for option in options)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return process


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


REDIS = ("--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
MEMCACHED = ("-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-u", "nobody")
