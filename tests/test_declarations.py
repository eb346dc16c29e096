"""Declarations of public endpoints: what they are about, and what is none."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from django_hardened.declarations import (
    Declaration,
    append_declarations,
    declarations_file,
    parse_declaration,
    read_declarations,
)

ENTRY = {"pattern": "/a/", "method": "GET", "reason": "It is news."}


def declared(**changes: Any) -> Declaration:
    return parse_declaration({**ENTRY, **changes})


@pytest.mark.parametrize(
    ("pattern", "method", "path", "asked", "is_covered"),
    [
        ("/a/", "GET", "/a/", "GET", True),
        ("/a/", "GET", "/a/b/", "GET", False),
        ("/a/", "GET", "/a/", "POST", False),
        ("/a/", "get", "/a/", "GET", True),
        ("/a/", ["GET", "POST"], "/a/", "POST", True),
        ("/a/", "*", "/a/", "HEAD", True),
        ("/a/", "*", "/a/", "POST", False),
        ("/a/", ["*", "POST"], "/a/", "POST", True),
        ("/a/*", "GET", "/a/<int:pk>/b/", "GET", True),
        ("/a/*/c/", "GET", "/a/b/", "GET", False),
        ("/a.b/", "GET", "/axb/", "GET", False),
        ("/<int:pk>/", "GET", "/<int:pk>/", "GET", True),
    ],
)
def test_a_declaration_is_about_paths_and_methods(
    pattern: str, method: Any, path: str, asked: str, is_covered: bool
) -> None:
    assert declared(pattern=pattern, method=method).covers(path, asked) is is_covered


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        ("/a/", "is not a table"),
        ({}, "has no pattern and no method and no reason"),
        ({**ENTRY, "owner": "x"}, "has the unknown key 'owner'"),
        ({**ENTRY, "pattern": "a/"}, "from the first slash on"),
        ({**ENTRY, "pattern": "/*"}, "is about everything"),
        ({**ENTRY, "pattern": "/*/*/"}, "is about everything"),
        ({**ENTRY, "method": []}, "neither a method nor a list"),
        ({**ENTRY, "method": 7}, "neither a method nor a list"),
        ({**ENTRY, "method": "GET POST"}, "'GET POST' is no method"),
        ({**ENTRY, "reason": "-"}, "'reason' says nothing"),
        ({**ENTRY, "reason": 7}, "'reason' says nothing"),
    ],
)
def test_what_says_too_little_declares_nothing(item: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_declaration(item)
    with override_settings(HARDENED_PUBLIC_ENDPOINTS=[item], BASE_DIR=None):
        found = read_declarations()
    assert found.entries == ()
    assert found.problems[0].startswith("HARDENED_PUBLIC_ENDPOINTS, entry 1: ")


def test_setting_and_file_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "public_endpoints.toml").write_text(
        '[[public]]\npattern = "/b/"\nmethod = ["GET", "POST"]\nreason = "A hook."\n'
    )
    with override_settings(BASE_DIR=tmp_path, HARDENED_PUBLIC_ENDPOINTS=[ENTRY]):
        found = read_declarations()
    assert [str(each) for each in found.entries] == ["GET /a/", "GET, POST /b/"]
    assert [each.place for each in found.entries] == [
        "HARDENED_PUBLIC_ENDPOINTS, entry 1",
        "public_endpoints.toml, entry 1",
    ]
    assert found.problems == ()
    assert found.covering("/b/", "POST") == found.entries[1]
    assert found.covering("/c/", "POST") is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[[public]", "cannot be read"),
        ('[public]\npattern = "/a/"', "write [[public]] above each"),
        ("x = 1", "has the unknown key 'x'"),
        ("[[public]]\n", "public.toml, entry 1: has no pattern"),
        (None, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    tmp_path: Path, content: str | None, problem: str
) -> None:
    path = tmp_path / "public.toml"
    if content is not None:
        path.write_text(content)
    with override_settings(BASE_DIR=tmp_path, HARDENED_PUBLIC_ENDPOINTS_FILE="public.toml"):
        found = read_declarations()
    assert found.entries == ()
    assert problem in found.problems[0]


def test_no_file_and_no_setting_declare_nothing(tmp_path: Path) -> None:
    with override_settings(BASE_DIR=tmp_path, HARDENED_PUBLIC_ENDPOINTS="GET /a/"):
        assert read_declarations().problems == ()
        assert declarations_file() == tmp_path / "public_endpoints.toml"
    with override_settings(BASE_DIR=None):
        assert declarations_file() is None
        assert read_declarations().entries == ()


def test_drafts_wait_for_their_reasons(tmp_path: Path) -> None:
    path = tmp_path / "public_endpoints.toml"
    append_declarations(path, [("/a/", "GET"), ('/"b"/', "GET"), ("/a/", "POST")])
    append_declarations(path, [("/c/", "GET")])
    written = tomllib.loads(path.read_text())["public"]
    assert written == [
        {"pattern": "/a/", "method": ["GET", "POST"], "reason": ""},
        {"pattern": '/"b"/', "method": "GET", "reason": ""},
        {"pattern": "/c/", "method": "GET", "reason": ""},
    ]
    before = path.read_text()
    append_declarations(path, [("/a/", "POST"), ("/c/", "GET")])
    assert path.read_text() == before
    append_declarations(path, [("/a/", "PUT"), ("/c/", "GET")])
    assert tomllib.loads(path.read_text())["public"][3:] == [
        {"pattern": "/a/", "method": "PUT", "reason": ""}
    ]
    with override_settings(BASE_DIR=tmp_path):
        assert len(read_declarations().problems) == 4


@pytest.mark.parametrize(
    ("pattern", "method"),
    [("/a/*", "GET"), ("/a/b/", "*"), ("/a/b/", "get"), ("/a/b/", '["POST", "GET"]')],
)
def test_a_draft_is_not_written_twice(tmp_path: Path, pattern: str, method: str) -> None:
    path = tmp_path / "public_endpoints.toml"
    method = method if method.startswith("[") else f'"{method}"'
    path.write_text(f'[[public]]\npattern = "{pattern}"\nmethod = {method}\nreason = ""\n')
    before = path.read_text()
    assert not append_declarations(path, [("/a/b/", "GET")])
    assert path.read_text() == before
    assert append_declarations(path, [("/c/", "GET")])


@pytest.mark.parametrize(("pattern", "method"), [("/*", "GET"), ("/a/", "M-SEARCH")])
def test_nor_is_one_that_nobody_could_declare(tmp_path: Path, pattern: str, method: str) -> None:
    path = tmp_path / "public_endpoints.toml"
    assert append_declarations(path, [(pattern, method)])
    assert not append_declarations(path, [(pattern, method)])


def test_nor_is_one_with_a_key_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "public_endpoints.toml"
    path.write_text('[[public]]\npattern = "/a/"\nmethod = "get"\nnote = "mine"\n')
    assert not append_declarations(path, [("/a/", "GET")])


def test_what_is_no_list_is_not_added_to(tmp_path: Path) -> None:
    path = tmp_path / "public_endpoints.toml"
    path.write_text("public = 5\n")
    with pytest.raises(ValueError, match="Cannot overwrite"):
        append_declarations(path, [("/a/", "GET")])


def test_what_is_no_entry_is_kept_beside_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "public_endpoints.toml"
    path.write_text("public = [1, {method = 2}]\n")
    with pytest.raises(ValueError, match="public"):
        append_declarations(path, [("/a/", "GET")])
    assert path.read_text() == "public = [1, {method = 2}]\n"


def test_a_broken_file_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "public_endpoints.toml"
    path.write_text("[[public")
    with pytest.raises(ValueError, match="Expected"):
        append_declarations(path, [("/a/", "GET")])
    assert path.read_text() == "[[public"
    path.write_text("# no end of line")
    append_declarations(path, [("/a/", "GET")])
    assert path.read_text().startswith("# no end of line\n\n[[public]]\n")
