"""Content security policies, in the form of Django's ``SECURE_CSP``: checked, changed, rendered.

Pure. A policy maps a directive to its sources; ``True`` stands for a directive without any, and
``None`` or ``False`` for one that is left out. The language is that of CSP level 3,
https://www.w3.org/TR/CSP3/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

# What Django 6.0 calls ``CSP.NONCE``: the place of the nonce in a policy.
NONCE: Final = "<CSP_NONCE_SENTINEL>"
NONE: Final = "'none'"
SELF: Final = "'self'"
STRICT_DYNAMIC: Final = "'strict-dynamic'"
UNSAFE_INLINE: Final = "'unsafe-inline'"
# How the constant of django-csp 4 looks as a string.
_PACKAGE_NONCE: Final = "csp.constants.NONCE"

Policy = Mapping[str, Any]
Directives = dict[str, tuple[str, ...]]

# Everything from nowhere, then by type from the site itself; scripts by nonce, as advised in CSP3
# section 8.2 and by https://csp.withgoogle.com/docs/strict-csp.html (ASVS 3.4.3). Without 'self'
# form-action would let an injected form send a password away, and default-src is no fallback for
# it, nor for base-uri and frame-ancestors.
STRICT: Final[Policy] = {
    "default-src": (NONE,),
    "script-src": (NONCE, STRICT_DYNAMIC),
    "style-src": (SELF,),
    "img-src": (SELF, "data:"),
    "font-src": (SELF,),
    "connect-src": (SELF,),
    "media-src": (SELF,),
    "manifest-src": (SELF,),
    "form-action": (SELF,),
    "frame-ancestors": (NONE,),
    "base-uri": (NONE,),
    "object-src": (NONE,),
    "upgrade-insecure-requests": True,  # sent where the site is https
}
# Data for programs: should a browser show it, it loads nothing and is in no frame
# (OWASP REST Security Cheat Sheet).
API: Final[Policy] = {"default-src": (NONE,), "frame-ancestors": (NONE,)}

_NO_TRUSTED_TYPES: Final[Policy] = {"require-trusted-types-for": None, "trusted-types": None}
# Changes for pages of others that cannot meet a strict policy.
# Django's admin assigns HTML as strings (jQuery, Select2).
ADMIN: Final[Policy] = _NO_TRUSTED_TYPES
# drf-spectacular's SpectacularSwaggerSplitView, with its files served by the site (sidecar).
SWAGGER: Final[Policy] = {
    **_NO_TRUSTED_TYPES,
    "script-src": (SELF,),
    "style-src": (SELF, UNSAFE_INLINE),
}
# drf-spectacular's SpectacularRedocView, likewise; it makes its styles at run time, and a worker.
# The page asks Google for fonts, and Redoc its maker for a logo, of which it cannot be dissuaded.
REDOC: Final[Policy] = {
    **SWAGGER,
    "style-src": (SELF, UNSAFE_INLINE, "https://fonts.googleapis.com"),
    "font-src": (SELF, "https://fonts.gstatic.com"),
    "img-src": (SELF, "data:", "https://cdn.redoc.ly"),
    "worker-src": (SELF, "blob:"),
}
# REST framework's pages: scripts without nonces, styles in the page, and one event handler, which
# submits the form that logs out. Its hash lets no other run.
BROWSABLE_API: Final[Policy] = {
    **SWAGGER,
    "script-src-attr": (
        "'unsafe-hashes'",
        "'sha256-tHTC1YgZ5UbAs8E2Ib4NjuSS8R05d1nfPHtbmXq05WA='",
    ),
}
# Its page to log in, which has ``style`` attributes.
BROWSABLE_API_LOGIN: Final[Policy] = {"style-src-attr": (UNSAFE_INLINE,)}

_VALUELESS: Final = frozenset({"upgrade-insecure-requests", "block-all-mixed-content", "sandbox"})
_FETCH: Final = frozenset(
    """child-src connect-src default-src fenced-frame-src font-src frame-src img-src manifest-src
    media-src object-src prefetch-src script-src script-src-attr script-src-elem style-src
    style-src-attr style-src-elem worker-src""".split()
)
_SOURCE_LISTS: Final = _FETCH | {"base-uri", "form-action", "frame-ancestors"}
# Those that say what may be loaded, or sent; a source more lets in no more than that.
LOADING: Final = _FETCH - {"default-src"} | {"form-action"}
DIRECTIVES: Final = (
    _SOURCE_LISTS
    | _VALUELESS
    | {"report-to", "report-uri", "require-trusted-types-for", "trusted-types"}
    | {"webrtc", "require-sri-for"}
)
_KEYWORDS: Final = frozenset(
    """none self unsafe-inline unsafe-eval strict-dynamic unsafe-hashes report-sample
    wasm-unsafe-eval inline-speculation-rules unsafe-allow-redirects script
    trusted-types-eval allow-duplicates""".split()
)
# What may stand in a source: visible ASCII but for the two that end a directive or a policy.
_SOURCE: Final = re.compile(r"[!-+\--:<-~]+")
_TRUST: Final = re.compile(r"'(?:nonce|sha(?:256|384|512))-")


def read(policy: Policy) -> Directives:
    """Return ``policy`` with each directive in lower case and its sources in order.

    Raises:
        TypeError: it is no mapping.
        ValueError: what browsers would ignore or misread: an unknown directive, a keyword without
            its quotes, ``'none'`` beside others, or a character that ends the directive.
    """
    if not isinstance(policy, Mapping):
        raise TypeError(f"is a {type(policy).__name__} and not a dictionary")
    directives: Directives = {}
    for name, value in policy.items():
        directive = _known(str(name).strip().lower())
        if value is None or value is False:
            continue
        if directive in directives:
            raise ValueError(f"has {directive} twice")
        directives[directive] = _sources(directive, value)
    return directives


def _known(directive: str) -> str:
    if directive in DIRECTIVES:
        return directive
    matches = get_close_matches(directive, DIRECTIVES, n=1)
    raise ValueError(
        f"has the directive {directive!r}, which no browser knows"
        + (f"; did you mean {matches[0]}?" if matches else "")
    )


def _sources(directive: str, value: Any) -> tuple[str, ...]:
    if value is True:
        sources: tuple[str, ...] = ()
    else:
        entries = value if isinstance(value, list | tuple | set | frozenset) else [value]
        ordered: Iterable[Any] = (
            sorted(map(str, entries)) if isinstance(entries, set | frozenset) else entries
        )
        words = (word for entry in ordered for word in str(entry).split())
        sources = tuple(map(_spelled, words))
    if not sources and directive not in _VALUELESS and directive != "trusted-types":
        raise ValueError(f"has {directive} without a source; for none at all, write {NONE!r}")
    for source in sources:
        _check_source(directive, source)
    if NONE in sources and len(sources) > 1:
        raise ValueError(f"has {NONE} beside others in {directive}: browsers ignore it there")
    return tuple(dict.fromkeys(sources))


def _spelled(word: str) -> str:
    """Return ``word`` as it is compared here; browsers read keywords in any case."""
    if word in {NONCE, _PACKAGE_NONCE}:
        return NONCE
    return word.lower() if word.lower().strip("'") in _KEYWORDS and word[0] == "'" else word


def _check_source(directive: str, source: str) -> None:
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"has a source in {directive} with a character that ends it: {source!r}")
    if directive in _SOURCE_LISTS and source.lower() in _KEYWORDS:
        raise ValueError(f"has {source} without its quotes in {directive}: write \"'{source}'\"")


def change(policy: Directives, changes: Policy) -> Directives:
    """Return ``policy`` with each directive of ``changes`` in place of its own.

    ``None`` or ``False`` takes the directive out.

    Raises:
        ValueError: as :func:`read`.
    """
    removed = {
        str(name).strip().lower() for name, value in changes.items() if value in (None, False)
    }
    kept = {name: sources for name, sources in policy.items() if name not in removed}
    return {**kept, **read(changes)}


def add(policy: Directives, additions: Policy) -> Directives:
    """Return ``policy`` with the sources of ``additions`` beside its own.

    ``'none'`` gives way. A directive that is not there begins as what browsers fall back to for
    it, and stays away where nothing restricts it: an addition never takes a source away.

    Raises:
        ValueError: as :func:`read`.
    """
    added = dict(policy)
    for directive, sources in read(additions).items():
        present = added.get(directive, _fallback(policy, directive))
        if present is None:
            continue
        together = [source for source in (*present, *sources) if source != NONE]
        added[directive] = tuple(dict.fromkeys(together)) or (NONE,)
    return added


def _fallback(policy: Directives, directive: str) -> tuple[str, ...] | None:
    """Return the sources that hold for ``directive`` where it is missing (CSP3 section 6.8.3).

    None where anything goes.
    """
    if directive not in _FETCH:
        return None if directive in _SOURCE_LISTS or directive == "sandbox" else ()
    chain = {
        "worker-src": ("child-src", "script-src"),
        "frame-src": ("child-src",),
        "fenced-frame-src": ("frame-src", "child-src"),
    }.get(directive, ())
    general = directive.removesuffix("-elem").removesuffix("-attr")
    for name in (general, *chain, "default-src"):
        if name in policy:
            return policy[name]
    return None


def without_nonce(policy: Directives) -> Directives:
    """Return ``policy`` for a response that has rendered no nonce.

    Scripts without one come from ``'self'``. A ``'strict-dynamic'`` that trusts nothing would
    block every script, and rates as no policy at all. What a nonce and ``'strict-dynamic'`` have
    browsers ignore, and is there for old ones, must not come into force when they go.
    """
    plain: Directives = {}
    for directive, sources in policy.items():
        left = tuple(source for source in sources if source != NONCE)
        plain[directive] = left
        if left == sources or any(map(_TRUST.match, left)):
            continue
        muted = {STRICT_DYNAMIC, UNSAFE_INLINE}
        if STRICT_DYNAMIC in sources:
            muted |= set(filter(_is_place, left))
        left = tuple(source for source in left if source not in muted)
        plain[directive] = left if any(map(_is_place, left)) else (SELF, *left)
    return plain


def _is_place(source: str) -> bool:
    """Whether ``source`` says where something comes from, and not what may be in it."""
    return source == SELF or source[0] != "'"


def render(policy: Directives) -> str:
    """Return the value of the header; a :data:`NONCE` in it stays what it is."""
    return "; ".join(" ".join((name, *sources)) for name, sources in policy.items())


@dataclass(frozen=True)
class Compiled:
    """A policy as text, ready to be sent.

    Attributes:
        plain: for a response that has rendered no nonce.
        with_nonce: for one that has, with :data:`NONCE` in its place; "" where it has none.
    """

    plain: str
    with_nonce: str = ""

    @classmethod
    def of(cls, policy: Directives) -> Compiled:
        """Compile what :func:`read` has returned."""
        has_nonce = any(NONCE in sources for sources in policy.values())
        return cls(render(without_nonce(policy)), render(policy) if has_nonce else "")

    def text(self, nonce: str) -> str:
        """Return the value of the header of a response with ``nonce``, or with none if ""."""
        if nonce and self.with_nonce:
            return self.with_nonce.replace(NONCE, f"'nonce-{nonce}'")
        return self.plain


def frame_option(policy: Directives) -> str | None:
    """Return the ``X-Frame-Options`` that say the same; "" where none can, None where none need."""
    ancestors = policy.get("frame-ancestors")
    if ancestors is None:
        return None
    options: dict[tuple[str, ...], str] = {(NONE,): "DENY", (SELF,): "SAMEORIGIN"}
    return options.get(ancestors, "")
