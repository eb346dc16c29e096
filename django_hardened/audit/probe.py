"""The proof: each endpoint is called, as each role, and what came back is held against the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from django.db import connections
from django.test.client import Client, ClientHandler
from django.urls import Resolver404, resolve

from django_hardened.audit import memos, requests
from django_hardened.audit.capture import (
    Captured,
    ProbeImpossible,
    forget_cached,
    isolated,
    rolled_back,
)
from django_hardened.audit.endpoints import Access, Endpoint, Kind, Probed
from django_hardened.audit.inference import Subject
from django_hardened.audit.refusals import is_refusal
from django_hardened.audit.roles import Role
from django_hardened.audit.rows import NoRow, user_in_database, values_for
from django_hardened.audit.urlconf import Route
from django_hardened.audit.watching import watching

_ACCESS = {
    Role.ANONYMOUS: Access.ANONYMOUS,
    Role.AUTHENTICATED: Access.AUTHENTICATED,
    Role.STAFF: Access.STAFF,
}


@dataclass(frozen=True)
class Reply:
    """What came back from one call; ``is_entered`` says whether the view's own code ran."""

    status: int
    location: str = ""
    is_entered: bool | None = None

    @property
    def is_refused(self) -> bool:
        """Whether it says that the caller may not."""
        return is_refusal(self.status, self.location)

    @property
    def is_served(self) -> bool:
        """Whether the caller got through, whatever the view then made of the request."""
        if self.is_refused:
            return False
        return self.is_entered is True or (self.status < 400 and self.is_answer)

    @property
    def is_answer(self) -> bool:
        """Whether something else than a way elsewhere came back, or the view sent it."""
        return self.status < 300 or self.is_entered is not False

    @property
    def is_missing(self) -> bool:
        """Whether the view, or what is in front of it, pretends that nothing is there."""
        return self.status in {404, 410}


class _Handler(ClientHandler):
    """Has REST framework take ``user`` for logged in, by whatever its views authenticate."""

    def __init__(self, user: Any) -> None:
        super().__init__(enforce_csrf_checks=False)
        self._user = user

    def get_response(self, request: Any) -> Any:
        if self._user is not None:
            request._force_auth_user = self._user
        return super().get_response(request)


def probe(
    inventory: Iterable[tuple[Route, Endpoint]],
    *,
    unsafe: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Endpoint], Captured]:
    """Call each endpoint as each role and return them with what was found.

    Only methods that change nothing are called, unless ``unsafe``. What is called runs in a
    transaction that is rolled back, and mail, tasks and caches stay in this process; what the
    project sends over a network by itself is sent.

    Raises:
        ProbeImpossible: a database cannot roll back, or the middleware cannot be loaded.
    """
    _load_middleware()
    rows, found = list(inventory), []
    with isolated() as captured, memos.kept():
        users = _users()
        for number, (route, endpoint) in enumerate(rows, start=1):
            is_called = unsafe or not endpoint.is_write
            found.append(_probed(route, endpoint, users) if is_called else endpoint)
            progress(number, len(rows))
    return found, captured


def _load_middleware() -> None:
    """Have what every call would fail of be said once."""
    try:
        ClientHandler().load_middleware()
    except Exception as error:
        raise ProbeImpossible(f"MIDDLEWARE cannot be loaded: {error}") from error


def _users() -> dict[Role, Any]:
    users: dict[Role, Any] = {Role.ANONYMOUS: None}
    for role in (Role.AUTHENTICATED, Role.STAFF):
        try:
            users[role] = user_in_database(role)
        except NoRow:  # nobody of that role can be made; strangers are what counts
            continue
    return users


