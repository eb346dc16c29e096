"""What the header of a response is made of, computed once for all requests.

Pure. A response differs from another in where its policy comes from, its *scope*, and in whether
it may be shown in a frame. For each such pair there is one :class:`Bundle`, made when it is first
needed; what a view asks for is laid over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from django_hardened import csp
from django_hardened.browser_headers import Fields
from django_hardened.cookies import CookieRules
from django_hardened.paths import lies_in

BASE: Final = ""
API: Final = "<data>"  # no namespace of an app, as the next one
BROWSABLE_API: Final = "browsable API"
# What Django's decorators say of frames; None where nobody says anything.
Frames = Literal["DENY", "SAMEORIGIN", "exempt"] | None

_ANCESTORS: Final[dict[str, tuple[str, ...]]] = {"DENY": (csp.NONE,), "SAMEORIGIN": (csp.SELF,)}
# What a browser shows, or runs, or that is part of a page. Any other answer is data.
_SHOWN: Final = ("text/html", "text/css", "text/javascript", "text/xml")
_SHOWN_KINDS: Final = ("image/", "video/", "audio/", "font/")
_SHOWN_APPLICATIONS: Final = ("xhtml+xml", "xml", "rss+xml", "atom+xml", "pdf", "javascript")


@dataclass(frozen=True)
class Policies:
    """The two policies that a response may have; None for one that it has not."""

    enforced: csp.Directives | None
    reported: csp.Directives | None = None

    def each(self, function: Callable[[csp.Directives], csp.Directives]) -> Policies:
        """Return what ``function`` makes of those that are there."""
        return Policies(
            None if self.enforced is None else function(self.enforced),
            None if self.reported is None else function(self.reported),
        )


@dataclass(frozen=True)
class Bundle:
    """What a response gets: plain fields, and its policies with and without a nonce."""

    fields: Fields
    policies: Policies
    enforced: csp.Compiled | None
    reported: csp.Compiled | None

    @property
    def has_nonce(self) -> bool:
        """Whether a nonce would appear in the header."""
        return any(each is not None and each.with_nonce for each in (self.enforced, self.reported))


@dataclass(frozen=True)
class HeaderPlan:
    """All that the settings decide.

    Attributes:
        fields: what each response has, by names in lower case.
        cache_control: that of responses that do not say themselves how they may be stored.
        removed: names that no response has, in lower case.
        https: what responses over https have where nothing has set it.
        log_out: what the response that logs somebody out has.
        policies: those of a page.
        api: those of data.
        scopes: changes to the policies of a page, by the beginning of its path or by the namespace
            of its app.
        finish: completes a policy, whoever wrote it, before it is compiled.
        gives_nonces: whether templates may ask for a nonce.
        cookies: what cookies leave with.
        spares_failures: whether 404 and 500 are Django's technical pages, with styles and scripts
            in them. From Django 6.0 on they say so themselves.
        frame_option: what Django's middleware sends in X-Frame-Options where no view says other.
    """

    fields: Fields = field(default_factory=dict)
    cache_control: tuple[str, str] | None = None
    removed: frozenset[str] = frozenset()
    https: Fields = field(default_factory=dict)
    log_out: Fields = field(default_factory=dict)
    policies: Policies = Policies(None)
    api: Policies = Policies(None)
    scopes: Mapping[str, csp.Policy] = field(default_factory=dict)
    finish: Callable[[Policies], Policies] = lambda policies: policies
    gives_nonces: bool = False
    cookies: CookieRules = field(default_factory=CookieRules)
    spares_failures: bool = False
    frame_option: str = "DENY"
    _bundles: dict[tuple[str, Frames], Bundle] = field(default_factory=dict)
    paths: tuple[str, ...] = field(init=False)
    namespaces: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        paths = sorted((s for s in self.scopes if s.startswith("/")), key=len, reverse=True)
        others = self.scopes.keys() - {*paths, BROWSABLE_API}
        object.__setattr__(self, "paths", tuple(paths))
        object.__setattr__(self, "namespaces", frozenset(others))

    def scope_of_path(self, path: str) -> str:
        """Return the longest scope that ``path`` lies in, segment by segment, or ""."""
        return next((scope for scope in self.paths if lies_in(path, scope)), BASE)

    def bundle(self, scope: str, frames: Frames) -> Bundle:
        """Return what the responses of ``scope`` have, made once."""
        bundle = self._bundles.get((scope, frames))
        if bundle is None:
            bundle = self.compiled(self.scoped(scope), frames)
            self._bundles[scope, frames] = bundle
        return bundle

    def scoped(self, scope: str) -> Policies:
        """Return the policies of ``scope``, as they are before anybody has finished them."""
        if scope == API:
            return self.api
        changes = self.scopes.get(scope)
        if not changes:
            return self.policies
        return self.policies.each(lambda policy: csp.change(policy, changes))

    def compiled(self, policies: Policies, frames: Frames = None) -> Bundle:
        """Return a bundle with ``policies``, finished, and with what is said of ``frames``."""
        if frames == "exempt":
            policies = policies.each(lambda policy: csp.change(policy, {"frame-ancestors": None}))
        elif frames:
            ancestors = {"frame-ancestors": _ANCESTORS[frames]}
            policies = policies.each(lambda policy: {**policy, **ancestors})
        policies = self.finish(policies)
        enforced, reported = policies.enforced, policies.reported
        return Bundle(
            self._framed(enforced, frames),
            policies,
            csp.Compiled.of(enforced) if enforced else None,
            csp.Compiled.of(reported) if reported else None,
        )

    def _framed(self, enforced: csp.Directives | None, frames: Frames) -> Fields:
        """Return the fields, with an X-Frame-Options that agrees with the policy in force."""
        if "x-frame-options" not in self.fields:
            return self.fields
        option = csp.frame_option(enforced or {})
        if option is None:
            option = "" if frames == "exempt" else frames or self.frame_option
        others = {name: pair for name, pair in self.fields.items() if name != "x-frame-options"}
        return {**others, "x-frame-options": ("X-Frame-Options", option)} if option else others


@lru_cache(maxsize=128)
def is_data(content_type: str) -> bool:
    """Whether ``content_type`` is that of an answer for programs, which no browser shows.

    A response without a type has nothing to be shown either, but is a page's: browsers sniff.
    """
    essence = content_type.partition(";")[0].strip().lower()
    if not essence or essence in _SHOWN or essence.startswith(_SHOWN_KINDS):
        return False
    kind, _, subtype = essence.partition("/")
    return not (kind == "application" and subtype in _SHOWN_APPLICATIONS)
