from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.api_keys.words import admits, check_networks, check_scopes, joined


@pytest.mark.parametrize(
    ("words", "stored"),
    [("", ""), ((), ""), ("b a  b", "a b"), (["b", "a"], "a b"), ("\ta\n", "a")],
)
def test_words_are_stored_in_order(words: str, stored: str) -> None:
    assert joined(words) == stored


@pytest.mark.parametrize("text", ["", "read", "posts:read posts:write", "a/b !x", "https://x/y"])
def test_scopes(text: str) -> None:
    check_scopes(text)


@pytest.mark.parametrize("text", ['a"b', "a\\b", "é", "a b\x00"])
def test_no_scopes(text: str) -> None:
    with pytest.raises(ValidationError, match="no scope has such characters"):
        check_scopes(text)


@pytest.mark.parametrize(
    "text", ["", "192.0.2.0/24", "192.0.2.7 2001:db8::/32", "::1", "0.0.0.0/0"]
)
def test_networks(text: str) -> None:
    check_networks(text)


@pytest.mark.parametrize(
    "text", ["192.0.2.7/24", "192.0.2", "example.com", "10.0.0.0/33", "*", "10.0.0.0/8,::1", "1"]
)
def test_no_networks(text: str) -> None:
    with pytest.raises(ValidationError, match="no network"):
        check_networks(text)


@pytest.mark.parametrize(
    ("networks", "address", "is_admitted"),
    [
        ("", "192.0.2.7", True),
        ("", None, True),
        ("192.0.2.0/24", "192.0.2.7", True),
        ("192.0.2.0/24", "192.0.3.7", False),
        ("192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("192.0.2.0/24", "::192.0.2.7", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("fe80::/10", "fe80::1%eth0", True),
        ("192.0.2.7 ::1", "::1", True),
        ("192.0.2.7 ::1", "[::1]:443", True),
        ("192.0.2.7 ::1", "192.0.2.7:443", True),
        ("192.0.2.7 ::1", "192.0.2.8", False),
        *(("0.0.0.0/0 ::/0", nowhere, False) for nowhere in (None, "", "unix:", "x", "1.2.3", 7)),
        # Of a word that was never checked nothing is made.
        ("nonsense", "192.0.2.7", False),
    ],
)
def test_who_is_in_a_network(networks: str, address: object, is_admitted: bool) -> None:
    assert admits(networks, address) is is_admitted


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 32))
def test_the_rule_is_that_of_ipaddress(first: object, second: object, prefix: int) -> None:
    network = (
        ip_network((int(ip_address(str(first))), prefix), strict=False)
        if "." in str(first)
        else ip_network(f"{first}/{prefix}", strict=False)
    )
    address = ip_address(str(second))
    real = getattr(address, "ipv4_mapped", None) or address
    assert admits(str(network), str(second)) is (real in network)
