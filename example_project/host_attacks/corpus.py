"""All variants of a request: parts times transformations, so that none is left out by hand."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from host_attacks import forwarding, framing, paths, spellings
from host_attacks.variants import Variant


def corpus(*, declared_proxy: bool = False, authority_seen: bool = True) -> list[Variant]:
    """Return every variant, and what is expected of a site.

    That depends on whether it has declared our peer a proxy of its own, and whether its server
    lets it see the authority in a request target.

    Raises:
        ValueError: two variants have the same name, so that a report could not tell them apart.
    """
    variants = list(
        chain(
            spellings.spellings(),
            spellings.characters(),
            spellings.pairs(),
            spellings.others(),
            spellings.lengths(),
            framing.framing(),
            framing.versions(),
            framing.absolute_targets(authority_seen=authority_seen),
            forwarding.forwarding(declared=declared_proxy),
            paths.paths(),
        )
    )
    names = Counter(variant.name for variant in variants)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"more than one variant is called {', '.join(twice)}")
    return variants
