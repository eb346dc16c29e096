"""Who may call an endpoint, found out by asking its view as each of three roles."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.contrib.auth.views import LoginView

from django_hardened.audit import admin, bodies, functions, layers, ninja, requests, tables
from django_hardened.audit.asking import Answer, answer_of, ask
from django_hardened.audit.emptying import arrive, instance_of
from django_hardened.audit.endpoints import Access, Kind
from django_hardened.audit.layers import View
from django_hardened.audit.methods import answers_nothing, methods_of
from django_hardened.audit.middleware import Gates
from django_hardened.audit.refusals import is_refusal
from django_hardened.audit.roles import Role
from django_hardened.audit.urlconf import Route

_NOBODY = "none of those who asked is let in"


class Subject:
    """The view of a route, with what its layers say."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.layers = layers.layers(route.callback)
        self.target = self.layers[-1]
        self.cls = (
            functions.cells(self.target)["cls"] if functions.is_class_view(self.target) else None
        )
        self.path_view = ninja.path_view(self.target)
        self.table = {} if self.cls is not None else tables.table_of(self.target)
        self.is_method_looked_at = False  # as far as asking has shown

    @cached_property
    def instance(self) -> Any:
        """An instance of the class, bound to its actions; None where it cannot be made."""
        if self.cls is None:
            return None
        try:
            return instance_of(self.target)[0]
        except Exception:  # noqa: BLE001  # the code of others
            return None

    @property
    def actions(self) -> dict[str, str]:
        """The actions of a viewset, by method."""
        return functions.cells(self.target).get("actions") or {}

    @cached_property
    def is_drf(self) -> bool:
        """Whether it is a view of REST framework."""
        return self.cls is not None and _is_api_view(self.cls)

    @property
    def kind(self) -> Kind:
        """What it was written with."""
        if self.path_view is not None:
            return Kind.NINJA
        if self.is_drf:
            return Kind.DRF
        if admin.is_admin_view(self.layers):
            return Kind.ADMIN
        return Kind.CLASS if self.cls is not None else Kind.FUNCTION

    @cached_property
    def methods(self) -> list[str]:
        """The methods that it answers."""
        if self.cls is not None and self.instance is None:
            return ["GET", "POST"]
        return methods_of(self.layers, self.instance, self.table)

    def handler(self, method: str) -> View:
        """Return the innermost code that answers ``method``."""
        if self.path_view is not None:
            found: Any = ninja.operation(self.path_view, method).view_func
        elif self.instance is not None:
            # Django gives a class its HEAD when a request is there.
            get = getattr(self.instance, "get", self.target) if method == "HEAD" else self.target
            found = getattr(self.instance, method.lower(), get)
            found = getattr(found, "__func__", found)
        else:
            found = self.table.get(method, self.target)
        innermost: View = layers.layers(found)[-1]
        # @api_view puts a function of its own in front of the one that it decorates.
        return functions.cells(innermost).get("func", innermost) if self.is_drf else innermost


@dataclass(frozen=True)
class Inference:
    """What asking has shown. ``asked`` is the instance of the class that answered, if any."""

    access: Access
    gate: str = ""
    note: str = ""
    asked: Any = None


def infer(subject: Subject, method: str, gates: Gates) -> Inference | None:
    """Return who may call ``subject`` with ``method``; None where it says that it has no such."""
    if subject.cls is not None and subject.instance is None:
        return Inference(Access.UNKNOWN, note="its class cannot be instantiated")
    if subject.instance is not None and not subject.methods:
        # A decorator of somebody else's may answer in its place.
        are_plain = all(
            functions.module_of(each).startswith(functions.FRAMEWORKS) for each in subject.layers
        )
        if are_plain and answers_nothing(subject.instance):
            return None
        return Inference(Access.UNKNOWN, note="its dispatch() does all the work")
    inquiry = _Inquiry(subject, method, gates)
    stranger = inquiry.answer(Role.ANONYMOUS)
    if stranger.status == 405:
        return None
    if stranger.is_reached:
        access, note = _reached(subject, method)
    else:
        access, note = _stopped(stranger, inquiry)
    return Inference(access, inquiry.gate, note, inquiry.asked)


