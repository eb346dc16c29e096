"""What holds while a real server is killed or hangs, by the store that the settings name."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.cache import caches
from servers_support import Server, ask, server
from stores_support import Clock, entry

from django_hardened.ratelimit import memcached_client, stores
from django_hardened.ratelimit.decisions import Entry, LimiterUnavailable, Standing
from django_hardened.ratelimit.embedded_store import EmbeddedStore
from django_hardened.ratelimit.failure_policy import (
    LOGGER,
    POLICIES,
    PROBE_EVERY,
    Breaker,
    ResilientStore,
)
from django_hardened.ratelimit.rates import Limit
from django_hardened.ratelimit.stores import get_store

PATIENCE = 60
LIMIT = 60
HOUR = Limit(LIMIT, 3600)
BACKENDS = "django.core.cache.backends."
# The library, the server, the backend and the location.
KINDS = {
    "redis": ("redis", "redis", "redis.RedisCache", "redis://127.0.0.1:{}"),
    "memcached": ("pymemcache", "memcached", "memcached.PyMemcacheCache", "127.0.0.1:{}"),
}


class Site:
    """The store of a project, its server, and the clock of the breaker."""

    def __init__(self, kind: str, running: Server) -> None:
        self.kind = kind
        self.running = running
        self.clock = Clock()
        store = get_store()
        assert isinstance(store, ResilientStore)
        self.store = store
        for breaker in store._breakers:
            breaker._clock = self.clock
        self.asked = 0
        self._count_questions()

    @property
    def breaker(self) -> Breaker:
        """That of the server."""
        return self.store._breakers[0]

    @property
    def local(self) -> Any:
        """The store of this host."""
        return self.store._breakers[1].store

    def _count_questions(self) -> None:
        server_store: Any = self.breaker.store
        hit, lock = server_store.hit, Lock()

        def count(entries: Sequence[Entry], cost: int) -> list[Standing]:
            with lock:
                self.asked += 1
            answer: list[Standing] = hit(entries, cost)
            return answer

        server_store.hit = count

    def hits(self, number: int, name: str = "any") -> int:
        """Return how many of so many hits are admitted."""
        entries = [entry(name, HOUR)]
        return sum(not self.store.hit(entries, 1)[0].wait for _ in range(number))

    def counted(self, store: Any, name: str = "any") -> int:
        return LIMIT - int(store.hit([entry(name, HOUR)], 0)[0].remaining)

    def await_the_server(self) -> None:
        """Let the second between two probes pass, as often as it takes."""
        end = monotonic() + PATIENCE
        while not self.breaker.is_closed:
            assert monotonic() < end, "the server has not been found"
            self.clock.now += PROBE_EVERY
            with suppress(LimiterUnavailable):  # where that is the policy
                self.hits(1, "in between")
            self.await_probe()

    def await_probe(self) -> None:
        end = monotonic() + PATIENCE
        while self.breaker._probes:
            assert monotonic() < end, "the probe has not ended"
            sleep(0.01)

    def await_server_process(self) -> None:
        """Until it answers whoever is patient."""
        ask(self.running, "PING" if self.kind == "redis" else "version")

    def close(self) -> None:
        client: Any = self.breaker.store
        client = client._client
        if self.kind == "redis":
            for connections in client._idle.values():
                while connections:
                    connections.pop().disconnect()
        else:
            client.reset()


def _configure(settings: Any, kind: str, folder: Path, policy: str, *ports: int) -> None:
    library, _, backend, location = KINDS[kind]
    if find_spec(library) is None:
        pytest.skip(f"the library {library} is not installed")
    places = [location.format(port) for port in ports]
    settings.CACHES = {"default": {"BACKEND": f"{BACKENDS}{backend}", "LOCATION": places}}
    settings.HARDENED_RATELIMIT_FILE = str(folder / "limits.sqlite3")
    settings.HARDENED_RATELIMIT_ON_ERROR = policy


@pytest.fixture(autouse=True)
def _is_more_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second, or a machine that has more to do would look like a server that hangs."""
    monkeypatch.setattr(memcached_client, "TIMEOUT", 0.5)
    if find_spec("redis"):
        from django_hardened.ratelimit import redis_clients

        for name in ("socket_timeout", "socket_connect_timeout"):
            monkeypatch.setitem(redis_clients._IMPATIENT, name, 0.5)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def serve(kind: str, settings: Any, tmp_path: Path) -> Callable[[str], Any]:
    @contextmanager
    def serve(policy: str) -> Iterator[Site]:
        with server(KINDS[kind][1]) as running:
            _configure(settings, kind, tmp_path, policy, running.port)
            site = Site(kind, running)
            try:
                yield site
            finally:
                site.close()
                stores._kept.clear()
                caches.close_all()

    return serve


