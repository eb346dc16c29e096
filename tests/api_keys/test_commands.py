from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from api_keys_support import issue, make_user
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_hardened.api_keys.models import APIKey
from django_hardened.api_keys.verification import verify

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> tuple[str, str]:
    """What a command has written, to either of its streams."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def is_good(text: str, rf: Any) -> bool:
    return verify(rf.get("/"), text) is not None


def test_a_key_is_printed_alone(rf: Any) -> None:
    make_user()
    out, err = run(
        *("createapikey", "ci", "--owner", "ada", "--scope", "b", "--scope", "a"),
        *("--network", "127.0.0.0/8", "--days", "7"),
    )
    key = APIKey.objects.get()
    assert re.fullmatch(r"dhk_\w{16}_\w{49}\n", out)
    assert is_good(out.strip(), rf)
    assert err.startswith(f"ci ({key.identifier}), until 20")
    assert out.strip() not in err
    assert (key.name, key.scopes, key.networks) == ("ci", "a b", "127.0.0.0/8")
    assert timedelta(days=6) < key.expires_at - timezone.now() <= timedelta(days=7)


def test_what_is_not_said_is_as_elsewhere() -> None:
    make_user()
    run("createapikey", "ci", "--owner", "ada")
    key = APIKey.objects.get()
    assert (key.scopes, key.networks) == ("", "")
    assert key.expires_at - key.created_at == timedelta(days=90)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["ci", "--owner", "eve"], "There is no user 'eve'."),
        (["ci", "--owner", "ada", "--network", "x"], "x: no network such as"),
        (["ci", "--owner", "ada", "--scope", 'a"'], "no scope has such characters"),
        (["ci", "--owner", "ada", "--days", "0"], "cannot expire before"),
        (["ci", "--owner", "ada", "--days", "999999999"], "out of range|no time|too large"),
        (["", "--owner", "ada"], "blank"),
        (["ci"], "--owner"),
    ],
)
def test_no_key(arguments: list[str], problem: str) -> None:
    make_user()
    with pytest.raises(CommandError, match=problem):
        run("createapikey", *arguments)
    assert not APIKey.objects.exists()


@pytest.mark.parametrize("by", ["identifier", "key"])
def test_rotate(by: str, rf: Any) -> None:
    key, text = issue(now=timezone.now())
    out, err = run(
        "rotateapikey", key.identifier if by == "identifier" else text, "--overlap-hours", "0.5"
    )
    key.refresh_from_db()
    assert key.replaced_by is not None
    assert err.startswith(f"ci ({key.replaced_by.identifier}), until 20")
    assert f"{key.identifier} is good until 20" in err
    assert is_good(out.strip(), rf)
    assert is_good(text, rf)
    assert key.expires_at - timezone.now() <= timedelta(hours=0.5)


def test_an_overlap_of_a_day_unless_said() -> None:
    key, _ = issue(now=timezone.now())
    run("rotateapikey", key.identifier)
    key.refresh_from_db()
    assert timedelta(hours=23) < key.expires_at - timezone.now() <= timedelta(hours=24)


@pytest.mark.parametrize("hours", ["-1", "nan", "inf", "1e300"])
def test_no_overlap_that_is_none(hours: str) -> None:
    key, _ = issue(now=timezone.now())
    with pytest.raises(CommandError):
        run("rotateapikey", key.identifier, f"--overlap-hours={hours}")
    assert APIKey.objects.count() == 1


def test_what_cannot_be_rotated() -> None:
    with pytest.raises(CommandError, match="There is no such key"):
        run("rotateapikey", "none")
    key, _ = issue(now=timezone.now())
    key.revoke()
    with pytest.raises(CommandError, match="revoked, expired or replaced"):
        run("rotateapikey", key.identifier)


def test_revoke(rf: Any) -> None:
    first, first_text = issue(now=timezone.now())
    second, second_text = issue(first.owner, now=timezone.now())
    _, third_text = issue(first.owner, now=timezone.now())
    out, _ = run("revokeapikey", first.identifier, second_text)
    assert out == f"{first} was revoked.\n{second} was revoked.\n"
    assert [is_good(text, rf) for text in (first_text, second_text, third_text)] == [
        *(False, False, True)
    ]
    assert run("revokeapikey", first.identifier)[0] == f"{first} was revoked before.\n"


def test_what_is_found_is_revoked_all_the_same(rf: Any) -> None:
    key, text = issue(now=timezone.now())
    with pytest.raises(CommandError, match="Not found: 2 of 3"):
        run("revokeapikey", "none", key.identifier, "neither")
    assert not is_good(text, rf)
