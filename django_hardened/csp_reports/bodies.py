"""What a browser reports, reduced to what can be said aloud.

Pure. Anybody can send a report with anything in it, and a true one has addresses with tokens. Of
all that, the directive stays, where the blocked thing came from, and the page that it was on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django_hardened.csp import DIRECTIVES

REPORT_URI: Final = "application/csp-report"
REPORTING_API: Final = "application/reports+json"
# https://www.w3.org/TR/CSP3/#violation: what browsers say where there is no address.
WORDS: Final = frozenset(
    "inline eval wasm-eval trusted-types-policy trusted-types-sink self data blob".split()
)
_MOST: Final = 20  # reports in a body
_ORIGIN: Final = re.compile(
    r"(?:https?|wss?)://"
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?"
)
_BARE_SCHEMES: Final = frozenset({"data", "blob", "filesystem", "mediastream"})


@dataclass(frozen=True, order=True)
class Violation:
    """What a policy has stopped, or would have.

    Attributes:
        directive: the directive that did.
        source: an origin, a scheme with its colon, or one of :data:`WORDS`.
        page: the address of the page, whole: for its route, and never for a log.
    """

    directive: str
    source: str
    page: str = ""


def read_reports(content_type: str, body: bytes) -> list[Violation]:
    """Return the violations in a body; what is none, or of an extension, is left out.

    Raises:
        ValueError: the body is not JSON of the form that its type has.
    """
    try:
        value = json.loads(body)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if content_type == REPORT_URI:
        if not isinstance(value, dict) or not isinstance(value.get("csp-report"), dict):
            raise ValueError("has no csp-report")
        return _violations([value["csp-report"]])
    if not isinstance(value, list):
        raise ValueError("is no list of reports")  # noqa: TRY004  # of the sender's, not of ours
    reports = [each for each in value[:_MOST] if isinstance(each, dict)]
    bodies = [each.get("body") for each in reports if each.get("type") == "csp-violation"]
    return _violations(each for each in bodies if isinstance(each, dict))


def _violations(reports: Iterable[Mapping[str, Any]]) -> list[Violation]:
    found = []
    for report in reports:
        directive = _directive(report)
        source = _source(_text(report, "blockedURL", "blocked-uri"))
        if directive and source:
            found.append(Violation(directive, source, _text(report, "documentURL", "document-uri")))
    return found


def _text(report: Mapping[str, Any], *names: str) -> str:
    for name in names:
        if isinstance(value := report.get(name), str):
            return value
    return ""


def _directive(report: Mapping[str, Any]) -> str:
    said = _text(report, "effectiveDirective", "effective-directive", "violated-directive")
    word = said.split(" ", 1)[0].lower()
    return word if word in DIRECTIVES else ""


def _source(blocked: str) -> str:
    """Return where ``blocked`` came from; "" for what no policy of ours is about."""
    if blocked in WORDS - _BARE_SCHEMES:
        return blocked
    if blocked in _BARE_SCHEMES:
        return f"{blocked}:"
    try:
        url = urlsplit(blocked)
    except ValueError:
        return ""
    scheme = url.scheme.lower()
    host = url.netloc.rpartition("@")[2].lower()
    origin = f"{scheme}:" if scheme in _BARE_SCHEMES else f"{scheme}://{host}"
    return origin if is_source(origin) else ""  # an extension of the browser, mostly


def is_source(text: str) -> bool:
    """Whether ``text`` is one that :func:`read_reports` gives."""
    return (
        text in WORDS - _BARE_SCHEMES
        or (text.endswith(":") and text[:-1] in _BARE_SCHEMES)
        or _ORIGIN.fullmatch(text) is not None
    )
