"""0xx: options of the template engines."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks.environment import template_options
from django_hardened.checks.rules import Rule

E030 = Rule(
    "E030",
    "TEMPLATES[{index}] has OPTIONS['autoescape'] off: what users typed becomes markup and script "
    "in the pages of others.",
    "Remove 'autoescape' from TEMPLATES[{index}]['OPTIONS']; {{% autoescape off %}} turns it off "
    "in the template of a plain-text mail.",
    setting="TEMPLATES",
    asvs="1.2.1",
    cwe=79,
)
W031 = Rule(
    "W031",
    "TEMPLATES[{index}] has OPTIONS['string_if_invalid'] set: pages show it for every variable "
    "that is missing, and templates that count on nothing being there break.",
    "Remove 'string_if_invalid' from TEMPLATES[{index}]['OPTIONS'].",
    setting="TEMPLATES",
)
RULES = (E030, W031)


def check_autoescape(**kwargs: Any) -> list[CheckMessage]:
    # Both of Django's backends escape unless told otherwise; Jinja2 also takes a function.
    return [
        E030.found(subject=index, index=index)
        for index, options in template_options()
        if not options.get("autoescape", True)
    ]


def check_string_if_invalid(**kwargs: Any) -> list[CheckMessage]:
    return [
        W031.found(subject=index, index=index)
        for index, options in template_options()
        if options.get("string_if_invalid")
    ]


CHECKS = (check_autoescape, check_string_if_invalid)
