"""Which names are tenants: the resolver of the project is asked, and some answers are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from inspect import isawaitable
from time import monotonic
from typing import Any, Final

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async

from django_hardened.hosts import parse_host
from django_hardened.log_window import LogWindow

UNAVAILABLE: Final = ""  # no name of a tenant
MAX_ANSWERS = 1024
# A new tenant is served, and one that is gone refused, after this many seconds at the latest.
KEPT_SECONDS = 60.0


class _Answers:
    """The last answers, the least recently used of which goes first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str | None]] = OrderedDict()

    def get(self, name: str) -> tuple[bool, str | None]:
        found = self._kept.get(name)
        if found is None or found[0] < self._clock():
            return False, None
        with suppress(KeyError):  # another thread has just dropped it; the answer is still good
            self._kept.move_to_end(name)
        return True, found[1]

    def put(self, name: str, answer: str | None) -> None:
        self._kept[name] = (self._clock() + KEPT_SECONDS, answer)
        while len(self._kept) > MAX_ANSWERS:
            self._kept.popitem(last=False)


class Tenants:
    """Knows which names exist.

    ``resolver`` is called with a name in canonical form, such as ``shop.example.com``. It returns
    the canonical name of the tenant as a string, or any other true value if the name is that; and
    None or another false value if there is no such tenant. It may be a coroutine function, or
    return something to wait for.
    """

    def __init__(
        self, resolver: Callable[[str], Any], *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._resolver = resolver
        self._is_async = _is_async(resolver)
        # Apart, so that names that do not exist cannot push out those that do.
        self._hits, self._misses = _Answers(clock), _Answers(clock)
        self._failures = LogWindow(clock=clock)

    def resolve(self, name: str) -> str | None:
        """Return the canonical name of the tenant ``name``; None if there is no such tenant.

        ``UNAVAILABLE`` if the resolver fails, or returns a string that is no host name.
        """
        is_known, answer = self._known(name)
        if is_known:
            return answer
        try:
            answer = self._resolver(name)
            return self._keep(name, async_to_sync(_wait)(answer) if isawaitable(answer) else answer)
        except Exception:  # noqa: BLE001  # whatever it is, the request ends here
            return self._failed()

    async def aresolve(self, name: str) -> str | None:
        """As :meth:`resolve`. A resolver that is no coroutine function runs in a thread."""
        is_known, answer = self._known(name)
        if is_known:
            return answer
        try:
            ask = self._resolver if self._is_async else sync_to_async(self._resolver)
            answer = await ask(name)
            return self._keep(name, await answer if isawaitable(answer) else answer)
        except Exception:  # noqa: BLE001
            return self._failed()

    def _failed(self) -> str:
        self._failures.warning(
            "django_hardened.tenants", "The tenant resolver failed.", exc_info=True
        )
        return UNAVAILABLE

    def _known(self, name: str) -> tuple[bool, str | None]:
        is_hit, answer = self._hits.get(name)
        return (True, answer) if is_hit else self._misses.get(name)

    def _keep(self, name: str, answer: Any) -> str | None:
        if not answer:
            self._misses.put(name, None)
            return None
        canonical = parse_host(answer).name if isinstance(answer, str) else name
        self._hits.put(name, canonical)
        return canonical


def _is_async(resolver: Callable[[str], Any]) -> bool:
    return iscoroutinefunction(resolver) or iscoroutinefunction(type(resolver).__call__)


async def _wait(answer: Any) -> Any:
    return await answer
