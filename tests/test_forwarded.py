"""What the forwarded headers say, hop by hop from the right, whatever a client put in front."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.forwarded import (
    MAX_ELEMENT_OCTETS,
    MAX_FORWARDED_OCTETS,
    Hop,
    read_forwarded,
    read_forwarded_for,
)

many = settings(max_examples=200, deadline=None)


# -- Forwarded: one element ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "hop"),
    [
        # RFC 7239 sections 4, 6.1, 6.3 and 7.
        ('for="_gazonk"', Hop(None)),
        ('For="[2001:db8:cafe::17]:4711"', Hop("2001:db8:cafe::17")),
        ("for=192.0.2.60;proto=http;by=203.0.113.43", Hop("192.0.2.60", "http")),
        ("for=192.0.2.43", Hop("192.0.2.43")),
        ("for=unknown", Hop(None)),
        ("for=_hidden", Hop(None)),
        ("for=_SEVKISEK", Hop(None)),
        # Names and schemes in any case; quotes where none are needed.
        ("FOR=192.0.2.43;PROTO=HTTPS", Hop("192.0.2.43", "https")),
        ('for="192.0.2.43";proto="https"', Hop("192.0.2.43", "https")),
        ('for="192.0.2.43:4711"', Hop("192.0.2.43")),
        ('for="192.0.2.43:_secret.port-1"', Hop("192.0.2.43")),
        ('for="[2001:DB8::1]"', Hop("2001:db8::1")),
        ('for="[2001:db8::1]:_p"', Hop("2001:db8::1")),
        ('for="[::ffff:192.0.2.43]:80"', Hop("192.0.2.43")),
        ("for=UNKNOWN", Hop(None)),
        ('for="unknown:80"', Hop(None)),
        ('for="_hidden:_port"', Hop(None)),
        # An escape may stand in front of any character.
        (r'for="\1\9\2.0.2.43"', Hop("192.0.2.43")),
        (r'for=192.0.2.43;ext="a\"b\\";proto=https', Hop("192.0.2.43", "https")),
        (r'for=192.0.2.43;ext="for=1.1.1.1,\",for=1.1.1.1;proto=https\""', Hop("192.0.2.43")),
        ('for=192.0.2.43;ext=""', Hop("192.0.2.43")),
        ('for=192.0.2.43;host="a,b;c=d"', Hop("192.0.2.43")),
        ('for=192.0.2.43;host="\xff\t"', Hop("192.0.2.43")),
        # Pairs may be left out.
        ("for=192.0.2.43;", Hop("192.0.2.43")),
        (";;for=192.0.2.43;;proto=https", Hop("192.0.2.43", "https")),
        ("proto=https", Hop(None, "https")),
        ("by=203.0.113.43;host=example.com", Hop(None)),
        ("", Hop(None)),
        (";", Hop(None)),
        (" \tfor=192.0.2.43\t ", Hop("192.0.2.43")),
        ("for=192.0.2.43;proto=gopher", Hop("192.0.2.43", "gopher")),
    ],
)
def test_an_element(element: str, hop: Hop) -> None:
    assert list(read_forwarded(element)) == [hop]


@pytest.mark.parametrize(
    "element",
    [
        *(
            "for",
            "for=",
            "=192.0.2.43",
            "192.0.2.43",
            "for 192.0.2.43",
            "for=192.0.2.43 proto=http",
        ),
        *("for =192.0.2.43", "for= 192.0.2.43", "for=192.0.2.43; proto=https", "for=192.0.2.43 ;"),
        # Once each.
        *("for=192.0.2.43;for=192.0.2.43", "for=192.0.2.43;For=1.1.1.1", "proto=http;proto=https"),
        *("by=_a;by=_b;for=192.0.2.43", "x=1;X=1"),
        # What is no token has to be quoted.
        *("for=192.0.2.43:80", "for=[2001:db8::1]", "for=2001:db8::1", "host=example.com:80"),
        *("for=192.0.2.43/32", "for=@", "for=192.0.2.43;proto=http/1.1"),
        # Quotes that do not close, or not at the end.
        *(
            'for="192.0.2.43',
            'for=192.0.2.43"',
            'for="192.0.2.43"x',
            'for=x"192.0.2.43"',
            '"',
            '""',
        ),
        *(
            r'for="192.0.2.43\"',
            r'for="192.0.2.43\\\"',
            r"for=192.0.2.43\"",
            'for="a""b"',
            '"for"=x',
        ),
        *("for='192.0.2.43'", 'for="\x00"', 'for="\x7f"', 'for="\u0100"', 'for="\r\n"', "f\xf6r=x"),
        # What is no node.
        *('for="2001:db8::1"', 'for="::ffff:192.0.2.43"', "for=::1", 'for="[192.0.2.43]"'),
        *(
            'for="[2001:db8::1"',
            'for="[2001:db8::1]x"',
            'for="[2001:db8::1]:"',
            'for="[fe80::1%1]"',
        ),
        *('for="192.0.2.43:"', 'for="192.0.2.43:99999"', 'for="192.0.2.43:123456"', 'for=""'),
        *("for=192.0.2.256", "for=192.0.2", "for=0300.0.2.43", "for=3221226027", "for=0xc0.0.2.43"),
        *("for=example.com", "for=unknownx", "for=_", "for=-", "for=null", 'for="_a b"', "for=_a!"),
        *('for="unknown:"', 'for=" 192.0.2.43"', 'for="192.0.2.43 "', 'for="1.1.1.1, 192.0.2.43"'),
        *('for="unknown:99999"', 'for="192.0.2.43:_"', 'for="\uff11.1.1.1"', "for=\u212anown"),
    ],
)
def test_an_element_that_is_malformed(element: str) -> None:
    assert next(read_forwarded(element)) is None


# -- Forwarded: chains ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "hops"),
    [
        ("for=192.0.2.43, for=198.51.100.17", [Hop("198.51.100.17"), Hop("192.0.2.43")]),
        # Lines that the server has joined.
        ("for=192.0.2.43,for=198.51.100.17", [Hop("198.51.100.17"), Hop("192.0.2.43")]),
        (
            'for=192.0.2.43, for="[2001:db8:cafe::17]", for=unknown',
            [Hop(None), Hop("2001:db8:cafe::17"), Hop("192.0.2.43")],
        ),
        # An empty element says nothing; it does not make its neighbour the next hop.
        ("for=1.1.1.1,", [Hop(None), Hop("1.1.1.1")]),
        ("for=1.1.1.1,,for=192.0.2.43", [Hop("192.0.2.43"), Hop(None), Hop("1.1.1.1")]),
        (",", [Hop(None), Hop(None)]),
        # What is malformed to the left is of no concern to the right.
        ("for=, for=192.0.2.43", [Hop("192.0.2.43"), None]),
        ('for=", for=192.0.2.43', [Hop("192.0.2.43"), None]),
        ('for=", for="192.0.2.43"', [Hop("192.0.2.43"), None]),
        ('for="\\", for="192.0.2.43"', [Hop("192.0.2.43"), None]),
        ('for=\\, for="192.0.2.43"', [Hop("192.0.2.43"), None]),
        ('x"for=1.1.1.1, for=192.0.2.43"', [None]),
    ],
)
def test_a_chain(field: str, hops: list[Hop | None]) -> None:
    assert list(read_forwarded(field)) == hops


def test_of_an_over_long_field_the_end_is_read() -> None:
    element = "for=192.0.2.43"
    assert list(read_forwarded(element.rjust(MAX_ELEMENT_OCTETS))) == [Hop("192.0.2.43")]
    assert list(read_forwarded(element.rjust(MAX_ELEMENT_OCTETS + 1))) == []
    padded = "for=1.1.1.1," * 100_000 + element
    hops = list(read_forwarded(padded))
    assert hops[0] == Hop("192.0.2.43")
    assert len(hops) <= MAX_ELEMENT_OCTETS // len("for=1.1.1.1,")
    assert list(read_forwarded('"' + "," * MAX_ELEMENT_OCTETS + '"')) == [None]


def test_a_long_host_does_not_hide_the_address_beside_it() -> None:
    """Some proxies repeat the client's Host, of which only they limit the length."""
    host = "h" * 8190
    assert next(read_forwarded(f"host={host};for=192.0.2.43")) == Hop("192.0.2.43")
    assert next(read_forwarded(f'for=192.0.2.43;host="{host}"')) == Hop("192.0.2.43")


