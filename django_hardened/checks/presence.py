"""Whether a middleware is there, with the benefit of the doubt.

What cannot be imported where the check runs, or wraps Django's middleware instead of being a
subclass, is recognised by its name. That is for verdicts on a middleware that is *missing*: there
a false one is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from django_hardened.checks import stack
from django_hardened.checks.classes import listed


def is_present(dotted: str) -> bool:
    """Whether ``dotted``, a subclass of it, or something named after it is in ``MIDDLEWARE``."""
    value: object = settings.MIDDLEWARE
    if not isinstance(value, Iterable):
        return True  # E906 is about that, and nothing is missing
    name = dotted.rpartition(".")[2]
    return stack.has(dotted) or any(entry.endswith(name) for entry in listed("MIDDLEWARE"))
