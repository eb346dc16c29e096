"""From counts of violations to the smallest change of the policy, and to what is none.

Pure. A suggestion adds an origin, or a scheme for pictures, to one directive. What would take
``'unsafe-inline'`` or ``'unsafe-eval'``, a wildcard or a whole scheme of scripts is never
suggested: it says what to do to the page instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django_hardened import csp
from django_hardened.csp_reports.tally import Kind

_SCRIPTS: Final = ("script-src", "script-src-elem", "script-src-attr", "worker-src")
_DATA: Final = frozenset({"img-src", "media-src", "font-src"})
_NEVER: Final = {
    "base-uri": "a <base> moves every address of the page: take it out",
    "frame-ancestors": "somebody shows the page in a frame: whom to let is yours to say",
    "require-trusted-types-for": "a script assigns a string as HTML: leave the directive out, or "
    "change the script",
    "trusted-types": "a script makes a policy of its own for trusted types: name it if it is yours",
    "object-src": "plugins are gone from browsers: take the element out",
}
_WORDS: Final = {
    "inline": "write it into a file, or put the nonce on its tag; for an attribute such as "
    "onclick or style, use addEventListener or a class",
    "eval": "a script makes code of strings: another version of it may not",
    "wasm-eval": "WebAssembly is compiled: 'wasm-unsafe-eval' would allow that, and only that",
    "trusted-types-policy": _NEVER["trusted-types"],
    "trusted-types-sink": _NEVER["require-trusted-types-for"],
}


@dataclass
class Suggestion:
    """What to change.

    Attributes:
        changes: whole directives, as they would be.
        added: for each kind that they would let in, how often it was stopped.
        refused: for each that stays out, how often, and what to do instead.
    """

    changes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    added: dict[Kind, int] = field(default_factory=dict)
    refused: dict[Kind, tuple[int, str]] = field(default_factory=dict)


def suggest(policy: csp.Directives, counts: Mapping[Kind, int], *, at_least: int = 1) -> Suggestion:
    """Return the smallest change to ``policy`` that lets in what ``counts`` says was stopped.

    What the policy lets in already is left out, as are kinds seen less than ``at_least`` times.
    """
    suggestion = Suggestion()
    changed = dict(policy)
    for kind, count in sorted(counts.items()):
        directive = _governing(policy, kind.directive)
        source = csp.SELF if kind.source == "self" else kind.source
        if count < at_least or source in changed.get(directive, ()):
            continue
        reason = _reason(policy, directive, source)
        if reason:
            suggestion.refused[kind] = (count, reason)
            continue
        changed = csp.add(changed, {directive: [source]})
        suggestion.changes[directive] = changed[directive]
        suggestion.added[kind] = count
    return suggestion


def _governing(policy: csp.Directives, directive: str) -> str:
    """Return the directive that to change: not one of its own for elements, if there is none."""
    general = directive.removesuffix("-elem").removesuffix("-attr")
    return directive if directive in policy else general


def _reason(policy: csp.Directives, directive: str, source: str) -> str:
    """Return why ``source`` stays out of ``directive``, and what to do; "" if it may be added."""
    if directive in _NEVER or source in _WORDS:
        return _NEVER.get(directive) or _WORDS[source]
    if directive not in csp.LOADING:
        return "nothing is loaded by it, and no browser says so"
    if directive in _SCRIPTS:
        if source.endswith(":"):
            return "whoever can write a page can write such an address: serve the script as a file"
        if csp.STRICT_DYNAMIC in policy.get(directive, ()):
            return (
                "put the nonce on its tag, and its hash into integrity: beside "
                "'strict-dynamic' browsers heed no origin"
            )
    elif source.endswith(":") and directive not in _DATA:
        return "serve it as a file of the site"
    if source.startswith(("http://", "ws://")):
        return "it is not encrypted: take it from https, or wss"
    return ""