@pytest.mark.parametrize(
    "unit", ['"', '\\"', "\\", '",', '\\\\"', ';a="', 'a="b",', ";", ",", '=""']
)
def test_reading_ends_and_only_so_much_is_read(unit: str) -> None:
    """With an expression that backtracks it would not end."""
    field = unit * 100_000
    for text in (field, f"{field},for=192.0.2.43", f'for="{field}"', f'for="{field}', f'x{field}"'):
        assert len(list(read_forwarded(text))) <= MAX_ELEMENT_OCTETS


token = st.text(st.sampled_from("abcXYZ019!#$%&'*+.^_`|~-"), min_size=1, max_size=6)
content = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))
content = content.filter(lambda text: not re.search("[\x80-\x9f]", text)) | st.text('",;=\\ a')


@st.composite
def quoted(draw: st.DrawFn) -> str:
    escape_all = draw(st.booleans())
    return '"{}"'.format(
        "".join(f"\\{char}" if char in '"\\' or escape_all else char for char in draw(content))
    )


pairs = st.tuples(token.filter(lambda name: name.lower() not in ("for", "proto")), token | quoted())
addresses = st.ip_addresses().filter(lambda ip: not getattr(ip, "ipv4_mapped", None))


@st.composite
def elements(draw: st.DrawFn) -> tuple[str, Hop]:
    address = draw(addresses)
    extra = draw(st.lists(pairs, max_size=3, unique_by=lambda pair: pair[0].lower()))
    proto = draw(st.sampled_from([None, "http", "https"]))
    node = f'"[{address}]:80"' if address.version == 6 else str(address)
    written = [("for", node), *([("proto", proto)] if proto else []), *extra]
    text = ";".join(f"{name}={value}" for name, value in draw(st.permutations(written)))
    return text, Hop(str(address), proto)


