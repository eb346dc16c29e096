"""Whom a limit is for: one attacker is one client, and many clients are many."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.ratelimit.identity import UNKNOWN, Client, by_address, by_user, by_value


@pytest.mark.parametrize(
    ("remote_addr", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[192.0.2.7]", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:4711", "192.0.2.7"),
        ("::FFFF:c000:0207", "192.0.2.7"),
    ],
)
def test_an_ipv4_address(remote_addr: str, address: str) -> None:
    assert by_address(remote_addr) == [Client(("address", address), 1)]


@pytest.mark.parametrize(
    "remote_addr",
    [
        "2001:db8:1:2:3::4",
        "[2001:db8:1:2:3::4]:4711",
        "2001:DB8:1:2:3::4%eth0",
        "[2001:db8:1:2:3::4]",
    ],
)
def test_an_ipv6_address_is_its_networks(remote_addr: str) -> None:
    assert by_address(remote_addr) == [
        Client(("address", "2001:db8:1:2::/64"), 1),
        Client(("address", "2001:db8:1::/56"), 4),
        Client(("address", "2001:db8:1::/48"), 16),
    ]


@pytest.mark.parametrize(
    "remote_addr",
    [
        *("", None, "unknown", "unix:", "localhost", "1.2.3", "1.2.3.4.5", "[", "[]", "::1::"),
        7,
        "a" * 100_000,
        "1.2.3.4\x00",
        "_hidden",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_address_shares_one_bucket(remote_addr: Any) -> None:
    assert by_address(remote_addr) == [Client(("address", UNKNOWN))]


def test_mapped_addresses_are_as_many_clients_as_addresses() -> None:
    clients = {tuple(by_address(f"::ffff:10.0.0.{number}")) for number in range(200)}
    assert len(clients) == 200


@given(st.text(max_size=200) | st.ip_addresses().map(str) | st.none() | st.integers())
def test_any_value_is_somebody(remote_addr: Any) -> None:
    clients = by_address(remote_addr)
    assert clients == by_address(remote_addr)
    assert [client.multiple for client in clients] in ([1], [1, 4, 16])


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_who_holds_a_network_of_64_bits_is_one_client(address: IPv6Address, low: int) -> None:
    other = IPv6Address((int(address) >> 64 << 64) | low)
    if address.ipv4_mapped or other.ipv4_mapped:
        return
    assert by_address(str(address)) == by_address(str(other))


def test_users_and_values() -> None:
    assert by_user(7) == [Client(("user", "7"))]
    assert by_value("header", "") == [Client(("header", ""))]
    assert by_user("x") != by_value("address", "x")
