"""What one request has reserved, and what comes of it.

An attempt is counted before it is made, and given back if it was right: of 200 at the same time no
more are made than of 200 in turn. ``RateLimitMiddleware`` begins and ends a visit, and
``LoginProtectionBackend`` finds it in between, on the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from django_hardened.log_window import LogWindow
from django_hardened.private_responses import has_user
from django_hardened.ratelimit import answers, devices
from django_hardened.ratelimit.accounts import canonical
from django_hardened.ratelimit.configured import address_limits
from django_hardened.ratelimit.decisions import Decision, LimiterUnavailable
from django_hardened.ratelimit.identity import by_address
from django_hardened.ratelimit.limiter import Counted, is_enabled
from django_hardened.ratelimit.logins import LIMITER, OF_ADDRESS, of_address, of_attempt, tell
from django_hardened.ratelimit.proven import ProvenHeaders, is_basic, is_basic_of
from django_hardened.ratelimit.told import remember
from django_hardened.ratelimit.told import tell as write_fields

PROVEN: Final = ProvenHeaders()
# On Django's request, which is the same for every middleware and view.
_ATTRIBUTE: Final = "_hardened_visit"
_current: Final[ContextVar[Visit | None]] = ContextVar("django_hardened.visit", default=None)
_NOTHING: Final = Decision(())
LOGGER: Final = "django_hardened.ratelimit"
_LOGGED_CHARACTERS = 100
_refused: Final = LogWindow()


class Attempt(NamedTuple):
    """A password that was brought, and what was reserved for it.

    Attributes:
        usernames: the accounts that were named, in their canonical form.
        decision: empty where nothing had to be reserved, or nothing could be.
        is_of_header: whether it is the one in the header, and is checked.
    """

    usernames: tuple[str, ...]
    decision: Decision
    is_of_header: bool


@dataclass(eq=False, repr=False)  # what shows variables shows no credentials
class Visit:
    """One request, between its way in through the middleware and its way out.

    Attributes:
        request: Django's.
        header: the credentials that it brings itself.
        is_proven: whether these have told who it is before.
        told: what the client is told of.
        reserved: what was reserved for the header.
        attempts: passwords that have not turned out to be wrong.
        refused: what a login was refused by.
        is_unavailable: whether one was refused because nothing can be counted.
        user: who has logged in.
    """

    request: HttpRequest
    header: str = ""
    is_proven: bool = False
    told: Decision = _NOTHING
    reserved: Decision = _NOTHING
    attempts: list[Attempt] = field(default_factory=list)
    refused: Decision | None = None
    is_unavailable: bool = False
    user: Any = None
    _header_usernames: tuple[str, ...] = ()
    _is_header_refused: bool = False
    _has_failed: bool = False
    _to_return: list[Decision] = field(default_factory=list)
    _to_count: list[Counted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.header = str(self.request.META.get("HTTP_AUTHORIZATION", ""))
        self.is_proven = bool(self.header) and self.header in PROVEN

    # -- The way in ------------------------------------------------------------------------------

    def counted(self) -> list[Counted]:
        """Return what the request counts for as such: one decision for all of it."""
        if not is_enabled():
            return []
        address = self.request.META.get("REMOTE_ADDR")
        clients = by_address(address)
        counted = [(client, limit) for limit in address_limits() for client in clients]
        if self.header and not self.is_proven:
            counted += of_address(address)
        return counted

    def refuse(self, decision: Decision) -> HttpResponse:
        """Return the answer where the visit ends before it has begun."""
        if _part(decision, is_of_header=True).allowed:
            address = str(self.request.META.get("REMOTE_ADDR", ""))[:_LOGGED_CHARACTERS]
            _refused.warning(LOGGER, "Refused a request from %r: it sends too many.", address)
        else:
            tell(self.request, (), decision)
        return answers.too_many(self.request, decision)

    def begin(self, decision: Decision) -> None:
        """Let :func:`visit_of` find this visit."""
        self.told = _part(decision, is_of_header=False)
        self.reserved = _part(decision, is_of_header=True)
        setattr(self.request, _ATTRIBUTE, self)

    def __enter__(self) -> None:
        """Be there for code that has no request: ``authenticate`` may be called without one."""
        _current.set(self)

    def __exit__(self, *exc_info: object) -> None:
        _current.set(None)

    # -- In between ------------------------------------------------------------------------------

    def reserve(self, usernames: Sequence[str], name: object, password: object) -> Decision:
        """Count an attempt before the password is looked at.

        Args:
            usernames: the accounts that are named, in their canonical form.
            name: the one name as it was given, None if there is not exactly one.
            password: as it was given.

        Raises:
            LimiterUnavailable: nothing can be counted, and the policy is to deny.
        """
        named, is_of_header = tuple(usernames), is_basic_of(self.header, name, password)
        if is_of_header:
            self._header_usernames = named
        try:
            decision = self._hit(named, is_of_header=is_of_header)
        except LimiterUnavailable:
            self.is_unavailable = True
            self.attempts.append(Attempt(named, _NOTHING, is_of_header=False))
            raise
        if decision.allowed:
            self.attempts.append(Attempt(named, decision, is_of_header))
            return decision
        self.refused = decision
        self._is_header_refused = self._is_header_refused or is_of_header
        # That it failed will be heard of as well.
        self.attempts.append(Attempt(named, _NOTHING, is_of_header=False))
        return decision

    def _hit(self, usernames: tuple[str, ...], *, is_of_header: bool) -> Decision:
        if is_of_header and self.is_proven:
            return _NOTHING
        counted = of_attempt(self.request, usernames)
        if is_of_header:  # for the address, it was counted when the request came in
            counted = [(client, limit) for client, limit in counted if limit.name != OF_ADDRESS]
        return LIMITER.hit_all(counted)

    def fail(self, usernames: Sequence[str]) -> None:
        """Keep what was reserved for an attempt on these accounts.

        Django masks what is named like a secret; where the account cannot be told, it was the
        last one.
        """
        named = [attempt for attempt in self.attempts if attempt.usernames == tuple(usernames)]
        for attempt in (named or self.attempts)[-1:]:
            self.attempts.remove(attempt)
            self._has_failed = self._has_failed or attempt.is_of_header

    # -- The way out -----------------------------------------------------------------------------

    def end(self, response: HttpResponseBase) -> bool:
        """Note what to do about the reservations; return whether there is anything."""
        status, is_known = response.status_code, has_user(self.request)
        # An error may hide what came of an attempt: it is kept, unless somebody is known.
        is_broken = status >= 500 and not is_known
        if not is_broken:
            self._to_return += [attempt.decision for attempt in self.attempts]
        if self.header:
            is_wrong = status == 401 or (status == 403 and not is_known)
            is_kept = is_broken or (is_wrong and not self._is_header_refused)
            self._end_of_header(has_failed=is_kept or self._has_failed, is_known=is_known)
        return any(decision.entries for decision in self._to_return) or bool(self._to_count)

    def _end_of_header(self, *, has_failed: bool, is_known: bool) -> None:
        if not has_failed:
            self._to_return.append(self.reserved)
            if is_known and self._is_header_right():
                PROVEN.add(self.header)
            return
        self.told = _joined(self.told, self.reserved)
        if self.is_proven:
            PROVEN.discard(self.header)
            self._to_count = of_attempt(self.request, self._header_usernames)

    def _is_header_right(self) -> bool:
        """Whether it is the header that has told who it is.

        A session may have, or a login in this request: whoever has an account could have guesses
        proven beside it. What can be guessed must have been checked, and not have failed.
        """
        if self.user is not None or settings.SESSION_COOKIE_NAME in self.request.COOKIES:
            return False
        return not is_basic(self.header) or any(attempt.is_of_header for attempt in self.attempts)

    def settle(self) -> None:
        """Give back what was reserved and right; count what was trusted and wrong."""
        with suppress(LimiterUnavailable):
            for decision in self._to_return:
                LIMITER.take_back(decision)
            LIMITER.hit_all(self._to_count)

    def answer(self, response: HttpResponseBase) -> HttpResponseBase:
        """Return ``response`` with what the client is to know, or what stands in its place."""
        if self.user is not None:  # in the end, whatever was refused before
            devices.set_cookie(response, self._usernames())
        elif self.is_unavailable:
            return answers.unavailable()
        elif self.refused is not None:
            response = answers.too_many(self.request, self.refused)
            remember(self.request, self.refused)
        # Behind what throttles and decorators have decided.
        remember(self.request, self.told)
        write_fields(self.request, response)
        return response

    def _usernames(self) -> list[str]:
        """Return the names of who has logged in: the one that was typed, if it is clear which.

        Of two, one may be somebody else's.
        """
        typed = [username for attempt in self.attempts for username in attempt.usernames]
        return [canonical(self.user.get_username()), *(typed if len(typed) == 1 else ())]


def visit_of(request: Any) -> Visit | None:
    """Return the visit that ``request`` is, None where no middleware has begun one.

    Without a request it is the one that is being answered.
    """
    plain = unwrapped(request)
    if plain is None:
        return _current.get()
    return cast("Visit | None", getattr(plain, _ATTRIBUTE, None))


def unwrapped(request: object) -> HttpRequest | None:
    """Return Django's request, which that of REST framework holds; None for anything else."""
    plain = getattr(request, "_request", request)
    return plain if isinstance(plain, HttpRequest) else None


def _part(decision: Decision, *, is_of_header: bool) -> Decision:
    """Return the part of ``decision`` that is about the header, or the rest."""
    kept = [
        index
        for index, entry in enumerate(decision.entries)
        if (entry.limit.name == OF_ADDRESS) is is_of_header
    ]
    return Decision(
        tuple(decision.statuses[index] for index in kept),
        tuple(decision.entries[index] for index in kept),
        tuple(decision.standings[index] for index in kept),
        decision.cost,
    )


def _joined(one: Decision, other: Decision) -> Decision:
    return Decision((*one.statuses, *other.statuses))
