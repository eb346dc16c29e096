"""The smallest change, and never an unsafe one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import csp
from django_hardened.csp_reports.bodies import WORDS
from django_hardened.csp_reports.suggestions import suggest
from django_hardened.csp_reports.tally import Kind

STRICT = csp.read(csp.STRICT)
SELF_ONLY = csp.without_nonce(STRICT)
TILES = "https://tiles.example.com"


@pytest.mark.parametrize(
    ("directive", "source", "changes"),
    [
        ("img-src", TILES, {"img-src": ("'self'", "data:", TILES)}),
        ("font-src", "data:", {"font-src": ("'self'", "data:")}),
        ("style-src-elem", TILES, {"style-src": ("'self'", TILES)}),
        ("connect-src", "wss://x.example", {"connect-src": ("'self'", "wss://x.example")}),
        ("frame-src", TILES, {"frame-src": (TILES,)}),
        ("form-action", TILES, {"form-action": ("'self'", TILES)}),
        ("frame-src", "self", {"frame-src": ("'self'",)}),
        ("img-src", "self", {}),  # which the policy lets in by now
        ("img-src", "data:", {}),
    ],
)
def test_the_smallest_change(directive: str, source: str, changes: Any) -> None:
    kind = Kind(directive, source, "maps/")
    suggestion = suggest(STRICT, {kind: 3})
    assert suggestion.changes == changes
    assert suggestion.added == ({kind: 3} if changes else {})
    assert suggestion.refused == {}


@pytest.mark.parametrize(
    ("directive", "source", "reason"),
    [
        ("script-src-elem", TILES, "put the nonce on its tag"),
        ("script-src-elem", "inline", "write it into a file"),
        ("style-src-attr", "inline", "write it into a file"),
        ("script-src", "eval", "makes code of strings"),
        ("script-src", "wasm-eval", "'wasm-unsafe-eval' would allow that, and only that"),
        ("script-src", "data:", "serve the script as a file"),
        ("worker-src", "blob:", "serve the script as a file"),
        ("style-src", "data:", "serve it as a file of the site"),
        ("img-src", "http://x.example", "it is not encrypted"),
        ("connect-src", "ws://x.example", "it is not encrypted"),
        ("base-uri", TILES, "a <base> moves"),
        ("frame-ancestors", TILES, "whom to let is yours to say"),
        ("object-src", TILES, "plugins are gone"),
        ("require-trusted-types-for", "trusted-types-sink", "assigns a string as HTML"),
        ("report-uri", TILES, "nothing is loaded by it"),
        ("report-to", TILES, "nothing is loaded by it"),
        ("sandbox", TILES, "nothing is loaded by it"),
        ("default-src", TILES, "nothing is loaded by it"),
        ("webrtc", TILES, "nothing is loaded by it"),
        ("trusted-types", "trusted-types-policy", "a policy of its own"),
    ],
)
def test_what_stays_out_and_what_to_do_instead(directive: str, source: str, reason: str) -> None:
    kind = Kind(directive, source, "")
    suggestion = suggest(STRICT, {kind: 2})
    assert suggestion.changes == {}
    assert suggestion.refused[kind][0] == 2
    assert reason in suggestion.refused[kind][1]


def test_without_a_nonce_scripts_have_origins() -> None:
    suggestion = suggest(SELF_ONLY, {Kind("script-src-elem", TILES, ""): 1})
    assert suggestion.changes == {"script-src": ("'self'", TILES)}


def test_a_directive_of_its_own_is_changed_itself() -> None:
    policy = {**STRICT, "style-src-elem": ("'self'",)}
    assert suggest(policy, {Kind("style-src-elem", TILES, ""): 1}).changes == {
        "style-src-elem": ("'self'", TILES)
    }


def test_two_pages_are_one_change() -> None:
    counts = {Kind("img-src", TILES, page): 1 for page in ("a/", "b/")}
    suggestion = suggest(STRICT, counts)
    assert suggestion.changes == {"img-src": ("'self'", "data:", TILES)}


def test_what_is_rare_may_be_left_out() -> None:
    counts = {Kind("img-src", TILES, ""): 4, Kind("img-src", "https://x.example", ""): 5}
    suggestion = suggest(STRICT, counts, at_least=5)
    assert suggestion.changes == {"img-src": ("'self'", "data:", "https://x.example")}


KINDS = st.builds(
    Kind,
    st.sampled_from(sorted(csp.DIRECTIVES)),
    st.sampled_from([*sorted(WORDS - {"data", "blob"}), "data:", "blob:", TILES, "http://x"]),
    st.just(""),
)


@given(st.dictionaries(KINDS, st.integers(1, 9)), st.sampled_from([STRICT, SELF_ONLY]))
def test_nothing_unsafe_is_ever_suggested(counts: Any, policy: csp.Directives) -> None:
    suggestion = suggest(policy, counts)
    text = csp.render(csp.read({**suggestion.changes}))
    assert "unsafe" not in text
    assert "*" not in text
    assert "http:" not in text
    for directive in ("script-src", "default-src", "worker-src"):
        assert not {"data:", "blob:"} & set(suggestion.changes.get(directive, ()))
    for directive, sources in suggestion.changes.items():
        assert set(policy.get(directive, ())) - {"'none'"} <= set(sources)
