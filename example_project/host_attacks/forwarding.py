"""Fields in which a proxy, or somebody who plays one, says what the host was."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from host_attacks.variants import FOREIGN, SITE, Variant, shown, verdict

# Read from a declared proxy only; the others are not read at all.
FORWARDED_HOST = "X-Forwarded-Host"
OTHER_FIELDS = (
    "X-Forwarded-Server",
    "X-Host",
    "X-Original-Host",
    "X-HTTP-Host-Override",
    "X_Forwarded_Host",
    "X-Forwarded_Host",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_HOST",
)
# A host, and whether it is ours.
HOSTS = {
    SITE: True,
    f"{SITE.upper()}.": True,
    f"{SITE}:99": True,
    f"{SITE}:99999": False,
    FOREIGN: False,
    f"{FOREIGN}:80": False,
    f"{SITE}, {FOREIGN}": False,
    f"{FOREIGN}, {SITE}": False,
    f"{SITE},{SITE}": False,
    f"{FOREIGN}@{SITE}": False,
    f"{SITE}/": False,
    "[::1]": False,
    "127.1": False,
}
NEVER_READ = {
    "X-Forwarded-Port": ("80", "443", "4443", "0", "-1", "99999", "80, 443", FOREIGN, ""),
    "X-Forwarded-Proto": ("https", "http", "HTTPS", "https, http", "on", "javascript", ""),
    "X-Forwarded-Protocol": ("https", "ssl"),
    "X-Forwarded-Scheme": ("https", "http", "nothttps"),
    "X-Forwarded-Ssl": ("on", "off"),
    "X-Url-Scheme": ("https",),
    "Front-End-Https": ("on",),
    "X-Forwarded-Prefix": ("/evil", f"//{FOREIGN}", f"http://{FOREIGN}"),
    "X-Script-Name": ("/evil",),
    "SCRIPT_NAME": ("/evil", f"//{FOREIGN}"),
    "Script-Name": ("/evil",),
    "PATH_INFO": ("/evil",),
    "X-Original-URL": ("/evil", f"http://{FOREIGN}/"),
    "X-Rewrite-URL": ("/evil", f"http://{FOREIGN}/"),
    "X-Forwarded-For": (FOREIGN, "127.0.0.1", "192.0.2.1, 127.0.0.1", "unknown"),
    "X-Forwarded": (f"host={FOREIGN}",),
    "Forwarded": (
        f"host={FOREIGN}",
        f'host="{FOREIGN}:80"',
        f"for=192.0.2.1;host={FOREIGN};proto=https",
        f"for=_hidden, for=unknown;Host={FOREIGN}",
        f"host={SITE}, host={FOREIGN}",
        f'host="{SITE}\\"{FOREIGN}"',
        "host=",
        "",
    ),
}


def forwarding(*, declared: bool) -> Iterator[Variant]:
    """Return what one's peer is told, depending on whether that is a ``declared`` proxy."""
    for value, ours in HOSTS.items():
        yield _variant((FORWARDED_HOST, value), canonical=ours or not declared)
    for name, value in product(OTHER_FIELDS, (FOREIGN, f"{SITE}:99", f"{SITE}, {FOREIGN}")):
        yield _variant((name, value), canonical=True)
    for name in (FORWARDED_HOST, *OTHER_FIELDS):
        read = declared and name == FORWARDED_HOST
        yield _variant((name, SITE), host=FOREIGN, canonical=read)
    for first, second in product((SITE, FOREIGN), repeat=2):
        pair = ((FORWARDED_HOST, first), (FORWARDED_HOST, second))
        yield _variant(*pair, canonical=not declared)
    # An empty field may count as none at all.
    yield _variant((FORWARDED_HOST, ""), canonical=True)
    for name, values in NEVER_READ.items():
        for value in values:
            yield _variant((name, value), canonical=True)
    yield from _mixed(declared=declared)


def _mixed(*, declared: bool) -> Iterator[Variant]:
    """Several fields at once, as they come through two proxies that do not agree."""
    lie, truth = (FORWARDED_HOST, FOREIGN), (FORWARDED_HOST, SITE)
    forwarded = ("Forwarded", f"host={FOREIGN}")
    yield _variant(truth, forwarded, canonical=True)
    yield _variant(lie, ("Forwarded", f"host={SITE}"), canonical=not declared)
    yield _variant(truth, ("X-Forwarded-Port", "4443"), canonical=True)
    yield _variant(truth, ("X_Forwarded_Host", FOREIGN), canonical=True)
    yield _variant(lie, ("X_Forwarded_Host", SITE), canonical=not declared)
    yield _variant(lie, host=f"{SITE}:80", canonical=not declared)
    yield _variant(("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "off"), canonical=True)
    yield _variant(("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https"), canonical=True)
    yield _variant(forwarded, host="", canonical=False)
    yield _variant(truth, host="", canonical=declared)


def _variant(*fields: tuple[str, str], host: str = SITE, canonical: bool) -> Variant:
    lines = [f"Host: {host}", *(f"{name}: {value}" for name, value in fields)]
    sent = tuple(line.encode() for line in lines)
    told = sent[1:] if host == SITE else sent
    name = f"forwarded: {shown(b'|'.join(told))}"
    return Variant(name, "forwarded", verdict(canonical=canonical), sent)
