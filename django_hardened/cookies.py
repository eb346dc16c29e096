"""The attributes that each cookie leaves with, and which of them a project may declare less.

Pure. RFC 6265bis, https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/, says what
browsers make of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import Morsel
from types import MappingProxyType
from typing import Any, Final

# ASVS 3.3.2; "Strict" would greet who follows a link from elsewhere as a stranger.
_SAMESITE: Final = "Lax"
_SAMESITES: Final = ("Lax", "Strict", "None")
_ATTRIBUTES: Final = ("secure", "httponly", "samesite")
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_LABELS: Final = {
    "secure": "Secure",
    "httponly": "HttpOnly",
    "samesite": "SameSite",
    "path": "Path",
    "domain": "Domain",
}


@dataclass(frozen=True)
class CookieRules:
    """What cookies leave with.

    Attributes:
        secure: whether the site is https, so that no cookie may travel in the clear.
        declared: names, each with the attributes that it has whatever its view says: less than
            others have to have, or more.
    """

    secure: bool = False
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def changes(self, name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of ``attributes`` that have to change, with what they become.

        Args:
            name: that of the cookie.
            attributes: its own, by the names that ``http.cookies`` has for them; "" where unset.
        """
        declared = self.declared.get(name, _NOTHING)
        # Browsers compare prefixes without regard to case (RFC 6265bis section 5.7).
        prefix = name[:9].lower()
        is_host = prefix.startswith("__host-")
        wanted = {
            "secure": declared.get("secure", self.secure or bool(attributes["secure"])),
            "httponly": declared.get("httponly", True),
            "samesite": declared.get("samesite", _at_least_lax(attributes["samesite"])),
        }
        if is_host or prefix.startswith("__secure-"):
            wanted["secure"] = True
        if is_host:
            wanted |= {"path": "/", "domain": ""}
        return {key: value for key, value in wanted.items() if _differ(attributes[key], value)}

    def raise_morsel(self, morsel: Morsel[str]) -> tuple[str, ...]:
        """Change ``morsel`` in place; return what its view has to say, and did not.

        A cookie that is being deleted holds nothing: it is raised, and not worth a line.
        """
        changes = self.changes(morsel.key, morsel)
        for name, value in changes.items():
            morsel[name] = value
        return () if morsel["max-age"] == 0 else tuple(_LABELS[name] for name in changes)

    def raise_line(self, line: str) -> tuple[str, str, tuple[str, ...]]:
        """Do the same for the value of a ``Set-Cookie`` field that somebody has written.

        Returns:
            the field, the name of the cookie, and what was raised.
        """
        pair, *parts = (part.strip() for part in line.split(";"))
        name = pair.partition("=")[0].strip()
        attributes: dict[str, Any] = dict.fromkeys(_LABELS, "")
        others = []
        for part in parts:
            key, _, value = part.partition("=")
            if key.strip().lower() in attributes:
                attributes[key.strip().lower()] = value.strip() or True
            elif part:
                others.append(part)
        changes = self.changes(name, attributes)
        flags = [
            label if value is True else f"{label}={value}"
            for key, label in _LABELS.items()
            if (value := {**attributes, **changes}[key])
        ]
        return "; ".join([pair, *others, *flags]), name, tuple(_LABELS[key] for key in changes)


def _at_least_lax(value: Any) -> str:
    """Return ``value`` if browsers know it and it keeps other sites out, else the default."""
    return str(value) if str(value).lower() in ("lax", "strict") else _SAMESITE


def _differ(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool):
        return bool(present) is not wanted
    return str(present or "") != str(wanted)


def read_declarations(value: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return ``HARDENED_COOKIES``, checked.

    Raises:
        TypeError: it is no dictionary of dictionaries.
        ValueError: an attribute or its value means nothing, or contradicts the name of the cookie.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"is a {type(value).__name__} and not a dictionary")
    for name, attributes in value.items():
        if not isinstance(attributes, Mapping):
            raise TypeError(f"has a {type(attributes).__name__} for {name!r}, not a dictionary")
        for key, wanted in attributes.items():
            _check_attribute(str(name), key, wanted)
        if attributes.get("samesite") == "None" and attributes.get("secure") is False:
            raise ValueError(f"has samesite None for {name!r} without secure: browsers drop it")
    return {str(name): dict(attributes) for name, attributes in value.items()}


def _check_attribute(name: str, key: str, wanted: Any) -> None:
    if key not in _ATTRIBUTES:
        raise ValueError(f"has {key!r} for {name!r}; it may have {', '.join(_ATTRIBUTES)}")
    if key == "samesite":
        if wanted not in _SAMESITES:
            raise ValueError(f"has a samesite for {name!r} that is none of {', '.join(_SAMESITES)}")
    elif not isinstance(wanted, bool):
        raise ValueError(f"has {key} for {name!r} that is neither True nor False")
    if key == "secure" and not wanted and name.lower().startswith(("__host-", "__secure-")):
        raise ValueError(f"has no Secure for {name!r}, whose prefix promises it")