def _probed(route: Route, endpoint: Endpoint, users: Mapping[Role, Any]) -> Endpoint:
    subject = Subject(route)
    path = route.sampled(values_for(subject)).path
    if not _leads_to(path, route):
        note = f"{path} is answered by another pattern"
        return replace(endpoint, probed=Probed(Access.UNKNOWN, {}, agrees=True, note=note))
    code = getattr(subject.handler(endpoint.method), "__code__", None)
    is_forced = not _knows_sessions(subject)
    replies = {
        role: _call(path, endpoint, user, code, is_forced=is_forced) for role, user in users.items()
    }
    access = judge(replies)
    return replace(
        endpoint,
        probed=Probed(
            access,
            {role.value: reply.status for role, reply in replies.items()},
            agrees=_agrees(endpoint, access, replies),
        ),
    )


def _leads_to(path: str, route: Route) -> bool:
    try:
        return bool(resolve(path).func is route.callback)
    except Resolver404:
        return False


def _knows_sessions(subject: Subject) -> bool:
    if not (subject.is_drf and subject.instance is not None):
        return False
    from django_hardened.drf import asked  # noqa: PLC0415  # imports what settings name

    return asked.knows_sessions(subject.instance)


def _call(path: str, endpoint: Endpoint, user: Any, code: Any, *, is_forced: bool) -> Reply:
    client = Client(raise_request_exception=False, headers={"host": requests.host()})
    with ExitStack() as stack:
        for alias in connections:
            stack.enter_context(rolled_back(alias))
        if user is not None:
            client.force_login(user)
        client.handler = _Handler(user if is_forced else None)
        forget_cached()
        watch = stack.enter_context(watching(code))
        body = _body(endpoint)
        try:
            response = client.generic(endpoint.method, path, secure=True, **body)
        except Exception:  # noqa: BLE001  # also the page for errors may fail
            return Reply(500, is_entered=watch.is_entered)
        is_entered = watch.is_entered or _is_called_wrongly(response, code)
        if endpoint.kind is Kind.NINJA and response.status_code == 422:
            is_entered = True  # arguments are read after authentication
    return Reply(response.status_code, response.get("Location", ""), is_entered)


def _is_called_wrongly(response: Any, code: Any) -> bool | None:
    """Whether the code was called with arguments that it does not take: the door was open."""
    if code is None:
        return None
    error = (getattr(response, "exc_info", None) or (None, None))[1]
    return isinstance(error, TypeError) and f"{code.co_name}()" in str(error)


def _body(endpoint: Endpoint) -> dict[str, Any]:
    if not endpoint.is_write:
        return {}
    if endpoint.kind.is_api:
        return {"data": "{}", "content_type": "application/json"}
    return {"data": "", "content_type": "application/x-www-form-urlencoded"}


def judge(replies: Mapping[Role, Reply]) -> Access:
    """Return who may call an endpoint that gave these replies."""
    ordered = [(role, replies[role]) for role in Role if role in replies]
    for index, (role, reply) in enumerate(ordered):
        above = [other for _, other in ordered[index + 1 :]]
        # A view that shows nothing to one and something to the next has told them apart.
        is_hidden = reply.is_missing and any(
            other.is_served and not other.is_missing for other in above
        )
        if reply.is_served and not is_hidden:
            return _ACCESS[role]
    if not ordered or not (ordered[0][1].is_refused):
        return Access.UNKNOWN
    return Access.PERMISSION


def _agrees(endpoint: Endpoint, called: Access, replies: Mapping[Role, Reply]) -> bool:
    """Whether the doors are as they were said to be.

    What a view that let somebody in then says by itself, such as that this object is of somebody
    else, contradicts nobody.
    """
    inferred = endpoint.access
    if inferred is called or Access.UNKNOWN in {inferred, called}:
        return True
    if inferred is Access.ANONYMOUS:
        return bool(replies[Role.ANONYMOUS].is_entered)
    let_in = next(
        (replies.get(role) for role, access in _ACCESS.items() if access is inferred), None
    )
    is_unsure = bool(endpoint.note)
    return called.is_closed and (is_unsure or bool(let_in and let_in.is_entered))
