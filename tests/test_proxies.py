"""Whose forwarded headers are believed, and which address they name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.forwarded import MAX_FORWARDED_OCTETS, parse_address
from django_hardened.proxies import MAX_PROXIES, Client, TrustedProxies

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
    assert TrustedProxies.parse(entries) == TrustedProxies(
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
        *(1.5, None, True, False, b"\x0a\x00\x00\x01"),
    ],
)
def test_an_entry_that_is_something_else_is_an_error(entry: object) -> None:
    with pytest.raises(ValueError, match=r"^is not an address, a network or 'unix'$"):
        TrustedProxies.parse(["10.0.0.0/8", entry])


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


def test_a_number_of_proxies_may_be_declared() -> None:
    assert TrustedProxies.parse([2]) == TrustedProxies(count=2)
    assert TrustedProxies.parse(["10.0.0.0/8", MAX_PROXIES, "unix"]) == TrustedProxies(
        (ip_network("10.0.0.0/8"),), unix_socket=True, count=MAX_PROXIES
    )


@pytest.mark.parametrize("count", [0, -1, MAX_PROXIES + 1, 167772161, 10**50])
def test_a_number_that_no_chain_has_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match=r"^is not a number of proxies from 1 to 16$"):
        TrustedProxies.parse(["10.0.0.0/8", count])


@pytest.mark.parametrize("entries", [[1, 1], [1, 2], ["10.0.0.0/8", 3, "unix", 2]])
def test_a_second_number_is_an_error(entries: list[object]) -> None:
    with pytest.raises(ValueError, match=r"^is a second number of proxies$"):
        TrustedProxies.parse(entries)


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
        ("10.0.0.1".rjust(100_000, "0"), False),
        ("10.0.0.1".ljust(100_000), False),
    ],
)
def test_only_declared_peers_are_trusted(peer: str, trusted: bool) -> None:
    assert PROXIES.trusts(peer) is trusted


def test_a_unix_socket_is_trusted_only_by_name() -> None:
    assert TrustedProxies.parse(["unix"]).trusts("")
    assert not TrustedProxies.parse(["unix"]).trusts("unix")
    assert not TrustedProxies.parse(["unix"]).trusts("127.0.0.1")
    assert not TrustedProxies.parse(["0.0.0.0/1", "::/1"]).trusts("")


@pytest.mark.parametrize("peer", ["", "10.0.0.1", "203.0.113.9", "::1", "testclient", "\x00"])
def test_with_a_number_alone_whoever_connects_is_the_first_of_them(peer: str) -> None:
    assert TrustedProxies.parse([1]).trusts(peer)


def test_with_more_than_a_number_the_peer_is_in_a_network_or_on_the_socket() -> None:
    networks = TrustedProxies.parse(["10.0.0.0/8", 2])
    assert [networks.trusts(peer) for peer in (PEER, "", "203.0.113.9")] == [True, False, False]
    socket = TrustedProxies.parse(["unix", 2])
    assert [socket.trusts(peer) for peer in (PEER, "", "203.0.113.9")] == [False, True, False]


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


@pytest.mark.parametrize(
    ("count", "chain", "client"),
    [
        # The peer is number one, so that of N proxies the chain names N - 1.
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.9, 10.0.0.2", "10.0.0.2"),
        (2, "1.1.1.1, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (3, "1.1.1.1, 203.0.113.9, 198.51.100.7, 10.0.0.2", "203.0.113.9"),
        # A shorter chain ends at its left-most address.
        (2, "203.0.113.9", "203.0.113.9"),
        (16, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        # What stands to the left of the client is not read.
        (1, "<script>, 203.0.113.9", "203.0.113.9"),
        (2, "unknown, , 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        # What is read has to be an address.
        (1, "203.0.113.9, unknown", PEER),
        (2, "unknown, 198.51.100.7", PEER),
        (2, "203.0.113.9, , 198.51.100.7", PEER),
        (2, "", PEER),
    ],
)
def test_of_a_number_of_proxies_the_last_names_the_client(
    count: int, chain: str, client: str
) -> None:
    assert TrustedProxies.parse([count]).client_address(PEER, chain) == client
    # With a socket and a number nothing else is said of the others either.
    assert TrustedProxies.parse(["unix", count]).client_address(PEER, chain) == client


@pytest.mark.parametrize(
    ("count", "client"), [(1, "10.0.0.2"), (2, "10.0.0.3"), (3, "203.0.113.9"), (4, "203.0.113.9")]
)
def test_with_networks_no_more_than_the_number_are_walked(count: int, client: str) -> None:
    proxies = TrustedProxies.parse(["10.0.0.0/8", count])
    assert proxies.client_address(PEER, "1.1.1.1, 203.0.113.9, 10.0.0.3, 10.0.0.2") == client


@many
@given(
    st.text(max_size=40),
    st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=6),
    st.sampled_from(["X-Forwarded-For", "Forwarded"]),
)
def test_a_client_behind_that_many_proxies_is_who_it_is_whatever_it_sends(
    sent: str, appended: list[str], header: Any
) -> None:
    """The first of them appends the client, and each of the others the one before."""
    proxies = TrustedProxies.parse([len(appended)], header=header)
    prefix = "for=" if header == "Forwarded" else ""
    chain = ", ".join([sent, *(prefix + address for address in appended)])
    assert proxies.client_address(PEER, chain) == appended[0]


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


# -- Forwarded -----------------------------------------------------------------------------------

RFC7239 = TrustedProxies.parse(["10.0.0.0/8", "2001:db8:1::/48"], header="Forwarded")


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ('for=1.1.1.1, for=203.0.113.9, for="[2001:db8:1::2]:80", for=10.0.0.2', "203.0.113.9"),
        ("for=10.0.0.3, for=10.0.0.2", "10.0.0.3"),
        # No address: the walk ends at the hop before.
        ("for=1.1.1.1, for=unknown, for=10.0.0.2", "10.0.0.2"),
        ("for=1.1.1.1, for=_hidden, for=10.0.0.3, for=10.0.0.2", "10.0.0.3"),
        ("for=1.1.1.1, proto=https, for=10.0.0.2", "10.0.0.2"),
        ("for=1.1.1.1, , for=10.0.0.2", "10.0.0.2"),
        ("for=1.1.1.1, for=unknown", PEER),
        ("for=1.1.1.1,", PEER),
        ("proto=https", PEER),
        # Malformed: the peer.
        ("for=203.0.113.9, for=, for=10.0.0.2", PEER),
        ("203.0.113.9", PEER),
        ("for=203.0.113.9;for=1.1.1.1", PEER),
        ("for=203.0.113.9;", "203.0.113.9"),
        ("for=1.1.1.1," * 100_000 + "for=203.0.113.9", "203.0.113.9"),
        ("for=1.1.1.1;x=" + "x" * 100_000, PEER),
    ],
    ids=lambda value: value[:60],
)
def test_the_chain_of_forwarded(chain: str, client: str) -> None:
    assert RFC7239.client_address(PEER, chain) == client


# -- speak_for -----------------------------------------------------------------------------------

FOR, PROTO, HOST = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
ALL = {
    FOR: "203.0.113.9",
    PROTO: "https",
    HOST: "example.com",
    "HTTP_X_FORWARDED_PORT": "8443",
    "HTTP_FORWARDED": "for=198.51.100.1;proto=https;host=evil.test",
}


def test_a_declared_proxy_speaks_for_its_client() -> None:
    assert PROXIES.speak_for(PEER, ALL) == Client("203.0.113.9", "https", "example.com")
    assert PROXIES.speak_for(PEER, {}) == Client(PEER)
    assert TrustedProxies.parse(["unix"]).speak_for("", ALL)[:3] == (
        *("203.0.113.9", "https"),
        "example.com",
    )


def test_anybody_else_speaks_for_itself_and_is_heard_of_if_it_says_https() -> None:
    for peer in ("203.0.113.1", "", "garbage"):
        assert PROXIES.speak_for(peer, ALL) == Client(peer, ignored=((PROTO, "https"),))
        assert PROXIES.speak_for(peer, ALL | {PROTO: "http"}) == Client(peer)
        assert PROXIES.speak_for(peer, {}) == Client(peer)


def test_only_the_header_that_the_proxies_write_is_read() -> None:
    assert RFC7239.speak_for(PEER, ALL) == Client("198.51.100.1", "https")
    assert RFC7239.speak_for(PEER, {FOR: "203.0.113.9", PROTO: "https", HOST: "x"}) == Client(PEER)
    only_forwarded = {"HTTP_FORWARDED": ALL["HTTP_FORWARDED"]}
    assert PROXIES.speak_for(PEER, only_forwarded) == Client(PEER)
    assert RFC7239.speak_for("203.0.113.1", ALL) == Client(
        "203.0.113.1", ignored=(("HTTP_FORWARDED", ALL["HTTP_FORWARDED"]),)
    )


@pytest.mark.parametrize(
    ("field", "scheme"),
    [
        ("for=203.0.113.9;proto=https", "https"),
        ('for=203.0.113.9;proto="HTTPS"', "https"),
        ("for=203.0.113.9;proto=wss", "https"),
        ("for=203.0.113.9;proto=http", "http"),
        # The peer wrote the right-most element, and that one only.
        ("for=203.0.113.9;proto=https, for=10.0.0.2;proto=http", "http"),
        ("for=203.0.113.9;proto=http, for=10.0.0.2;proto=https", "https"),
        ("for=203.0.113.9;proto=https, for=10.0.0.2", None),
        ("for=203.0.113.9;proto=gopher", None),
        ('for=203.0.113.9;proto=""', None),
        ("for=203.0.113.9", None),
        ("", None),
    ],
)
def test_the_scheme_of_forwarded(field: str, scheme: str | None) -> None:
    client = RFC7239.speak_for(PEER, {"HTTP_FORWARDED": field})
    assert client == Client("203.0.113.9" if field else PEER, scheme)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["for=203.0.113.9; proto=https", "proto=https;proto=https", '"'])
def test_a_malformed_element_says_nothing_of_the_scheme_either(field: str) -> None:
    client = RFC7239.speak_for(PEER, {"HTTP_FORWARDED": field})
    assert client == Client(PEER, ignored=(("HTTP_FORWARDED", field),))


def test_what_is_malformed_in_front_takes_the_address_and_leaves_the_scheme() -> None:
    field = "for=, for=10.0.0.2;proto=https"
    client = RFC7239.speak_for(PEER, {"HTTP_FORWARDED": field})
    assert client == Client(PEER, "https", ignored=(("HTTP_FORWARDED", field),))


@pytest.mark.parametrize(
    "said", ["https, http", "https,https", "HTTPS", "on", " https", "javascript"]
)
def test_a_scheme_that_is_not_one_is_ignored_and_told(said: str) -> None:
    assert PROXIES.speak_for(PEER, {PROTO: said}) == Client(PEER, ignored=((PROTO, said),))


@pytest.mark.parametrize(("said", "scheme"), [("ws", "http"), ("wss", "https")])
def test_the_schemes_of_a_web_socket_are_those_of_its_handshake(said: str, scheme: Any) -> None:
    assert PROXIES.speak_for(PEER, {PROTO: said}) == Client(PEER, scheme)


@pytest.mark.parametrize(
    ("said", "scheme"), [("on", "https"), ("off", None), ("", None), ("on, on", None)]
)
def test_https_may_be_said_in_another_header(said: str, scheme: Any) -> None:
    https = ("HTTP_X_FORWARDED_SSL", "on")
    fields = {PROTO: "https", "HTTP_X_FORWARDED_SSL": said}
    assert PROXIES.speak_for(PEER, fields, https=https) == Client(PEER, scheme)


@pytest.mark.parametrize("chain", ["", " ", "\t"])
def test_an_empty_chain_is_not_told(chain: str) -> None:
    assert PROXIES.speak_for(PEER, {FOR: chain}) == Client(PEER)
    assert RFC7239.speak_for(PEER, {"HTTP_FORWARDED": chain}) == Client(PEER)


def test_a_malformed_chain_is_told() -> None:
    for chain in ("unknown", ",", "1.1.1.1, unknown", "1" * 2000):
        client = PROXIES.speak_for(PEER, {FOR: chain, PROTO: "https"})
        assert client == Client(PEER, "https", ignored=((FOR, chain),))


values = st.text(max_size=40) | st.sampled_from([*ALL.values(), "http", "for=unknown", "10.0.0.2"])


@many
@given(
    st.dictionaries(st.sampled_from([*ALL]), values),
    st.sampled_from([PEER, "", "203.0.113.1"]),
    st.sampled_from([PROXIES, RFC7239, TrustedProxies.parse([2]), TrustedProxies.parse(["unix"])]),
)
def test_the_decision_is_total_and_the_client_speaks_for_itself(
    fields: dict[str, str], peer: str, proxies: TrustedProxies
) -> None:
    client = proxies.speak_for(peer, fields)
    assert client.scheme in (None, "http", "https")
    assert proxies.trusts(peer) or client[:3] == (peer, None, None)
    assert proxies.speak_for(client.address, {})[:3] == (client.address, None, None)


# -- declaration ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "peer", "line"),
    [
        ([], "10.0.0.1", "10.0.0.1"),
        ([], "", "unix"),
        (["127.0.0.1", "192.0.2.0/24"], "10.0.0.1", "127.0.0.1,192.0.2.0/24,10.0.0.1"),
        (["::1", "unix", 2], "2001:db8::1", "::1,unix,2001:db8::1,2"),
    ],
)
def test_the_line_that_declares_a_peer(entries: list[object], peer: str, line: str) -> None:
    assert TrustedProxies.parse(entries).declaration(peer) == line
    assert TrustedProxies.parse(
        [int(word) if word.isdigit() else word for word in line.split(",")]
    ).trusts(peer)


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
