"""2xx: to which hosts and paths the cookies go, and what their names promise of it."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.cookies_in_use import cookies_in_use
from django_hardened.checks.rules import Rule
from django_hardened.hosts import is_overbroad

E226 = Rule(
    "E226",
    "{setting} is {value!r}, under which strangers hold names: browsers drop the cookie, or send "
    "it to them.",
    "{setting} = None",
    asvs="3.3.3",
    cwe=668,
)
W227 = Rule(
    "W227",
    "{setting} is {value!r}: the cookie goes to every host under that domain, and each of them can "
    "replace it.",
    "{setting} = None  # it then stays with the host that sets it; only hosts that share a login "
    "need a domain",
    asvs="3.3.3",
)
E228 = Rule(
    "E228",
    "The cookie {name!r} {rule}, but {setting} is {value!r}: browsers drop it without a word.",
    "{setting} = {right}  # or a name without that prefix",
    asvs="3.3.3",
)
RULES = (E226, W227, E228)


def check_cookie_domain(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for cookie in cookies_in_use():
        value, setting = str(cookie.value("DOMAIN") or ""), cookie.setting("DOMAIN")
        if not value:
            continue
        if is_overbroad(f".{value.removeprefix('.')}"):
            findings.append(E226.found(setting=setting, subject=setting, value=value))
        elif not cookie.has_prefix("__host-"):  # which may have no Domain at all
            findings.append(W227.found(setting=setting, subject=setting, value=value))
    return findings


def check_cookie_prefixes(**kwargs: Any) -> list[CheckMessage]:
    return [
        E228.found(
            setting=cookie.setting(attribute),
            subject=cookie.setting(attribute),
            name=cookie.name,
            value=str(cookie.value(attribute)),
            rule=rule,
            right=right,
        )
        for cookie in cookies_in_use()
        if cookie.has_prefix("__host-")
        for attribute, rule, right, is_right in (
            ("DOMAIN", "may have no Domain", "None", not cookie.value("DOMAIN")),
            ("PATH", "must have the Path '/'", '"/"', str(cookie.value("PATH")) == "/"),
        )
        if not is_right
    ]


CHECKS = (check_cookie_domain, check_cookie_prefixes)
