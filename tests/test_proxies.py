"""Whose forwarded headers are believed, and which address they name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.proxies import MAX_FORWARDED_OCTETS, TrustedProxies, parse_address

PROXIES = TrustedProxies.parse(["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"])
PEER = "10.0.0.1"

many = settings(max_examples=100, deadline=None)


# -- parse ---------------------------------------------------------------------------------------


def test_addresses_networks_and_the_unix_socket_are_declared() -> None:
    proxies = TrustedProxies.parse(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "unix"])
    assert proxies.networks == (
        ip_network("10.0.0.0/8"),
        ip_network("192.0.2.7/32"),
        ip_network("2001:db8::/32"),
        ip_network("::1/128"),
    )
    assert proxies.unix_socket is True


def test_nobody_is_trusted_unless_declared() -> None:
    nobody = TrustedProxies.parse([])
    assert nobody == TrustedProxies()
    for peer in ("", "127.0.0.1", "::1", "10.0.0.1", "unix", "0.0.0.0"):
        assert not nobody.trusts(peer)


def test_entries_may_be_a_generator_and_network_objects() -> None:
    entries = (entry for entry in [ip_network("10.0.0.0/8"), "unix"])
    assert TrustedProxies.parse(entries) == TrustedProxies(  # type: ignore[arg-type]
        (ip_network("10.0.0.0/8"),), unix_socket=True
    )


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "",
            " ",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::1/8",
            "localhost",
            "proxy.example",
            "Unix",
            "UNIX",
        ),
        *("unix:", "/run/proxy.sock", "*", "10.0.0.*", "10.0.0.0-10.0.0.9", "10.0.0.1:80", "[::1]"),
        *("10.0.0.0/8 ", " 10.0.0.0/8", "010.0.0.1", "10.1", "10", "0x0a.0.0.1", "10.0.0.0/8,::1"),
        *(9, 1.5, None, True, b"\x0a\x00\x00\x01"),
    ],
)
def test_an_entry_that_is_something_else_is_an_error(entry: object) -> None:
    with pytest.raises(ValueError, match=r"^is not an address, a network or 'unix'$"):
        TrustedProxies.parse(["10.0.0.0/8", entry])  # type: ignore[list-item]


@pytest.mark.parametrize("entry", ["fe80::1%eth0", "fe80::%1/64"])
def test_an_entry_with_a_zone_is_an_error_because_it_could_never_match(entry: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        TrustedProxies.parse([entry])


@pytest.mark.parametrize("entry", ["::ffff:10.0.0.0/104", "::ffff:10.0.0.1"])
def test_an_ipv4_mapped_entry_means_the_ipv4_peers_or_is_an_error(entry: str) -> None:
    """Peers are compared as IPv4: an entry that is kept as IPv6 would match nobody."""
    try:
        proxies = TrustedProxies.parse([entry])
    except ValueError:
        return
    assert proxies.trusts("10.0.0.1")
    assert proxies.trusts("::ffff:10.0.0.1")


# -- trusts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("10.0.0.1", True),
        ("10.255.255.255", True),
        ("192.0.2.7", True),
        ("2001:db8:1::1", True),
        ("2001:DB8:1:0:0:0:0:1", True),
        ("::ffff:10.0.0.1", True),
        ("::FFFF:a00:1", True),
        ("11.0.0.1", False),
        ("192.0.2.8", False),
        ("2001:db8:2::1", False),
        ("::10.0.0.1", False),
        ("::ffff:11.0.0.1", False),
        ("2001:db8:1::1%eth0", False),
        ("", False),
        ("unix", False),
        ("10.0.0.1:4711", False),
        ("[2001:db8:1::1]", False),
        (" 10.0.0.1", False),
        ("10.0.0.1\n", False),
        ("10.1", False),
        ("010.0.0.1", False),
        ("167772161", False),
        ("localhost", False),
        ("\uff11\uff10.0.0.1", False),
        ("\x00", False),
    ],
)
def test_only_declared_peers_are_trusted(peer: str, trusted: bool) -> None:
    assert PROXIES.trusts(peer) is trusted


def test_a_unix_socket_is_trusted_only_by_name() -> None:
    assert TrustedProxies.parse(["unix"]).trusts("")
    assert not TrustedProxies.parse(["unix"]).trusts("unix")
    assert not TrustedProxies.parse(["unix"]).trusts("127.0.0.1")
    assert not TrustedProxies.parse(["0.0.0.0/1", "::/1"]).trusts("")


unmapped = st.ip_addresses().filter(lambda address: parse_address(str(address)) == address)


@many
@given(unmapped, unmapped)
def test_a_single_address_trusts_itself_and_nobody_else(
    declared: IPv4Address | IPv6Address, peer: IPv4Address | IPv6Address
) -> None:
    proxies = TrustedProxies.parse([str(declared)])
    assert proxies.trusts(str(declared))
    assert proxies.trusts(str(peer)) is (peer == declared)


# -- client_address ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("203.0.113.9,10.0.0.2,192.0.2.7", "203.0.113.9"),
        # What stands to the left of the client was sent by the client.
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.9, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("unknown, 203.0.113.9", "203.0.113.9"),
        ("<script>, , _hidden, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        # All of them declared: the left-most.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.3", "10.0.0.3"),
        # Forms of an address.
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9\t,\t10.0.0.2", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ("203.0.113.9, [2001:db8:1::2]:80", "203.0.113.9"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(
    forwarded_for: str, client: str
) -> None:
    assert PROXIES.client_address(PEER, forwarded_for) == client


@pytest.mark.parametrize(
    "forwarded_for",
    [
        *(
            "",
            " ",
            ",",
            ", ,",
            "unknown",
            "_hidden",
            "unix",
            "localhost",
            "example.com",
            "-",
            "null",
        ),
        *(
            "203.0.113.9,",
            "203.0.113.9, unknown",
            "203.0.113.9, , 10.0.0.2",
            "203.0.113.9 10.0.0.2",
        ),
        *(
            "203.0.113.9, _secret, 10.0.0.2",
            "203.0.113.9; 10.0.0.2",
            '"203.0.113.9"',
            "for=1.1.1.1",
        ),
        *(
            "203.0.113.256",
            "203.0.113",
            "0313.0.113.9",
            "3405803785",
            "203.0.113.9/32",
            "0xcb.0.113.9",
        ),
        *("fe80::1%eth0", "[fe80::1%25eth0]:80", "[]", "[", "]", "[]:80", ":80", ":", "::ffff:1.1"),
        *(
            "2001:db8::9]",
            "203.0.113.9\x00",
            "\uff12\uff10\uff13.0.113.9",
            "203.0.113.9\r\nX-Evil: 1",
            "1.1.1.1:1:1",
        ),
    ],
)
def test_a_malformed_chain_says_nothing(forwarded_for: str) -> None:
    assert PROXIES.client_address(PEER, forwarded_for) == PEER


@pytest.mark.parametrize(
    "hop",
    [
        *(
            "[2001:db8::9",
            "[2001:db8::9]evil",
            "[2001:db8::9]:",
            "[2001:db8::9]:evil",
            "[203.0.113.9]",
        ),
        *(
            "203.0.113.9:",
            "203.0.113.9:evil",
            "203.0.113.9:-1",
            "203.0.113.9:99999",
            "203.0.113.9: 80",
        ),
    ],
)
def test_an_address_with_something_else_than_a_port_is_malformed(hop: str) -> None:
    assert PROXIES.client_address(PEER, hop) == PEER


def test_of_an_over_long_chain_the_end_is_read() -> None:
    """A client who pads the field must not pass for the proxy that appended to it."""
    longest = "203.0.113.9".rjust(MAX_FORWARDED_OCTETS)
    assert PROXIES.client_address(PEER, longest) == "203.0.113.9"
    assert PROXIES.client_address(PEER, f" {longest}") == PEER
    assert PROXIES.client_address(PEER, "1.1.1.1," * 100_000 + "203.0.113.9") == "203.0.113.9"
    assert PROXIES.client_address(PEER, "1.1.1.1," * 100_000 + PEER) == "1.1.1.1"
    assert PROXIES.client_address(PEER, "," + "1" * 100_000) == PEER


def test_the_chain_behind_a_unix_socket_is_read_as_well() -> None:
    proxies = TrustedProxies.parse(["unix"])
    assert proxies.client_address("", "1.1.1.1, 203.0.113.9") == "203.0.113.9"
    assert proxies.client_address("", "unknown") == ""


addresses = st.ip_addresses().map(str)
hops = st.one_of(
    addresses,
    addresses.map("{}:80".format),
    addresses.map("[{}]:80".format),
    st.sampled_from(["10.0.0.2", "192.0.2.7", "unknown", "", "_x", "::ffff:10.0.0.9"]),
    st.text(max_size=12),
)


@many
@given(st.lists(hops, max_size=6).map(", ".join))
def test_the_answer_is_always_the_peer_or_an_address_in_canonical_form(forwarded_for: str) -> None:
    client = PROXIES.client_address(PEER, forwarded_for)
    address = ip_address(client)
    assert str(address) == client
    assert "%" not in client
    assert getattr(address, "ipv4_mapped", None) is None


@many
@given(st.text(max_size=60), st.ip_addresses(v=4), st.lists(st.just("10.0.0.2"), max_size=3))
def test_nothing_that_a_client_sends_changes_the_address_its_proxy_appends(
    sent: str, client: IPv4Address, proxies: list[str]
) -> None:
    if PROXIES.trusts(str(client)):
        return
    chain = ", ".join([sent, str(client), *proxies])
    assert PROXIES.client_address(PEER, chain) == str(client)


# -- parse_address -------------------------------------------------------------------------------


@many
@given(st.text(max_size=30) | hops)
def test_reading_an_address_is_total(value: str) -> None:
    address = parse_address(value)
    assert address is None or parse_address(str(address)) == address


@many
@given(st.ip_addresses(v=4))
def test_an_ipv4_mapped_address_is_the_ipv4_address(address: IPv4Address) -> None:
    assert parse_address(f"::ffff:{address}") == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("value", ["fe80::1%eth0", "%", "::1%", "10.0.0.1%eth0", "", "1", "a"])
def test_a_zone_or_anything_else_is_no_address(value: str) -> None:
    assert parse_address(value) is None
