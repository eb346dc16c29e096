"""1xx: whom debugging tools take for developers."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage

from django_hardened.checks.rules import Rule

W124 = Rule(
    "W124",
    "INTERNAL_IPS has {what}: debugging tools take all of them for developers.",
    'Name single addresses, INTERNAL_IPS = ["127.0.0.1"], or in production none: INTERNAL_IPS = []',
    setting="INTERNAL_IPS",
)
RULES = (W124,)

_MANY_ADDRESSES = 256


def check_internal_ips(**kwargs: Any) -> list[CheckMessage]:
    value: Any = settings.INTERNAL_IPS
    if isinstance(value, str) or not isinstance(value, Iterable):
        value = [value]
    # A network object or a container of a project's own may go on for ever.
    entries = [str(entry) for entry in islice(value, _MANY_ADDRESSES)]
    wide = [W124.found(subject=e, what=repr(e)) for e in entries if _is_wide(e)]
    if not wide and len(entries) == _MANY_ADDRESSES:
        wide.append(W124.found(what=f"{_MANY_ADDRESSES} addresses or more"))
    return wide


def _is_wide(entry: str) -> bool:
    if "*" in entry:
        return True
    try:
        return ip_network(entry, strict=False).num_addresses >= _MANY_ADDRESSES
    except ValueError:
        return False


CHECKS = (check_internal_ips,)
