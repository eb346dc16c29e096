"""The header fields that tell browsers what not to do: one table, and changes to it by name.

Pure. Content security policies have a form of their own, in ``csp``. ASVS is the OWASP Application
Security Verification Standard 5.0; OSHP the OWASP Secure Headers Project,
https://owasp.org/www-project-secure-headers/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

When = Literal["always", "https", "log-out"]
Fields = dict[str, tuple[str, str]]

# Names that browsers know: Chromium writes a warning to the console for each that it does not.
# Left out is what sites use without having asked: full screen, autoplay, passkeys; and bluetooth,
# which Chromium knows on some systems only, and asks its user about.
_UNUSED_FEATURES: Final = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope"),
    *("hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"),
    *("screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)


@dataclass(frozen=True)
class Row:
    """A field, its value, and which responses have it.

    Attributes:
        value: None for a field that is off until somebody asks for it.
        setting: Django's setting that decides the value, or "".
        when: every response, those of requests over https, or the one that logs somebody out.
    """

    value: str | None
    setting: str = ""
    when: When = "always"


TABLE: Final[Mapping[str, Row]] = {
    # Django's SecurityMiddleware and XFrameOptionsMiddleware send these too, on what they see.
    "Strict-Transport-Security": Row(None, "SECURE_HSTS_SECONDS", "https"),  # ASVS 3.4.1
    "X-Content-Type-Options": Row("nosniff", "SECURE_CONTENT_TYPE_NOSNIFF"),  # ASVS 3.4.4
    "Referrer-Policy": Row("same-origin", "SECURE_REFERRER_POLICY"),  # ASVS 3.4.5
    "Cross-Origin-Opener-Policy": Row(  # ASVS 3.4.8
        "same-origin", "SECURE_CROSS_ORIGIN_OPENER_POLICY"
    ),
    "X-Frame-Options": Row("DENY", "X_FRAME_OPTIONS"),  # for browsers without frame-ancestors
    # Fetch, https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header: no other site
    # gets to embed a response, and so to guess at it (ASVS 3.5.8).
    "Cross-Origin-Resource-Policy": Row("same-origin"),
    # "require-corp" isolates a page, and breaks each that loads from a site without CORP.
    "Cross-Origin-Embedder-Policy": Row(None),
    # https://www.w3.org/TR/permissions-policy/
    "Permissions-Policy": Row(", ".join(f"{name}=()" for name in _UNUSED_FEATURES)),
    # HTML, https://html.spec.whatwg.org/multipage/browsers.html#origin-keyed-agent-clusters
    "Origin-Agent-Cluster": Row("?1"),
    # OSHP: no policy file lets Flash or Acrobat read across domains.
    "X-Permitted-Cross-Domain-Policies": Row("none"),
    # https://www.w3.org/TR/clear-site-data/. Not "cookies", which would be those of every host of
    # the domain; Django deletes its own.
    "Clear-Site-Data": Row('"cache", "storage"', when="log-out"),
}

_ELSEWHERE: Final = {
    "content-security-policy": "HARDENED_CSP",
    "content-security-policy-report-only": "HARDENED_CSP and HARDENED_CSP_MODE",
    "reporting-endpoints": "HARDENED_CSP_REPORT_URI",
    "set-cookie": "HARDENED_COOKIES",
}
# What a response is, and not what a browser may do with it.
_MEANING: Final = frozenset(
    """connection content-encoding content-length content-range content-type date location
    transfer-encoding upgrade vary""".split()
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def read_changes(changes: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Return ``changes`` to the table, with the names of the table as it spells them.

    Raises:
        TypeError: it is no mapping, or a value is neither a string nor None.
        ValueError: a name or a value cannot be sent, or is meant for another setting; or a field
            is to be turned off that is not in the table.
    """
    if not isinstance(changes, Mapping):
        raise TypeError(f"is a {type(changes).__name__} and not a dictionary")
    return dict(_read_change(name, value) for name, value in changes.items())


def _read_change(name: str, value: str | None) -> tuple[str, str | None]:
    if not _NAME.fullmatch(str(name)):
        raise ValueError(f"has {name!r}, which is no name of a header field")
    lower = name.lower()
    if lower in _ELSEWHERE:
        raise ValueError(f"has {name}, which {_ELSEWHERE[lower]} decides")
    if lower in _MEANING:
        raise ValueError(f"has {name}, which each response says for itself")
    spelled = {known.lower(): known for known in TABLE}
    if lower not in spelled:
        near = get_close_matches(lower, spelled, n=1, cutoff=0.85)
        if near:
            raise ValueError(f"has {name}; did you mean {spelled[near[0]]}?")
        if value is None:
            raise ValueError(f"turns {name} off, which is not sent")
    _check_value(name, value)
    return spelled.get(lower, name), value


def _check_value(name: str, value: str | None) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"has a {type(value).__name__} for {name}; None turns it off")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"has a value for {name} that cannot be sent")
    # Whole words: private="Set-Cookie" is about that field alone.
    words = {word.strip().lower() for word in value.split(",")}
    if name.lower() == "cache-control" and words.isdisjoint({"no-store", "no-cache", "private"}):
        raise ValueError(
            "has a Cache-Control that lets everybody keep what is one user's: for a view, write "
            "Django's cache_control()"
        )
    if name.lower() == "referrer-policy" and value.split(",")[-1].strip() == "no-referrer":
        raise ValueError(
            "has no-referrer: Django's CSRF protection refuses each form on https without a Referer"
        )


def fields(values: Mapping[str, str | None], when: When) -> Fields:
    """Return the fields of ``values`` that are sent ``when``, by their names in lower case."""
    return {
        name.lower(): (name, value)
        for name, value in values.items()
        if value is not None and (TABLE[name].when if name in TABLE else "always") == when
    }