@pytest.fixture
def site(serve: Callable[[str], Any]) -> Iterator[Site]:
    with serve("fallback") as site:
        yield site


# -- Killed --------------------------------------------------------------------------------------


def test_killed_in_the_middle_of_hits(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """No exception; the limit holds on the server and, from then on, on this host."""
    threads, begun = 8, Event()

    def hit_often(_: int) -> list[int]:
        admitted = [site.hits(1) for _ in range(3)]
        begun.set()
        return admitted + [site.hits(1) for _ in range(100)]

    with ThreadPoolExecutor(threads) as pool:
        answers = pool.map(hit_often, range(threads))
        assert begun.wait(PATIENCE)
        site.running.kill()
        admitted = sum(map(sum, answers))
    site.hits(2 * LIMIT)  # however quick the threads were
    assert LIMIT <= admitted <= 2 * LIMIT
    assert isinstance(site.local, EmbeddedStore)
    assert site.counted(site.local) == LIMIT
    assert site.hits(100) == 0
    assert not site.breaker.is_closed
    lost = [message for message in caplog.messages if "have lost" in message]
    assert len(lost) == 1
    assert "EmbeddedStore counts until it is back" in lost[0]


def test_shared_again_after_a_restart(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert site.hits(10) == 10
    site.running.kill()
    assert site.hits(10) == 10
    site.running.start_again()
    site.await_the_server()
    caplog.clear()
    assert site.hits(2 * LIMIT) == LIMIT, "of the server, which has forgotten all"
    assert site.counted(site.breaker.store) == LIMIT
    assert site.counted(site.local) == 10
    assert caplog.messages == []


def test_one_that_is_down_at_first(serve: Callable[[str], Any]) -> None:
    with serve("fallback") as site:
        site.running.kill()
        assert site.hits(2 * LIMIT) == LIMIT
        site.running.start_again()
        site.await_the_server()
        assert site.hits(2 * LIMIT) == LIMIT


def test_a_hit_is_taken_back_where_it_was_counted(site: Site) -> None:
    limited = [entry("any", HOUR)]
    [of_server] = site.store.hit(limited, 1)
    site.running.kill()
    [of_host] = site.store.hit(limited, 1)
    site.store.take_back(limited, 1, [of_server.quantum])  # nobody is there to be told
    assert site.counted(site.local) == 1
    site.store.take_back(limited, 1, [of_host.quantum])
    assert site.counted(site.local) == 0
    site.hits(5)
    site.store.clear(limited)
    assert site.counted(site.local) == 0


# -- Hung ----------------------------------------------------------------------------------------


def test_hung_and_left_alone(site: Site) -> None:
    """One question for each thread that was waiting; whoever comes later does not wait at all."""
    assert site.hits(10) == 10
    site.running.hang()
    before = site.asked
    assert site.hits(2 * LIMIT) == LIMIT
    assert site.asked == before + 1
    site.clock.now += PROBE_EVERY / 2
    site.hits(100)
    assert site.asked == before + 1, "its time has not come"
    site.clock.now += PROBE_EVERY
    site.hits(100)
    site.await_probe()
    assert site.asked == before + 2, "the probe's"
    assert not site.breaker.is_closed
    site.running.process.send_signal(signal.SIGCONT)
    site.await_server_process()
    site.await_the_server()
    assert site.counted(site.breaker.store) >= 10, "it has not forgotten"
    assert site.hits(2 * LIMIT) <= LIMIT - 10


def test_hung_while_many_ask(site: Site) -> None:
    threads = 8
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(site.hits, [1] * threads))
        site.running.hang()
        before = site.asked
        admitted = sum(pool.map(site.hits, [50] * threads))
    assert admitted == LIMIT
    assert 1 <= site.asked - before <= threads
    site.running.process.send_signal(signal.SIGCONT)
    site.await_server_process()


# -- The other policies --------------------------------------------------------------------------

FAILURES: dict[str, tuple[Callable[[Server], None], Callable[[Server], None]]] = {
    "killed": (Server.kill, Server.start_again),
    "hung": (
        Server.hang,
        lambda running: running.process.send_signal(signal.SIGCONT),
    ),
}


@pytest.mark.parametrize(("fail", "recover"), FAILURES.values(), ids=FAILURES)
def test_deny(
    serve: Callable[[str], Any], fail: Callable[[Server], None], recover: Callable[[Server], None]
) -> None:
    with serve("deny") as site:
        assert site.hits(1) == 1
        fail(site.running)
        before = site.asked
        for _ in range(20):
            with pytest.raises(LimiterUnavailable):
                site.hits(1)
        assert site.asked == before + 1
        recover(site.running)
        site.await_server_process()
        site.await_the_server()
        assert LIMIT - 2 <= site.hits(2 * LIMIT) <= LIMIT


@pytest.mark.parametrize(("fail", "recover"), FAILURES.values(), ids=FAILURES)
def test_allow(
    serve: Callable[[str], Any],
    caplog: pytest.LogCaptureFixture,
    fail: Callable[[Server], None],
    recover: Callable[[Server], None],
) -> None:
    with serve("allow") as site:
        assert site.hits(1) == 1
        fail(site.running)
        before = site.asked
        assert site.hits(2 * LIMIT) == 2 * LIMIT
        assert site.asked == before + 1
        assert "Requests are admitted without limits until it is back" in caplog.text
        recover(site.running)
        site.await_server_process()
        site.await_the_server()
        assert LIMIT - 2 <= site.hits(2 * LIMIT) <= LIMIT


# -- Whatever happens ----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_nothing_is_raised_but_what_the_policy_says(
    serve: Callable[[str], Any], policy: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Threads hit, take back and clear, while the server is killed, stopped and started."""
    caplog.set_level("ERROR", LOGGER)
    chance = random.Random(5)
    entries = [entry(str(number), Limit(30, 3600)) for number in range(3)]
    with serve(policy) as site:
        is_over = Event()

        def act(_: int) -> int:
            raised = 0
            while not is_over.is_set():
                try:
                    quanta = [standing.quantum for standing in site.store.hit(entries, 1)]
                except LimiterUnavailable:
                    raised += 1
                else:
                    site.store.take_back(entries, 1, quanta)
                site.store.clear(entries[1:])
                site.clock.now += 0.01
            return raised

        with ThreadPoolExecutor(4) as pool:
            raised = pool.map(act, range(4))
            try:
                for _ in range(6):
                    fail, recover = FAILURES[chance.choice([*FAILURES])]
                    sleep(chance.uniform(0, 0.1))
                    fail(site.running)
                    sleep(chance.uniform(0, 0.2))
                    recover(site.running)
            finally:
                is_over.set()
        assert (sum(raised) > 0) == (policy == "deny")
        site.await_probe()


@pytest.mark.parametrize("failure", FAILURES)
def test_one_of_several_servers_fails(failure: str, settings: Any, tmp_path: Path) -> None:
    """A probe of the server that is well does not make requests wait for the other."""
    fail, recover = FAILURES[failure]
    with server("memcached") as first, server("memcached") as second:
        _configure(settings, "memcached", tmp_path, "fallback", first.port, second.port)
        site = Site("memcached", second)
        names = [str(number) for number in range(16)]  # some are on each
        assert sum(site.hits(1, name) for name in names) == 16
        fail(second)
        for _ in range(4):
            for name in names:
                assert site.hits(1, name) == 1
            assert not site.breaker.is_closed
            before = site.asked
            site.clock.now += PROBE_EVERY
            site.hits(1)
            site.await_probe()
            assert site.asked > before
        assert not site.breaker.is_closed
        recover(second)
        site.await_server_process()
        site.await_the_server()
        assert sum(site.hits(1, name) for name in names) == 16
        assert site.breaker.is_closed
        site.close()
        stores._kept.clear()
        caches.close_all()
