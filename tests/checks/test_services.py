from __future__ import annotations

import ssl
from typing import Any

import pytest

from django_hardened.checks import services


@pytest.mark.parametrize(
    "host", ["db.example.com", "DB.EXAMPLE.COM.", "8.8.8.8", "2606:4700::1", "[2606:4700::1]"]
)
def test_remote(host: str) -> None:
    assert services.is_remote(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        None,
        "localhost",
        "db",
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.3.4",
        "100.64.0.1",
        "fe80::1%eth0",
        "/run/postgresql",
        "db.internal",
        "nas.local",
        "redis.shop.svc",
        "redis.shop.svc.cluster.local",
        "a.localhost",
        3,
    ],
)
def test_our_own_network(host: Any) -> None:
    assert not services.is_remote(host)


@pytest.mark.parametrize(
    ("password", "user"),
    [
        ("postgres", "postgres"),
        ("root", "root"),
        ("django", "django"),
        ("Password", "shop"),
        ("password123", "shop"),
        ("P@ssw0rd", "shop"),
        ("changeme", ""),
        ("change_me", ""),
        ("your-secret-password", ""),
        ("<password>", ""),
        ("YOUR_EMAIL_PASSWORD_HERE", ""),
        ("123456", ""),
        ("shop", "Shop"),
    ],
)
def test_passwords_that_everybody_tries(password: str, user: str) -> None:
    assert services.is_default_password(password, user)


@pytest.mark.parametrize(
    ("password", "user"),
    [
        ("", ""),
        ("", "root"),
        (" ", ""),
        ("k3y-Zr8mQ1xW5vT0", "shop"),
        ("password-8f3h2k9d7s6f", "shop"),
        ("correct horse battery staple", ""),
        ("p4ss.12345678901", ""),
    ],
)
def test_passwords_that_nobody_tries(password: str, user: str) -> None:
    assert not services.is_default_password(password, user)


def test_addresses() -> None:
    address = services.parse_address("rediss://u:p%40ss@Cache.Example.com:6379/0?a=b")
    assert address == ("rediss", "cache.example.com", "u", "p@ss", {"a": "b"})
    assert services.parse_address("cache.example.com:11211") == (
        "",
        "cache.example.com",
        "",
        "",
        {},
    )
    assert services.parse_address("redis://[bad") is None
    assert services.parse_address(None) is not None


@pytest.mark.parametrize("value", [None, "none", "CERT_NONE", ssl.CERT_NONE])
@pytest.mark.parametrize("name", ["ssl_cert_reqs", "cert_reqs"])
def test_no_verification(name: str, value: Any) -> None:
    assert services.skips_verification({name: value})


@pytest.mark.parametrize(
    "options",
    [None, True, {}, "x", {"ssl_cert_reqs": "required"}, {"ssl_cert_reqs": ssl.CERT_OPTIONAL}],
)
def test_verification(options: Any) -> None:
    assert not services.skips_verification(options)


def test_entries() -> None:
    assert services.entries({"a": {"b": 1}, 3: None}) == [("a", {"b": 1})]
    assert services.entries(None) == []
