"""Targets that name a page in a way of their own, or put a host where a path belongs."""

from __future__ import annotations

from collections.abc import Iterator

from host_attacks.variants import FOREIGN, SITE, Variant, shown, verdict

# The segment "." or ".." before the page: urljoin() inside Django's build_absolute_uri() resolves
# it, so that the answer to one path is kept under the name of another.
DOT_SEGMENTS = (
    *("..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "x/../..", "x/..", "x/%2e%2e", "x/y/../.."),
    *(".", "%2e", "x/../.", "x//..", "x/./..", "x;y/..", "%78/.%2E", "x/..%2f.", "x%2f.."),
    *(".%2f.", "%2e%2e%2f.", f"/{FOREIGN}/..", f"{FOREIGN}/..", f"http://{FOREIGN}/../.."),
)
# A path that is another page, or the same one: no page may be mistaken for it.
HARMLESS = (
    *("/{page}.", "/{page}..", "/{page}x/..", "/{page}...", "/.../{page}", "/x/.../{page}"),
    *("/x/..;/{page}", "/x/%252e%252e/{page}", "/x/..%5c{page}", "/x/..\\{page}", "//{page}"),
    *(f"//{FOREIGN}/{{page}}", f"///{FOREIGN}/{{page}}", f"/\\{FOREIGN}/{{page}}", "/%2f{page}"),
    *(f"/%2f%2f{FOREIGN}/{{page}}", f"/{FOREIGN}/{{page}}", f"/@{FOREIGN}/{{page}}"),
    *(f"/http://{FOREIGN}/{{page}}", f"//{SITE}@{FOREIGN}/{{page}}", f"/{{page}}//{FOREIGN}"),
    *(f"/{{page}}?x=//{FOREIGN}", f"/{{page}}?x=http://{FOREIGN}/../", f"/{{page}}?{FOREIGN}"),
    *("/{page}?/../x", "/{page}?/./", "/{page}?", "/{page};x=1", "/{page}#x"),
    *(f"/{{page}}#//{FOREIGN}", "/{page}%3f", "/{page}%23", "/{page}%00", "/{page}%0a"),
    *("/{page}%20", "/%20/{page}", "/{page}%ff", f"/{{page}}?x=%0d%0aHost:%20{FOREIGN}"),
    *(f"/{{page}}%0d%0aHost:%20{FOREIGN}", "{page}", f"{FOREIGN}/{{page}}", f"{FOREIGN}:80"),
    *("*", "?{page}", f"http:/{FOREIGN}/{{page}}", "http:"),
)


def paths() -> Iterator[Variant]:
    for segments in DOT_SEGMENTS:
        yield _variant(f"/{segments}/{{page}}", canonical=False)
    for segment in (".", "..", "%2e", "x/.."):
        yield _variant(f"/{{page}}{segment}/", canonical=False)
    for target in HARMLESS:
        yield _variant(target, canonical=True)


def _variant(target: str, *, canonical: bool) -> Variant:
    sent = target.encode()
    return Variant(
        f"path: {shown(sent)}",
        "path",
        verdict(canonical=canonical),
        (f"Host: {SITE}".encode(),),
        target=sent,
    )
