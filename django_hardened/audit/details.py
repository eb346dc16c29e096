"""What a full audit tells of an endpoint beyond who may call it, and a brief one leaves out."""

from __future__ import annotations

from typing import Any

from django_hardened.audit import admin, marks, ninja, places
from django_hardened.audit.endpoints import Access, Kind
from django_hardened.audit.inference import Inference, Subject


def details(
    subject: Subject, method: str, inference: Inference, chain: list[Any], named: Any
) -> dict[str, Any]:
    """Return these fields of an endpoint, by name.

    ``chain`` has all layers, those of the class as well; ``named`` is what the endpoint is called
    after.
    """
    file, line = places.place_of(named, subject.handler(method))
    return {
        "action": subject.actions.get(method.lower()),
        "permissions": _permissions(subject, inference, chain),
        "authenticators": _authenticators(subject, method, inference),
        "throttles": _throttles(subject, method, inference, chain),
        "csrf_exempt": _is_csrf_exempt(subject, inference, chain),
        "cache": marks.cache(chain),
        "file": file,
        "line": line,
    }


def _permissions(subject: Subject, inference: Inference, chain: list[Any]) -> tuple[str, ...]:
    found = [inference.gate] if inference.gate else []
    found += marks.required(chain) if inference.access is not Access.ANONYMOUS else ()
    if asked := _asked(subject, inference):
        found += asked.permissions(inference.asked)
    elif subject.instance is not None:
        found += marks.required_by_class(subject.instance)
    if subject.kind is Kind.ADMIN and inference.access in {Access.STAFF, Access.PERMISSION}:
        found += admin.needed(subject.layers) or ("is_staff",)
    return tuple(dict.fromkeys(found))


def _authenticators(subject: Subject, method: str, inference: Inference) -> tuple[str, ...]:
    if subject.path_view is not None:
        return ninja.authenticators(ninja.operation(subject.path_view, method))
    asked = _asked(subject, inference)
    return asked.authenticators(inference.asked) if asked else ()


def _throttles(
    subject: Subject, method: str, inference: Inference, chain: list[Any]
) -> tuple[str, ...]:
    found = marks.limits(chain)
    if subject.path_view is not None:
        found += ninja.throttles(ninja.operation(subject.path_view, method))
    if asked := _asked(subject, inference):
        found += asked.throttles(inference.asked)
    return found


def _is_csrf_exempt(subject: Subject, inference: Inference, chain: list[Any]) -> bool:
    is_exempt = marks.is_csrf_exempt(subject.route.callback, chain)
    if is_exempt and (asked := _asked(subject, inference)):
        return not asked.checks_csrf(inference.asked)
    return is_exempt


def _asked(subject: Subject, inference: Inference) -> Any:
    """Return the module that reads a view of REST framework, if it is one that has answered."""
    if not subject.is_drf or inference.asked is None:
        return None
    from django_hardened.drf import asked  # noqa: PLC0415  # imports what settings name

    return asked
