"""The host parser: total, strict, and with one answer for each host."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import pytest
from django.http.request import split_domain_port, validate_host
from hypothesis import example, given, settings
from hypothesis import strategies as st

from django_hardened.hosts import (
    Host,
    HostTable,
    InvalidHost,
    encode_idna,
    is_loopback,
    is_overbroad,
    parse_host,
    pattern_problem,
)

LABEL_63 = "a" * 63
# A Persian word with a zero-width non-joiner, from the tables of UTS 46.
PERSIAN = "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example"
NAME_253 = ".".join([LABEL_63] * 3 + ["a" * 61])

many = settings(max_examples=150, deadline=None)

# What a client may send: anything at all, and text that is nearly a host.
near_hosts = st.text(alphabet="abzXZ019.-_:[]@%/, \t\n\x00\x7fé\uff10\u3002", max_size=40)
fragments = st.lists(
    st.sampled_from(
        [
            *"a b example com localhost 0 1 127 255 256 0x 0x7f 017 xn-- ffff - _ % @ / ,".split(),
            *": :: ::1 : . .. . : 0 80 65535 65536 [ ] [ ] [::1] 1.2.3.4".split(),
            *(" ", "\r\n", "\x00", "ü"),
        ]
    ),
    max_size=8,
).map("".join)
anything = st.one_of(st.text(max_size=60), near_hosts, fragments)

# Well-formed by construction.
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
top_labels = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda label: not label.startswith("0x")
)
names = st.builds(
    lambda below, top: ".".join([*below, top]), st.lists(labels, max_size=4), top_labels
)
ipv4 = st.ip_addresses(v=4).map(str)
ports = st.none() | st.integers(1, 65535)


def parses(value: str) -> bool:
    try:
        parse_host(value)
    except InvalidHost:
        return False
    return True


# -- parse_host ----------------------------------------------------------------------------------


@many
@given(anything)
def test_parsing_is_total(value: str) -> None:
    try:
        host = parse_host(value)
    except InvalidHost:
        return
    assert isinstance(host, Host)
    assert host.name


@many
@given(anything | names | ipv4 | st.ip_addresses(v=6).map("[{}]".format))
@example("[::ffff:1.2.3.4]")
@example("A.:80")
def test_parsing_is_idempotent(value: str) -> None:
    if parses(value):
        once = parse_host(value)
        assert parse_host(str(once)) == once
        assert str(parse_host(str(once))) == str(once)


@many
@given(anything)
@example("example.com\n")
@example("exam_ple.com")
@example("[::1%eth0]")
@example("example.com:٣")
def test_what_django_refuses_is_malformed_here(value: str) -> None:
    domain, _ = split_domain_port(value)
    assert domain or not parses(value)


@many
@given(anything | names)
def test_what_is_accepted_django_accepts_in_the_form_given_to_it(value: str) -> None:
    if not parses(value):
        return
    host = parse_host(value)
    domain, port = split_domain_port(str(host))
    assert domain == host.name
    assert port == ("" if host.port is None else str(host.port))
    assert validate_host(domain, [host.name])


@many
@given(names, ports, st.booleans(), st.data())
def test_every_spelling_of_a_name_is_one_host(
    name: str, port: int | None, dot: bool, data: st.DataObject
) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    spelling = "".join(c.upper() if up else c for c, up in zip(name, upper, strict=True))
    spelling += "." if dot else ""
    spelling += "" if port is None else f":{port}"
    assert parse_host(spelling) == Host(name, port)


@many
@given(st.ip_addresses(v=6), st.booleans())
def test_every_spelling_of_an_ipv6_address_is_one_host(
    address: IPv6Address, exploded: bool
) -> None:
    text = address.exploded.upper() if exploded else address.compressed
    host = parse_host(f"[{text}]:8000")
    assert IPv6Address(host.name[1:-1]) == address
    assert host == Host(parse_host(f"[{address.compressed}]").name, 8000)


@many
@given(st.text(alphabet="0123456789abcdefx.", min_size=1, max_size=20))
@example("127.1")
@example("0x7f.1")
@example("1.2.3.4.5")
@example("a.0x")
def test_a_number_in_last_place_is_a_dotted_quad_or_nothing(value: str) -> None:
    """The WHATWG URL standard reads such a host as IPv4, whatever the rest of it is."""
    last = value.removesuffix(".").rpartition(".")[2]
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):
        try:
            quad = str(IPv4Address(value.removesuffix(".")))
        except AddressValueError:
            assert not parses(value)
        else:
            assert parse_host(value) == Host(quad)


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("example.com", Host("example.com")),
        ("EXAMPLE.com.", Host("example.com")),
        ("example.com:1", Host("example.com", 1)),
        ("example.com.:65535", Host("example.com", 65535)),
        ("localhost", Host("localhost")),
        ("a", Host("a")),
        ("a--b.example", Host("a--b.example")),
        ("xn--bcher-kva.example", Host("xn--bcher-kva.example")),
        ("3com.example", Host("3com.example")),
        ("1.2.3.4.example", Host("1.2.3.4.example")),
        ("0xcafe.example", Host("0xcafe.example")),
        ("example.0xcafeg", Host("example.0xcafeg")),
        ("127.0.0.1", Host("127.0.0.1")),
        ("127.0.0.1.:8000", Host("127.0.0.1", 8000)),
        ("0.0.0.0", Host("0.0.0.0")),
        ("[::1]", Host("[::1]")),
        ("[0:0:0:0:0:0:0:1]:8000", Host("[::1]", 8000)),
        ("[2001:DB8::0:1]", Host("[2001:db8::1]")),
        ("[::]", Host("[::]")),
        (f"{LABEL_63}.example", Host(f"{LABEL_63}.example")),
        (NAME_253, Host(NAME_253)),
        (f"{NAME_253}.:65535", Host(NAME_253, 65535)),
    ],
)
def test_a_host_has_one_canonical_form(value: str, host: Host) -> None:
    assert parse_host(value) == host


def test_an_ipv4_mapped_address_has_the_form_that_browsers_send_on_every_python() -> None:
    """The WHATWG URL standard serialises it in hexadecimal; Python 3.13 does not."""
    assert parse_host("[::ffff:1.2.3.4]").name == "[::ffff:102:304]"
    assert parse_host("[::FFFF:102:304]").name == "[::ffff:102:304]"


@pytest.mark.parametrize(
    "value",
    [
        *(" ", "\t", ".", "..", "-", "_", ":", ":80", ".:80", "[]", "[", "]", "[]:80", "@", "*"),
        *(
            ".example.com",
            "example..com",
            "example.com..",
            "-a.example",
            "a-.example",
            "a.-",
            "xn--",
        ),
        *("exam_ple.com", "_dmarc.example.com", "user@example.com", "user:pw@example.com"),
        *("example.com@evil.test", "example.com%00", "example%2ecom", "%65xample.com"),
        *("example.com/", "example.com/x", "http://example.com", "//example.com", "example.com?a"),
        *("example.com#", "example.com\\", "example.com\\.evil.test", "*.example.com"),
        *("example.com,evil.test", "example.com, example.com", "example.com;evil.test"),
        *(" example.com", "example.com ", "exam ple.com", "example.com\t", "example.com :80"),
        *("example.com\n", "example.com\r\nX: y", "example.com\x00", "\x00example.com", "a\x7fb"),
        *("example.com\x0b", "example.com\x1c", "example.com\x85", "example.com\xa0"),
        *(
            "bücher.example",
            "example\u3002com",
            "\uff45xample.com",
            "example.com\u2028",
            "\u212a.example",
            "\u0131.example",
        ),
        *(
            "example.com:",
            "example.com:0",
            "example.com:080",
            "example.com:00080",
            "example.com:65536",
        ),
        *("example.com:99999", "example.com:100000", "example.com:-1", "example.com:+80"),
        *(
            "example.com:8_0",
            "example.com:80 ",
            "example.com: 80",
            "example.com:80:80",
            "example.com:a",
        ),
        *(
            "example.com:\uff18\uff10",
            "example.com:80.",
            "example.com:0x50",
            "example.com:80/",
            "a:1.0",
        ),
        *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01"),
        *(
            "127.0.0.256",
            "127.0.0.1.1",
            "1.2.3",
            "1",
            "0x",
            "a.0x",
            "a.1",
            "example.0xff",
            "00.0.0.0",
        ),
        *("0", "256.0.0.1", "4294967296", "0.0.0.0x0", "1.2.3.4..", "a.127.0.0.1"),
        *(
            "::1",
            "[::1",
            "::1]",
            "[::1]]",
            "[[::1]]",
            "[::1].",
            "[::1]x",
            "[::1]:",
            "[::1]:0",
            "[:::1]",
        ),
        *(
            "[::1%eth0]",
            "[::1%25eth0]",
            "[fe80::1%1]",
            "[::1/64]",
            "[1.2.3.4]",
            "[::g]",
            "[12345::]",
        ),
        *(
            "[1:2:3:4:5:6:7]",
            "[1:2:3:4:5:6:7:8:9]",
            "[1::2::3]",
            "[::1.2.3]",
            "[::01.2.3.4]",
            "[ ::1]",
        ),
        *("[v1.fe]", "[example.com]", "[]example.com", "a[::1]", "[::1]:80:80"),
        *(f"{LABEL_63}a.example", f"{NAME_253}a", f"a.{NAME_253}", "a" * 260, "a." * 200),
        *("\ud800", "example.com\udcff"),
    ],
)
def test_what_may_be_read_in_two_ways_is_no_host(value: str) -> None:
    with pytest.raises(InvalidHost):
        parse_host(value)


def test_a_blank_host_is_said_to_be_blank() -> None:
    with pytest.raises(InvalidHost, match=r"^is blank$"):
        parse_host("")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a" * 261, "is longer than 253 octets"),
        ("ü.example", "is not ASCII"),
        ("a_b.example", "is not a host name"),
        ("-.example", "is not a host name"),
        ("a.example:65536", "has a port over 65535"),
        ("[::g]", "is not a host name"),
        ("[1::2::3]", "is not an IPv6 address"),
        ("127.1", "is not an IPv4 address"),
    ],
)
def test_a_refusal_says_why_and_repeats_nothing(value: str, reason: str) -> None:
    with pytest.raises(InvalidHost) as caught:
        parse_host(value)
    assert str(caught.value) == reason


class _Untouched(str):
    """Text of which no more than the length may be asked."""

    def _fail(self, *args: object) -> None:
        raise AssertionError("the text was read")

    isascii = lower = encode = strip = split = partition = __iter__ = __getitem__ = _fail  # type: ignore[assignment]


@pytest.mark.parametrize("character", ["a", ".", ":", "1", "[", "a.", "\n", "é"])
def test_a_header_of_a_megabyte_is_refused_by_its_length_alone(character: str) -> None:
    with pytest.raises(InvalidHost, match=r"^is longer than 253 octets$"):
        parse_host(_Untouched(character * 1_000_000))


def test_the_error_is_a_value_error_of_its_own() -> None:
    assert InvalidHost.__mro__[1] is ValueError


# -- is_loopback ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("[::1]", True),
        ("notlocalhost", False),
        ("localhost.example", False),
        ("example.com", False),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("[::]", False),
        ("[::2]", False),
        ("[nonsense]", False),
        ("127.0.0.1.example", False),
    ],
)
def test_only_names_of_this_machine_are_loopback(name: str, loopback: bool) -> None:
    assert is_loopback(name) is loopback


def test_an_ipv4_mapped_loopback_address_is_loopback_on_every_python() -> None:
    assert is_loopback(parse_host("[::ffff:127.0.0.1]").name)


# -- pattern_problem -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("example.com", None),
        (".example.com", None),
        ("WWW.Example.Com", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("xn--bcher-kva.example", None),
        ("*", None),
        ("", "is blank"),
        ("  ", "is blank"),
        (" example.com", "has white space around it"),
        ("example.com\n", "has white space around it"),
        ("http://example.com", "has a scheme"),
        ("https://*", "has a scheme"),
        ("example.com/", "has a path"),
        ("//example.com", "has a path"),
        ("*.example.com", "has a glob"),
        ("**", "has a glob"),
        ("::1", "is an IPv6 address without its brackets"),
        ("2001:db8::1", "is an IPv6 address without its brackets"),
        ("example.com.", "has a trailing dot"),
        (".", "has a trailing dot"),
        ("example.com:443", "has a port"),
        (".example.com:443", "has a port"),
        ("[::1]:443", "has a port"),
        ("..example.com", "is not a host name"),
        ("exa mple.com", "is not a host name"),
        ("my_host", "is not a host name"),
        ("bücher.example", "is not ASCII: clients send xn--bcher-kva.example"),
        ("127.1", "is not an IPv4 address"),
        ("[1::2::3]", "is not an IPv6 address"),
        ("a" * 300, "is longer than 253 octets"),
        (None, "is not a string"),
        (b"example.com", "is not a string"),
        (8000, "is not a string"),
        (["example.com"], "is not a string"),
    ],
)
def test_an_entry_that_never_matches_says_why(entry: object, problem: str | None) -> None:
    assert pattern_problem(entry) == problem


@many
@given(anything, names)
def test_an_entry_with_a_problem_matches_no_host_that_can_arrive(entry: str, name: str) -> None:
    if pattern_problem(entry) is not None:
        assert not validate_host(name, [entry])
        assert not parses(entry) or not validate_host(parse_host(entry).name, [entry])


@pytest.mark.parametrize("entry", ["[0:0:0:0:0:0:0:1]", "[2001:db8:0::1]", "[::ffff:1.2.3.4]"])
def test_an_entry_without_a_problem_matches_its_own_canonical_form(entry: str) -> None:
    """Django compares entries as text: after the pin it would refuse its own host."""
    assert pattern_problem(entry) is not None or validate_host(parse_host(entry).name, [entry])


# -- is_overbroad --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        *(".com", ".org", ".de", ".app", ".xn--p1ai", ".COM", ".co.uk", ".CO.UK", ".com.au"),
        *(".herokuapp.com", ".HerokuApp.com", ".vercel.app", ".github.io", ".ngrok.io"),
        *(".up.railway.app", ".pages.dev", ".azurewebsites.net", ".amazonaws.com"),
        ".",
    ],
)
def test_a_suffix_that_strangers_share_is_overbroad(entry: str) -> None:
    assert is_overbroad(entry)


@pytest.mark.parametrize(
    "entry",
    [
        *("example.com", ".example.com", ".shop.herokuapp.com", "shop.herokuapp.com"),
        *("herokuapp.com", "com", "*", ".localhost", ".local", ".internal", ".test", ".LAN"),
        *(".example.co.uk", ".notherokuapp.com", ".deep.example.com", "localhost", "[::1]", ""),
    ],
)
def test_a_domain_of_ones_own_is_not_overbroad(entry: str) -> None:
    assert not is_overbroad(entry)


# -- encode_idna ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "encoded"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        (".bücher.example", ".xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("Example.COM", "Example.COM"),
        ("", ""),
        ("*", "*"),
        ("[::1]", "[::1]"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_name_in_the_settings_becomes_what_clients_send(entry: str, encoded: str) -> None:
    assert encode_idna(entry) == encoded


@pytest.mark.parametrize(
    "entry", ["ü..example", "ü" * 64 + ".example", "\ud800", "ü\ue000.example", ".ü..a"]
)
def test_a_name_without_an_ascii_form_is_refused(entry: str) -> None:
    with pytest.raises(InvalidHost, match=r"^is not an internationalised host name$"):
        encode_idna(entry)


@pytest.mark.parametrize("entry", ["straße.example", "βόλος.example", PERSIAN])
def test_a_name_never_becomes_another_domain_than_browsers_make_of_it(entry: str) -> None:
    """IDNA 2003 turns straße into strasse, which may belong to somebody else.

    Browsers follow IDNA 2008 here (UTS 46, non-transitional): xn--strae-oqa.
    """
    try:
        encoded = encode_idna(entry)
    except InvalidHost:
        encoded = ""
    assert encoded in (
        "",
        "xn--strae-oqa.example",
        "xn--nxasmm1c.example",
        "xn--mgba3gch31f060k.example",
    )


@many
@given(st.text(max_size=30))
def test_encoding_gives_ascii_or_its_own_error(entry: str) -> None:
    try:
        encoded = encode_idna(entry)
    except InvalidHost:
        assert not entry.isascii()
    else:
        assert encoded.isascii()


# -- HostTable -----------------------------------------------------------------------------------


def test_the_table_holds_names_and_domains() -> None:
    table = HostTable.from_allowed_hosts(["A.example", ".B.example", "[::1]", "*", "http://c"])
    assert table.names == {"a.example", "[::1]"}
    assert "b.example" in table
    assert table.suffixes == (".b.example",)
    assert table.anything is False
    assert hash(table) == hash(HostTable.from_allowed_hosts(["a.example", ".b.example", "[::1]"]))


@many
@given(
    st.lists(names | names.map(".{}".format) | ipv4 | anything, max_size=5),
    names | ipv4,
    st.data(),
)
def test_the_table_agrees_with_django_about_what_is_allowed(
    entries: list[str], name: str, data: st.DataObject
) -> None:
    entries = [entry for entry in entries if entry != "*" and "[" not in entry]
    if entries:
        below = data.draw(st.sampled_from(["", "www."]))
        name = data.draw(st.sampled_from([name, below + data.draw(st.sampled_from(entries))]))
    if not parses(name):
        return
    name = parse_host(name).name
    usable = [entry for entry in entries if pattern_problem(entry) is None]
    assert (name in HostTable.from_allowed_hosts(entries)) == validate_host(name, usable)
