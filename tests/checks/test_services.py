from __future__ import annotations

import ssl
from typing import Any

import pytest
from catalogue_support import findings

from django_hardened.checks import caches, dictionaries, services, tasks

REDIS = "django.core.cache.backends.redis.RedisCache"


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
    assert dictionaries.entries({"a": {"b": 1}, 3: None}) == [("a", {"b": 1})]
    assert dictionaries.entries(None) == []


@pytest.mark.parametrize(
    "url",
    [
        "redis://:S3cr@t.Pw0rd/x@cache.example.com:6379/0",
        "redis://:S3cr@t.Pw0rd?x@cache.example.com:6379/0",
        "redis://:S3cr@t.Pw0rd#x@cache.example.com:6379/0",
        "amqps://shop:t.Pw0rd/x@localhost",
    ],
)
def test_a_password_that_ends_the_host(url: str) -> None:
    """What urlsplit takes for the host is a part of the password."""
    for module, changes in (
        (tasks, {"CELERY_BROKER_URL": url}),
        (caches, {"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": url}}}),
    ):
        for message in findings(module, **changes):
            assert "t.pw0rd" not in str(message).lower()
            assert "a URL that cannot be read" in message.msg
    address = services.parse_address(url)
    assert address
    assert services.is_remote(address.host)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:S3cr%40t.Pw0rd%2Fx@cache.example.com:6379/0",
        "redis://:p@ss@cache.example.com:6379/0?x=1",
        "cache.example.com:6379",
    ],
)
def test_a_password_that_is_escaped(url: str) -> None:
    address = services.parse_address(url)
    assert address
    assert address.host == "cache.example.com"


def test_the_host_of_a_broker_that_cannot_be_read() -> None:
    url = "redis://:S3cr@t.Pw0rd/x@cache.example.com:6379/0"
    [message] = findings(tasks, CELERY_BROKER_URL=url)
    assert message.id == "django_hardened.W562"
    assert "<password>@<host>:6379" in str(message.hint)