@many
@given(st.lists(elements(), min_size=1, max_size=5), st.sampled_from([",", ", ", " ,\t"]))
def test_what_is_written_by_the_rules_is_read(chain: list[tuple[str, Hop]], comma: str) -> None:
    field = comma.join(text for text, _ in chain)
    assert list(read_forwarded(field)) == [hop for _, hop in reversed(chain)]


@many
@given(st.text() | st.text('",;=\\ for1.:[]_'), elements(), st.sampled_from([",", ", "]))
def test_nothing_in_front_changes_what_a_proxy_has_appended(
    sent: str, element: tuple[str, Hop], comma: str
) -> None:
    text, hop = element
    assert next(read_forwarded(f"{sent}{comma}{text}")) == hop


@many
@given(st.text() | st.text('",;=\\ for1.:[]_') | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_reading_is_total(field: str) -> None:
    for read in (read_forwarded, read_forwarded_for):
        hops = list(read(field))
        assert hops
        assert len(hops) <= field.count(",") + 1
        for hop in hops:
            assert hop is None or isinstance(hop, Hop)


# -- X-Forwarded-For -----------------------------------------------------------------------------


def test_hops_of_x_forwarded_for() -> None:
    assert list(read_forwarded_for("unknown, 192.0.2.43:80 ,[2001:DB8::1]")) == [
        Hop("2001:db8::1"),
        Hop("192.0.2.43"),
        None,
    ]


def test_a_hop_that_is_longer_than_any_address_is_malformed() -> None:
    longest = "[ffff:ffff:ffff:ffff:ffff:fffe:255.255.255.255]:65535"
    assert list(read_forwarded_for(longest)) == [Hop("ffff:ffff:ffff:ffff:ffff:fffe:ffff:ffff")]
    assert list(read_forwarded_for(f"{longest}0")) == [None]
    assert list(read_forwarded_for("1" * MAX_FORWARDED_OCTETS)) == [None]
    assert list(read_forwarded_for("1" * (MAX_FORWARDED_OCTETS + 1))) == []
