"""9xx: waivers that have expired, are no waivers, or waive nothing any more."""

from __future__ import annotations

from typing import Any

from django_hardened.checks.rules import Rule

E910 = Rule(
    "E910",
    "The waiver of {subject} expired on {expires}; {owner} gave as its reason: {reason}",
    "Repair what it waives, or agree with its owner on a new 'expires'.",
    setting="HARDENED_WAIVERS",
)
E911 = Rule(
    "E911",
    "A waiver is not valid and waives nothing. {subject}.",
    "A waiver has an id, a reason, an owner and the day it expires, within a year: "
    '{{"id": "django_hardened.W201", "reason": "TLS ends at the load balancer", '
    '"owner": "ops@example.com", "expires": "2027-03-31"}}',
    setting="HARDENED_WAIVERS",
)
W912 = Rule(
    "W912",
    "The waiver of {subject} waives nothing: there is no such finding.",
    "Remove it, or correct its id and object.",
    setting="HARDENED_WAIVERS",
)
RULES = (E910, E911, W912)
# The gate makes these findings: only it knows all the others.
CHECKS: tuple[Any, ...] = ()
