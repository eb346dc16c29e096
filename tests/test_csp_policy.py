"""Policies: read, changed and rendered, with Django's own renderer as the judge."""

from __future__ import annotations

from typing import Any

import django
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import csp
from django_hardened.csp import NONCE, NONE, SELF, STRICT_DYNAMIC, Compiled, add, change, read

STRICT = read(csp.STRICT)
FETCH = sorted(csp._FETCH)
SOURCES = st.sampled_from([SELF, "https:", "https://cdn.example.com", NONCE, "'sha256-abc='"])
LISTS = st.lists(SOURCES, min_size=1, max_size=4, unique=True)
POLICIES = st.dictionaries(st.sampled_from(FETCH), LISTS, min_size=1, max_size=6)


# -- Reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        ("'self'", (SELF,)),
        ("'self' https:", (SELF, "https:")),
        (["'self'", "https: data:"], (SELF, "https:", "data:")),
        ((SELF, SELF), (SELF,)),
        ({"b.example", "a.example"}, ("a.example", "b.example")),
        (frozenset({NONCE}), (NONCE,)),
        (["csp.constants.NONCE"], (NONCE,)),
    ],
)
def test_every_form_of_a_source_list(value: Any, sources: tuple[str, ...]) -> None:
    assert read({" Script-SRC ": value}) == {"script-src": sources}


def test_what_is_no_source_list() -> None:
    policy = {
        "upgrade-insecure-requests": True,
        "sandbox": ["allow-forms"],
        "trusted-types": [],
        "img-src": None,
        "font-src": False,
    }
    assert read(policy) == {
        "upgrade-insecure-requests": (),
        "sandbox": ("allow-forms",),
        "trusted-types": (),
    }


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ([("default-src", SELF)], "is a list and not a dictionary"),
        ({"script-scr": [SELF]}, "'script-scr', which no browser knows; did you mean script-src?"),
        ({"x": [SELF]}, "has the directive 'x', which no browser knows"),
        ({"img-src": [SELF], "IMG-SRC": [NONE]}, "has img-src twice"),
        ({"img-src": []}, "img-src without a source"),
        ({"img-src": ""}, "img-src without a source"),
        ({"img-src": True}, "img-src without a source"),
        ({"img-src": ["self"]}, "self without its quotes"),
        ({"script-src": ["Unsafe-Inline"]}, "Unsafe-Inline without its quotes"),
        ({"img-src": [NONE, SELF]}, "beside others"),
        ({"img-src": ["a.example;script-src *"]}, "a character that ends it"),
        ({"img-src": ["a.example,b.example"]}, "a character that ends it"),
        ({"img-src": ["b\u00fccher.example"]}, "a character that ends it"),
        ({"img-src": ["a\x00b"]}, "a character that ends it"),
    ],
)
def test_what_browsers_would_ignore_is_refused(policy: Any, problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        read(policy)


@given(st.text(min_size=1))
def test_no_source_ends_its_directive_or_the_header(source: str) -> None:
    try:
        text = csp.render(read({"img-src": [source]}))
    except ValueError:
        return
    assert text.isascii()
    assert text.isprintable()
    assert not {";", ",", "\r", "\n"} & set(text)


# -- Changing ------------------------------------------------------------------------------------


def test_a_change_takes_the_place_of_a_directive_and_none_takes_it_out() -> None:
    policy = read({"img-src": [SELF], "font-src": [SELF], "style-src": [SELF]})
    changed = change(policy, {"img-src": [NONE], "FONT-src": None, "media-src": "a.example"})
    assert changed == {"img-src": (NONE,), "style-src": (SELF,), "media-src": ("a.example",)}
    assert policy == read({"img-src": [SELF], "font-src": [SELF], "style-src": [SELF]})


@pytest.mark.parametrize(
    ("policy", "additions", "expected"),
    [
        ({"img-src": [SELF]}, {"img-src": ["a.example", SELF]}, {"img-src": (SELF, "a.example")}),
        ({"img-src": [NONE]}, {"img-src": ["a.example"]}, {"img-src": ("a.example",)}),
        ({"img-src": [NONE]}, {"img-src": [NONE]}, {"img-src": (NONE,)}),
        # Alone, the addition would take 'self' away.
        (
            {"default-src": [SELF]},
            {"img-src": ["a.example"]},
            {"default-src": (SELF,), "img-src": (SELF, "a.example")},
        ),
        (
            {"script-src": [SELF]},
            {"script-src-elem": ["a.example"]},
            {"script-src": (SELF,), "script-src-elem": (SELF, "a.example")},
        ),
        (
            {"script-src": [SELF]},
            {"worker-src": ["blob:"]},
            {"script-src": (SELF,), "worker-src": (SELF, "blob:")},
        ),
        # What nothing restricts stays so.
        ({}, {"form-action": ["a.example"]}, {}),
        ({}, {"img-src": ["a.example"]}, {}),
        ({}, {"sandbox": ["allow-forms"]}, {}),
        ({}, {"report-uri": ["/csp/"]}, {"report-uri": ("/csp/",)}),
    ],
)
def test_an_addition_never_takes_away(policy: Any, additions: Any, expected: Any) -> None:
    assert add(read(policy), additions) == expected


@given(POLICIES, POLICIES)
def test_what_was_allowed_stays_allowed(policy: Any, additions: Any) -> None:
    before = read(policy)
    after = add(before, additions)
    for directive, sources in before.items():
        assert set(sources) <= set(after[directive])
    for directive, sources in read(additions).items():
        assert directive not in after or set(sources) <= set(after[directive])
    # Nothing is restricted that was not.
    general = {"default-src"} | {each.partition("-src")[0] + "-src" for each in before}
    assert before.keys() & general or not after.keys() - before.keys()


# -- Without a nonce -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "left"),
    [
        ([NONCE, STRICT_DYNAMIC], (SELF,)),
        ([NONCE], (SELF,)),
        # For old browsers: others have ignored it beside the nonce, and must go on to.
        ([NONCE, STRICT_DYNAMIC, "https:", "'unsafe-inline'"], (SELF,)),
        ([NONCE, "'unsafe-inline'"], (SELF,)),
        ([NONCE, "'Unsafe-Inline'"], (SELF,)),
        ([NONCE, "https://cdn.example", "'unsafe-inline'"], ("https://cdn.example",)),
        ([NONCE, STRICT_DYNAMIC, "https://cdn.example"], (SELF,)),
        ([NONCE, STRICT_DYNAMIC, "'unsafe-eval'"], (SELF, "'unsafe-eval'")),
        ([NONCE, SELF], (SELF,)),
        # A hash is trusted as well, and 'strict-dynamic' then has something to go by.
        ([NONCE, STRICT_DYNAMIC, "'sha256-abc='"], (STRICT_DYNAMIC, "'sha256-abc='")),
        ([STRICT_DYNAMIC, "'nonce-fixed'"], (STRICT_DYNAMIC, "'nonce-fixed'")),
        ([SELF, "a.example"], (SELF, "a.example")),
    ],
)
def test_what_is_left_of_a_directive(sources: list[str], left: tuple[str, ...]) -> None:
    assert csp.without_nonce(read({"script-src": sources})) == {"script-src": left}


