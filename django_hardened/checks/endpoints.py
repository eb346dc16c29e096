"""4xx: what anybody may call, and nobody has declared public: the audit, before a deploy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage

from django_hardened.checks import (
    api,
    api_output,
    api_packages,
    declared,
    rest_framework,
    urls,
)
from django_hardened.checks.rules import Rule
from django_hardened.checks.setting_types import has_urls

if TYPE_CHECKING:
    from django_hardened.audit.endpoints import Endpoint

_HINT = (
    "Close it {how}; if it is public on purpose, {mark}declare it in public_endpoints.toml: "
    "python manage.py audit_endpoints --write drafts the entries."
)

E480 = Rule(
    "E480",
    "Anybody may call {what}, and nobody has declared it public: {which}.",
    _HINT,
    "ROOT_URLCONF",
    asvs="8.2.1",
    cwe=862,
)
E481 = Rule(
    "E481",
    "Who may call {what} cannot be known, and nobody has declared it public: {which}.",
    _HINT,
    "ROOT_URLCONF",
    asvs="8.2.1",
    cwe=862,
)
W482 = Rule(
    "W482",
    "Anybody may see {what}, a page that nobody has declared public: {which}.",
    _HINT,
    "ROOT_URLCONF",
    asvs="8.2.1",
    cwe=862,
)
W483 = Rule(
    "W483",
    "{subject} is declared public, and {why}.",
    "Remove it: {place}.",
    "HARDENED_PUBLIC_ENDPOINTS",
)
W484 = Rule(
    "W484",
    "A declaration of public endpoints declares nothing: {subject}.",
    "Correct what it says, or remove the entry.",
    "HARDENED_PUBLIC_ENDPOINTS",
)
RULES = (E480, E481, W482, W483, W484)

_VIEWS = 10  # named by each rule; audit_endpoints lists them all
_PATHS = 3


def check_endpoints(**kwargs: Any) -> list[CheckMessage]:
    """What is open, and what is declared for no reason; no database is asked."""
    if not has_urls() or not api.callbacks():  # that it is broken, Django's own checks say
        return []
    # A server that boots has no use for them.
    from django_hardened.exposure import stale, undeclared  # noqa: PLC0415

    endpoints, declarations = declared.endpoints(), declared.declarations()
    found: dict[Rule, dict[str, list[Endpoint]]] = {E480: {}, E481: {}, W482: {}}
    named = _named_elsewhere()
    for each in undeclared(endpoints, declarations):
        rule = _rule_of(each)
        if rule is not None and each.view not in named and not urls.is_development_tool(each.view):
            found[rule].setdefault(each.view, []).append(each)
    return [
        *(message for rule, views in found.items() for message in _messages(rule, views)),
        *(
            W483.found(subject=each, why=why, place=each.place)
            for each, why in stale(endpoints, declarations)
        ),
    ]


def _named_elsewhere() -> set[str]:
    """Return the views of which another rule says that they are open, and how to close them."""
    return {
        *rest_framework.open_by_default(),
        *api_packages.open_by_default(),
        *api_output.open_schemas(),
    }


def _rule_of(endpoint: Endpoint) -> Rule | None:
    is_unknown = endpoint.proven.value == "unknown"
    if endpoint.kind.is_api:
        return E481 if is_unknown else E480
    # Of a page, who may see it is often a matter of its own code.
    return None if is_unknown else W482


def _messages(rule: Rule, views: dict[str, list[Endpoint]]) -> Iterable[CheckMessage]:
    """Return one message for each view, those that write first, and one for all the others."""
    ordered = sorted(views.items(), key=_rank)
    for name, endpoints in ordered[:_VIEWS]:
        is_foreign = endpoints[0].is_third_party
        yield rule.found(
            subject=name,
            what=f"{name}, which a package brings along" if is_foreign else name,
            which=_listed(endpoints),
            how="by the settings of its package" if is_foreign else "with a permission",
            mark="" if is_foreign else 'mark it with public(reason="<why>"), or ',
        )
    rest = len(ordered) - _VIEWS
    if rest > 0:
        yield rule.found(
            what=f"{rest} more views" if rest > 1 else "1 more view",
            which="audit_endpoints --open lists them",
            how="with a permission",
            mark='mark it with public(reason="<why>"), or ',
        )


def _rank(item: tuple[str, list[Endpoint]]) -> tuple[bool, str]:
    name, endpoints = item
    return not any(each.is_write for each in endpoints), name


def _listed(endpoints: list[Endpoint]) -> str:
    shown = ", ".join(f"{each.method} {each.path}" for each in endpoints[:_PATHS])
    rest = len(endpoints) - _PATHS
    note = endpoints[0].note
    return shown + (f" and {rest} more" if rest > 0 else "") + (f" ({note})" if note else "")


def check_declarations(**kwargs: Any) -> list[CheckMessage]:
    problems = declared.declarations().problems
    found = [W484.found(subject=each) for each in problems[:_VIEWS]]
    rest = len(problems) - _VIEWS
    if rest > 0:
        found.append(W484.found(subject=f"{rest} more entries" if rest > 1 else "1 more entry"))
    return found


CHECKS = (check_endpoints, check_declarations)
