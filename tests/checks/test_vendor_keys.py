"""Keys by their form. They are put together here: a scanner must not take them for real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from findings_support import Source, codes

from django_hardened.api_keys import key_format
from django_hardened.checks import literals, vendor_keys

LETTERS = "k3yZr8mQ1xW5vT0bN7cJ4hF2gD9sA6pLeYuIoRtKwXqMnBvHaSdPzUjEgCf"
HEX = "9b0c2d4e6f8a13579b0c2d4e6f8a1357"
JWT = f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:30]}.{LETTERS[:43]}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


SECRETS = [
    "sk_" + "live_" + LETTERS[:24],
    "rk_" + "live_" + LETTERS[:24],
    "SG." + LETTERS[:22] + "." + LETTERS[:43],
    *(f"gh{kind}_" + LETTERS[:36] for kind in "pousr"),
    "github" + "_pat_" + (LETTERS * 2)[:82],
    "710201543" + ":AA" + LETTERS[:33],
    "https://api.telegram.org/" + "bot710201543" + ":AA" + LETTERS[:33] + "/send",
    "xoxb" + "-710201543012-710201543013-" + LETTERS[:24],
    "xoxp" + "-2-" + LETTERS[:24],
    "sk-" + "proj-" + LETTERS[:48],
    "sk-" + LETTERS[:48],
    "sk-" + "ant-api03-" + LETTERS[:48],
    "key-" + HEX,
    "Bearer " + "gho_" + LETTERS[:36],
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_key_under_any_name(project: Source, text: str) -> None:
    with project.in_effect(f"A_LINE = {text!r}\nPUBLIC = {text!r}\nREST = [{{'x': {text!r}}}]\n"):
        messages = literals.check_literal_secrets()
    assert codes(messages) == ["E041"] * 3
    assert text not in str(messages)


@pytest.mark.parametrize("prefix", ["dhk", "acme_live", "example"])
@pytest.mark.parametrize("around", ["{}", "Api-Key {}", "https://api.test/?key={}"])
def test_a_key_of_our_own(project: Source, prefix: str, around: str) -> None:
    body = f"{prefix}_{HEX[:16]}_{LETTERS[:43]}"
    text = around.format(body + key_format.checksum(body))
    with project.in_effect(f"A_LINE = {text!r}\n"):
        messages = literals.check_literal_secrets()
    assert codes(messages) == ["E041"]
    assert body not in str(messages)


@pytest.mark.parametrize("end", ["000000", "00000"])
def test_what_has_another_checksum_is_no_key_of_our_own(project: Source, end: str) -> None:
    text = f"dhk_{HEX[:16]}_{LETTERS[:43]}{end}"
    with project.in_effect(f"A_LINE = {text!r}\n"):
        assert codes(literals.check_literal_secrets()) == []


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH "])
@pytest.mark.parametrize("end", ["\n", "\\n"])
def test_a_private_key(project: Source, kind: str, end: str) -> None:
    text = f"-----BEGIN {kind}PRIVATE KEY-----{end}{LETTERS}{end}-----END {kind}PRIVATE KEY-----"
    with project.in_effect(f"CREDENTIAL = {text!r}\n"):
        assert codes(literals.check_literal_secrets()) == ["E041"]


@pytest.mark.parametrize(
    "text",
    [
        f"AWS_SECRET_ACCESS_KEY = {LETTERS[:20] + '/' + LETTERS[20:38] + '+'!r}",
        f"AWS_SECRET_ACCESS_KEY = {'/' + LETTERS[:20] + '/' + LETTERS[20:38]!r}",
        f"TWILIO_AUTH_TOKEN = {HEX!r}",
        f"SMS = {{'twilio': {{'token': {HEX!r}}}}}",
    ],
)
def test_a_form_that_counts_under_its_name(project: Source, text: str) -> None:
    with project.in_effect(f"{text}\nOTHER = {HEX!r}\nLINE = {LETTERS[:40]!r}\n"):
        assert codes(literals.check_literal_secrets()) == ["E041"]


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "PAYMENTS"])
@pytest.mark.parametrize("kind", ["sk", "rk"])
def test_a_key_for_tests(project: Source, name: str, kind: str) -> None:
    with project.in_effect(f"{name} = {kind + '_test_' + LETTERS[:24]!r}\n"):
        assert codes(literals.check_literal_secrets()) == ["W043"]


@pytest.mark.parametrize("text", ["AIza" + LETTERS[:35], JWT])
def test_a_key_that_browsers_may_get(project: Source, text: str) -> None:
    lines = [f"MAPS = {text!r}", f"A_PUBLIC_KEY = {text!r}", f"A_SECRET = {text!r}"]
    with project.in_effect("\n".join(lines)):
        assert sorted(codes(literals.check_literal_secrets())) == ["E041", "W042"]


@pytest.mark.parametrize("text", SECRETS)
def test_a_key_from_the_environment(
    project: Source, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SOME_KEY", text)
    with project.in_effect("import os\nSOME_KEY = os.environ['SOME_KEY']\n"):
        assert literals.check_literal_secrets() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk_live_...",
        "sk_live_your_key_goes_here",
        "sk_live_" + "x" * 24,
        "sk_test_" + "X" * 24,
        "pk_live_" + LETTERS[:24],
        "task_live_" + LETTERS[:24],
        "SG.xxx.yyy",
        "ghp_" + "0123456789" * 4,
        "github_pat_" + LETTERS[:20],
        "xoxb-your-token-here-1234567",
        "12:34:56",
        "1234567890:" + LETTERS[:35],
        "sk-" + "-".join(["loading", "spinner"] * 4),
        "AIzaExample" + LETTERS[:28],
        "eyJ.eyJ.x",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + LETTERS,
        "-----BEGIN CERTIFICATE-----\n" + LETTERS,
        HEX,
    ],
)
def test_what_is_no_key(project: Source, text: str) -> None:
    with project.in_effect(f"SOME_TEXT = {text!r}\n"):
        assert literals.check_literal_secrets() == []


@pytest.mark.parametrize(
    "text",
    [
        LETTERS[:20] + "/bPxRfiCY" + "EXAMPLE" + "KEYA",
        LETTERS[:39],
        LETTERS[:41],
        LETTERS[:40].lower(),
    ],
)
def test_what_is_no_key_of_aws(text: str) -> None:
    assert not vendor_keys.is_secret(text, "AWS_SECRET_ACCESS_KEY")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sk_test_...", True),
        ("your-key-here", True),
        ("put-your-key-there", True),
        ("<key>", True),
        ("xxx", True),
        ("sk_live_xxxx", True),
        ("key-goes-here", True),
        ("****", True),
        ("sk…", True),
        ("xx", False),
        ("hunter2", False),
        ("changeme", False),
        (LETTERS, False),
    ],
)
def test_placeholders(text: str, expected: bool) -> None:
    assert vendor_keys.is_placeholder(text) is expected