@given(POLICIES)
def test_strict_dynamic_never_stands_bare(policy: dict[str, list[str]]) -> None:
    policy = {name: [*sources, STRICT_DYNAMIC] for name, sources in policy.items()}
    for directive, sources in csp.without_nonce(read(policy)).items():
        assert sources
        if NONCE in policy[directive]:
            assert STRICT_DYNAMIC not in sources or any("'sha256" in each for each in sources)


# -- Rendering -----------------------------------------------------------------------------------


def test_the_strict_policy_as_it_is_sent() -> None:
    compiled = Compiled.of(STRICT)
    assert compiled.text("") == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
        "upgrade-insecure-requests"
    )
    assert compiled.text("abc") == compiled.text("").replace(
        "script-src 'self'", "script-src 'nonce-abc' 'strict-dynamic'"
    )
    assert "unsafe" not in compiled.text("abc")


def test_a_policy_without_a_place_for_the_nonce_has_none() -> None:
    compiled = Compiled.of(read(csp.API))
    assert compiled.text("abc") == compiled.text("") == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django renders policies since 6.0")
@given(POLICIES)
def test_django_renders_the_same(policy: dict[str, list[str]]) -> None:
    from django.utils.csp import build_policy

    text = csp.render(read(policy)).replace(NONCE, "'nonce-abc'")
    assert text == build_policy(policy, "abc")


@pytest.mark.skipif(django.VERSION < (6, 0), reason="Django has its constants since 6.0")
def test_django_s_constants_are_understood() -> None:
    from django.utils.csp import CSP

    assert {CSP.NONCE, CSP.NONE, CSP.SELF} == {NONCE, NONE, SELF}
    assert read({"script-src": [CSP.NONCE, CSP.STRICT_DYNAMIC]}) == {
        "script-src": (NONCE, STRICT_DYNAMIC)
    }


def test_that_of_django_csp_is_understood() -> None:
    constants = pytest.importorskip("csp.constants")
    assert read({"script-src": [constants.NONCE]}) == {"script-src": (NONCE,)}


@pytest.mark.parametrize("changes", [csp.ADMIN, csp.BROWSABLE_API, csp.SWAGGER, csp.REDOC])
def test_the_changes_for_pages_of_others_allow_no_inline_script(changes: Any) -> None:
    typed = {**csp.STRICT, "require-trusted-types-for": ["'script'"]}
    policy = csp.without_nonce(change(read(typed), changes))
    assert policy["script-src"] == (SELF,)
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == (NONE,)
    assert not {"require-trusted-types-for", "trusted-types"} & set(policy)


@pytest.mark.parametrize(
    ("ancestors", "option"),
    [(None, None), ([NONE], "DENY"), ([SELF], "SAMEORIGIN"), (["https://a.example"], "")],
)
def test_the_frame_option_that_says_the_same(ancestors: Any, option: str | None) -> None:
    assert csp.frame_option(read({"frame-ancestors": ancestors})) == option
