"""Whether a middleware is there, with the benefit of the doubt.

What cannot be imported where the check runs, or wraps Django's middleware instead of being a
subclass, is recognised by its name. That is for verdicts on a middleware that is *missing*: there
a false one is worse than none.
"""

from __future__ import annotations

from django.conf import settings

from django_hardened.checks import stack


def is_present(dotted: str) -> bool:
    """Whether ``dotted``, a subclass of it, or something named after it is in ``MIDDLEWARE``."""
    name = dotted.rpartition(".")[2]
    return stack.has(dotted) or any(str(entry).endswith(name) for entry in settings.MIDDLEWARE)
