"""The policies of a response: what its view asks for, and what is sent, with a nonce or without.

A view speaks through the decorators of this package, Django's (``csp_override``) and django-csp's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from django_hardened import csp
from django_hardened.cache_control import directives, is_for_others
from django_hardened.header_plan import Bundle, Frames, HeaderPlan, Policies
from django_hardened.log_once import LogOnce
from django_hardened.nonces import rendered_nonce

LOGGER: Final = "django_hardened.headers"
ENFORCED: Final = "Content-Security-Policy"
REPORTED: Final = "Content-Security-Policy-Report-Only"
# Set on a response by the decorators of this package.
ADDED_MARK: Final = "_hardened_csp_add"
CHANGED_MARK: Final = "_hardened_csp_change"

# What views say of their policies, by the attributes of Django 6 and of django-csp 4.
_ENFORCED_MARKS: Final = ("_csp_exempt", ("_csp_config",), "_csp_replace", "_csp_update")
_REPORTED_MARKS: Final = (
    "_csp_exempt_ro",
    ("_csp_ro_config", "_csp_config_ro"),
    "_csp_replace_ro",
    "_csp_update_ro",
)
POLICY_MARKS: Final = frozenset(
    """_csp_exempt _csp_config _csp_replace _csp_update _csp_exempt_ro _csp_ro_config
    _csp_config_ro _csp_replace_ro _csp_update_ro""".split()
) | {ADDED_MARK, CHANGED_MARK}
_replaced, _wrong = LogOnce(), LogOnce()

_PAGES: Final = ("text/html", "application/xhtml+xml")
# For caches in front of a site alone (RFC 9213; Edge Architecture Specification).
_SHARED_CACHES: Final = ("cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control")
_RESTRICTIONS: Final = frozenset({"no-cache", "private"})

Store = dict[str, tuple[str, str]]


def name_replaced(name: str) -> None:
    """Log, once, that a view has set the field ``name``, which the settings decide."""
    _replaced.warning(
        LOGGER,
        name,
        "The %s that a view has set is replaced by that of the settings; "
        "the decorators of django_hardened.decorators change it.",
        name,
    )


def changed(
    marks: Mapping[str, Any], plan: HeaderPlan, scope: str, frames: Frames
) -> Bundle | None:
    """Return the bundle that the view asks for; None where that cannot be read."""
    policies = plan.scoped(scope)
    try:
        return plan.compiled(
            Policies(
                _asked_for(policies.enforced, marks, _ENFORCED_MARKS),
                _asked_for(policies.reported, marks, _REPORTED_MARKS),
            ),
            frames,
        )
    except (TypeError, ValueError) as error:
        _wrong.warning(
            LOGGER,
            str(error),
            "A view asks for a content security policy that %s; the one of the settings is sent.",
            error,
        )
        return None


def _asked_for(
    policy: csp.Directives | None,
    marks: Mapping[str, Any],
    names: tuple[str, tuple[str, ...], str, str],
) -> csp.Directives | None:
    exempt, configs, replaced, updated = names
    if marks.get(exempt):
        return None
    for config in configs:
        if config in marks:
            policy = csp.read(marks[config]) or None
    if policy is None:
        return None
    for name in (replaced, CHANGED_MARK):
        policy = csp.change(policy, marks.get(name) or {})
    for name in (updated, ADDED_MARK):
        policy = csp.add(policy, marks.get(name) or {})
    return policy


def send_policies(
    request: HttpRequest, response: HttpResponseBase, bundle: Bundle, store: Store
) -> bool:
    """Set the two policies; return whether one has a nonce, so that nobody may keep the response.

    Not on a 304: what it says takes the place of what the browser has kept (RFC 9111 section
    3.2), whose page has a nonce of its own.
    """
    nonce = ""
    if bundle.has_nonce:
        if _may_yet_render(response):
            str(getattr(request, "_csp_nonce", ""))
        nonce = rendered_nonce(request)
    for name, policy in ((ENFORCED, bundle.enforced), (REPORTED, bundle.reported)):
        lower = name.lower()
        if policy is None:
            if store.pop(lower, None):
                name_replaced(name)
            continue
        text = policy.text(nonce)
        if lower in store and store[lower][1] != text:
            name_replaced(name)
        store[lower] = (name, text)
    return bool(nonce)


def _may_yet_render(response: HttpResponseBase) -> bool:
    """Whether code still runs to make a page, which may yet ask for the nonce."""
    return (
        response.streaming
        and not isinstance(response, FileResponse)
        and response.headers.get("Content-Type", "").lower().startswith(_PAGES)
    )


def give_cache_control(store: Store, of_site: tuple[str, str] | None) -> None:
    """Have the response be stored no longer, and by nobody else, than the site says.

    What says itself that it is for others, a view's or a server's of files, is left as it is.
    """
    if of_site is None:
        return
    own = store.get("cache-control", ("", ""))[1]
    said, wanted = directives(own), directives(of_site[1])
    if is_for_others(said):
        return
    if "no-store" in wanted or not own:
        if own and "no-store" not in said:
            name_replaced("Cache-Control")
        store["cache-control"] = of_site
    elif missing := (wanted & _RESTRICTIONS) - said:
        store["cache-control"] = ("Cache-Control", ", ".join([own, *sorted(missing)]))


def keep_from_caches(response: HttpResponseBase, store: Store) -> None:
    """Have no cache that people share keep ``response``, whatever its view has said."""
    for name in _SHARED_CACHES:
        store.pop(name, None)
    if "cache-control" not in store:
        store["cache-control"] = ("Cache-Control", "private")
        return
    value = store["cache-control"][1]
    if "no-store" in directives(value):
        return  # which says more, and as the site has put it
    words = [word.strip() for word in value.split(",")]
    kept = [word for word in words if not word.lower().startswith(("s-maxage", "public"))]
    store["cache-control"] = ("Cache-Control", ", ".join(kept))
    patch_cache_control(response, private=True)
