"""What a message may repeat."""

from __future__ import annotations

import pytest

from django_hardened.checks.rules import Rule

RULE = Rule("W999", "It is {value}, of {subject}.", "Use {value}.")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("redis://:Sup3rS3cretPw@cache.example.com:6379/0", "redis://***@cache.example.com:6379/0"),
        ("postgres://u:SEC/RET@db.example.com/n", "postgres://***@db.example.com/n"),
        ("https://u:p@SECRET@www.example.com", "https://***@www.example.com"),
        ("amqp://token@mq.example.com", "amqp://***@mq.example.com"),
        ("user:SECRET@db.example.com", "***@db.example.com"),
        ("mail@example.com", "mail@example.com"),
        ("https://www.example.com/x", "https://www.example.com/x"),
    ],
)
def test_no_message_has_the_password_of_a_url(value: str, shown: str) -> None:
    found = RULE.found(value=value, subject=value)
    assert found.msg == f"It is {shown}, of {shown}."
    assert found.hint == f"Use {shown}."