def infer_detour(subject: Subject, method: str, gates: Gates) -> Inference | None:
    """Return who may call ``subject`` with a method that is not listed, if strangers get in."""
    inquiry = _Inquiry(subject, method, gates)
    if not inquiry.answer(Role.ANONYMOUS).is_reached:
        return None
    access, note = _reached(subject, method)
    return Inference(access, inquiry.gate, note or "the method gets past its guard", inquiry.asked)


class _Heard(NamedTuple):
    answer: Answer
    gate: str  # the middleware that has answered, if any
    asked: Any
    are_headers_read: bool


class _Inquiry:
    """Asks on behalf of one role after the other, and keeps what it hears on the way."""

    def __init__(self, subject: Subject, method: str, gates: Gates) -> None:
        self.subject, self.method, self.gates = subject, method, gates
        self.gate = ""
        self.asked: Any = None

    def answer(self, role: Role) -> Answer:
        """Ask with the headers that anybody can send, and without: some doors are for either."""
        heard = self._heard(role, is_bare=False)
        if heard.are_headers_read and not heard.answer.is_reached:
            bare = self._heard(role, is_bare=True)
            heard = bare if bare.answer.is_reached else heard
        self.gate = heard.gate or self.gate
        self.asked = self.asked if heard.asked is None else heard.asked
        return heard.answer

    def _heard(self, role: Role, *, is_bare: bool) -> _Heard:
        route, sample = self.subject.route, self.subject.route.sample
        request = requests.made(route, sample, self.method, role, is_bare=is_bare)
        asked: list[Any] = []

        def prepare(instance: Any) -> None:
            asked.append(instance)
            if self.subject.is_drf:
                _prepare_for_drf(instance)

        gate, stopped = self.gates.ask(request, route.callback, sample.args, sample.kwargs)
        answer = stopped or ask(
            route.callback, request, sample.args, sample.kwargs, prepare=prepare
        )
        self.subject.is_method_looked_at |= request.META.is_method_looked_at
        return _Heard(answer, gate, asked[-1] if asked else None, request.META.are_headers_read)

    def admits_staff(self) -> bool:
        """Whether a page of the admin shows itself to staff without any permission."""
        route = self.subject.route
        request = requests.made(route, route.sample, self.method, Role.STAFF)

        def call() -> Any:
            return admin.admits_staff(self.subject.layers, request) and arrive()

        return answer_of(call).is_reached


def _prepare_for_drf(instance: Any) -> None:
    from django_hardened.drf import asked  # noqa: PLC0415  # imports what settings name

    asked.prepare(instance)


def _reached(subject: Subject, method: str) -> tuple[Access, str]:
    # A login is for strangers, whatever it does with those who have logged in.
    is_login = subject.cls is not None and issubclass(subject.cls, LoginView)
    if not is_login and bodies.may_refuse(subject.handler(method), subject.cls):
        return Access.UNKNOWN, "its own code may turn people away"
    return Access.ANONYMOUS, ""


def _stopped(stranger: Answer, inquiry: _Inquiry) -> tuple[Access, str]:
    """Judge a view that strangers did not reach."""
    if stranger.problem or stranger.is_looked_up:
        return Access.UNKNOWN, stranger.problem or "it asks a database"
    is_firm = is_refusal(stranger.status, stranger.location)
    if inquiry.answer(Role.AUTHENTICATED).is_reached:
        access = Access.AUTHENTICATED
    elif (staff := inquiry.answer(Role.STAFF)).is_reached:
        access = Access.STAFF if inquiry.admits_staff() else Access.PERMISSION
    elif is_firm:
        return Access.PERMISSION, _NOBODY if staff.problem or staff.is_looked_up else ""
    else:
        note = f"it answers {stranger.status} to whoever asks"
        # What it says of one path it may not say of another.
        is_same = stranger.status in {404, 410} and not inquiry.subject.route.sample.kwargs
        return (Access.PERMISSION if is_same else Access.UNKNOWN), note
    if not is_firm and stranger.status is not None and stranger.status < 300:
        return Access.UNKNOWN, f"a decorator answers {stranger.status} in its place"
    return access, ""


def _is_api_view(cls: type) -> bool:
    # Its views exist only where it has been imported already.
    if "rest_framework.views" not in sys.modules:
        return False
    from django_hardened.drf.asked import is_api_view  # noqa: PLC0415

    return is_api_view(cls)
