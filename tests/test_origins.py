from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.hosts import Host, InvalidHost
from django_hardened.origins import Origin, parse_origin


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://example.com", Origin("https", Host("example.com"))),
        ("HTTPS://EXAMPLE.com.", Origin("https", Host("example.com"))),
        ("https://example.com:443", Origin("https", Host("example.com"))),
        ("https://example.com:80", Origin("https", Host("example.com", 80))),
        ("http://example.com:80", Origin("http", Host("example.com"))),
        ("http://[::0:1]:8000", Origin("http", Host("[::1]", 8000))),
    ],
)
def test_an_origin_in_canonical_form(value: str, origin: Origin) -> None:
    assert parse_origin(value) == origin
    assert parse_origin(str(origin)) == origin


@pytest.mark.parametrize(
    "value",
    [
        *("", "null", "example.com", "//example.com", "https:example.com", "file://", "https://"),
        *("https://example.com/", "https://example.com/x", "https://example.com?x", "https://a_b"),
        *("https://user@example.com", "https://example.com,https://example.com", " https://a.b"),
        *("ftp://example.com", "https://*.example.com", "https://bücher.example"),
    ],
)
def test_no_origin(value: str) -> None:
    with pytest.raises(InvalidHost):
        parse_origin(value)


def test_a_name_in_the_settings_may_be_international() -> None:
    assert str(parse_origin("https://bücher.example", idna=True)) == "https://xn--bcher-kva.example"


@given(st.text() | st.text(alphabet="htps:/.exampl[]1,@ ").map("https://{}".format))
def test_anything_is_an_origin_or_is_refused(value: str) -> None:
    try:
        origin = parse_origin(value)
    except InvalidHost:
        return
    assert parse_origin(str(origin)) == origin
