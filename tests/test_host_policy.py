"""The decision about a host: pure, total, and one form for each of ours."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.http.request import validate_host
from hypothesis import given, settings
from hypothesis import strategies as st

from django_hardened.host_policy import Asked, HostPolicy, Pin, Refusal, path_problem
from django_hardened.hosts import Host, HostTable, InvalidHost, parse_host
from django_hardened.origins import parse_origin
from django_hardened.tenants import Tenants

many = settings(max_examples=150, deadline=None)
anything = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="exampl.com:80[]1_,@ \r\nEXAMPLé", max_size=20),
    st.tuples(
        st.sampled_from(["example.com", "EXAMPLE.COM", "a.tenants.example", "127.0.0.1", "[::1]"]),
        st.sampled_from(["", ".", "..", " ", ",", "@x", "/"]),
        st.sampled_from(["", ":", ":80", ":080", ":0", ":65535", ":65536", ": 80", ":x"]),
    ).map("".join),
)


def policy(*allowed: object, wildcard: bool = False, **changes: Any) -> HostPolicy:
    table = HostTable.from_allowed_hosts(allowed, wildcard=wildcard)
    usable = [entry for entry in allowed if isinstance(entry, str)]
    changes = {"admits": lambda name: validate_host(name, usable)} | changes
    return HostPolicy(table=table, **changes)


def judge(found: HostPolicy, host: str, target: str = "/", path: str = "/") -> Pin | Refusal:
    verdict = found.decide(Asked(host, target, path))
    assert async_to_sync(found.adecide)(Asked(host, target, path)) == verdict
    return verdict


def pin(value: str, *allowed: object, **changes: Any) -> str:
    verdict = judge(policy(*allowed, **changes), value)
    assert isinstance(verdict, Pin), verdict
    assert verdict.text == str(verdict.host)
    return verdict.text


def refusal(value: str, *allowed: object, **changes: Any) -> tuple[int, str]:
    verdict = judge(policy(*allowed, **changes), value)
    assert isinstance(verdict, Refusal), verdict
    return verdict.status, verdict.problem


# -- ALLOWED_HOSTS -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "allowed", "pinned"),
    [
        ("example.com", ["example.com"], "example.com"),
        ("EXAMPLE.com.:8443", ["example.com"], "example.com"),
        ("example.com", ["Example.COM"], "example.com"),
        ("example.com", [".example.com"], "example.com"),
        ("Shop.Example.COM", [".EXAMPLE.com"], "shop.example.com"),
        ("a.b.example.com:80", [".example.com"], "a.b.example.com"),
        ("b.example", ["a.example", "b.example"], "b.example"),
        ("127.0.0.1:8000", ["127.0.0.1"], "127.0.0.1"),
        ("[0:0::1]:8000", ["[::1]"], "[::1]"),
        ("example.com", ["http://example.com", "", None, "example.com"], "example.com"),
    ],
)
def test_a_host_of_ours_is_pinned_to_one_form(
    value: str, allowed: list[object], pinned: str
) -> None:
    assert pin(value, *allowed) == pinned


@pytest.mark.parametrize(
    ("value", "pinned"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.:8443", "example.com:8443"),
        ("[::0:1]:1", "[::1]:1"),
    ],
)
def test_a_port_stays_only_where_asked(value: str, pinned: str) -> None:
    assert pin(value, "example.com", "[::1]", keeps_port=True) == pinned
    assert ":8443" not in pin(value, "example.com", "[::1]")


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("evil.test", ["example.com"]),
        ("example.com.evil.test", ["example.com", ".example.com"]),
        ("www.example.com", ["example.com"]),
        ("evilexample.com", [".example.com"]),
        ("evil-example.com", [".example.com"]),
        ("com", [".example.com"]),
        ("example.com", []),
        ("example.com", ["*"]),
        ("example.com", ["*.com", "http://example.com", "example.com:80", "example.com/", " "]),
        ("127.0.0.2", ["127.0.0.1"]),
        ("[::2]", ["[::1]"]),
        ("localhost", [".example.com", "*"]),
    ],
)
def test_a_stranger_is_misdirected(value: str, allowed: list[object]) -> None:
    assert refusal(value, *allowed) == (421, "is not in ALLOWED_HOSTS")


@pytest.mark.parametrize("wildcard", [False, True])
@pytest.mark.parametrize("value", ["", "a_b", "example.com,", "*", ".example.com", "a" * 1_000_000])
def test_a_malformed_host_is_refused_whatever_is_allowed(value: str, wildcard: bool) -> None:
    allowed = ("*", "a_b", ".example.com", "example.com,", value)
    assert refusal(value, *allowed, wildcard=wildcard)[0] == 400


def test_a_wildcard_counts_only_where_nothing_is_at_stake() -> None:
    assert pin("any.test:8000", "*", keeps_port=True, wildcard=True) == "any.test:8000"
    assert pin("example.com", "*", "example.com") == "example.com"
    assert refusal("any.test", "example.com", wildcard=True)[0] == 421


def test_django_has_the_last_word() -> None:
    assert refusal("example.com", "example.com", admits=lambda name: False)[0] == 421


def test_any_number_of_spellings_takes_the_same_room() -> None:
    found = policy("example.com", ".tenants.example")
    for port in range(1, 1000):
        assert isinstance(judge(found, f"example.com:{port}"), Pin)
        assert isinstance(judge(found, f"t{port}.tenants.example"), Pin)
    assert len(found._spellings) == 256
    assert judge(found, "EXAMPLE.com:1") == judge(found, "example.com:999")


@many
@given(anything, st.lists(anything, max_size=3), st.booleans())
def test_pinning_is_total_idempotent_and_yields_only_our_hosts(
    value: str, allowed: list[str], keeps_port: bool
) -> None:
    found = policy("example.com", ".tenants.example", *allowed, keeps_port=keeps_port)
    verdict = judge(found, value)
    if isinstance(verdict, Refusal):
        assert verdict.status in (400, 421)
        return
    entries = [entry for entry in ("example.com", ".tenants.example", *allowed) if entry != "*"]
    assert validate_host(verdict.host.name, entries)
    assert judge(found, verdict.text) == verdict


@many
@given(anything)
def test_what_django_refuses_is_refused(value: str) -> None:
    allowed = ["example.com", ".tenants.example", "127.0.0.1", "[::1]"]
    verdict = judge(policy(*allowed), value)
    try:
        expected = validate_host(parse_host(value).name, allowed)
    except InvalidHost:
        expected = False
    assert isinstance(verdict, Pin) == expected


# -- Aliases and the canonical origin ------------------------------------------------------------

ALIASES = {"www.example.com": "example.com", "old.example": "example.com", "dead.example": "gone"}


@pytest.mark.parametrize("sent", ["www.example.com", "WWW.example.com.:81", "old.example"])
def test_an_alias_stands_for_its_name(sent: str) -> None:
    verdict = judge(policy("example.com", aliases=ALIASES), sent)
    assert verdict == Pin(Host("example.com"), "example.com", is_alias=True)


def test_an_alias_of_a_name_that_is_not_ours_is_refused() -> None:
    assert refusal("dead.example", "example.com", aliases=ALIASES)[0] == 421


@pytest.mark.parametrize(
    ("sent", "pinned"),
    [
        ("example.com", "example.com:8443"),
        ("EXAMPLE.com:80", "example.com:8443"),
        ("www.example.com", "example.com:8443"),
        ("api.example.com:8443", "api.example.com"),
    ],
)
def test_the_port_is_that_of_the_declared_origin(sent: str, pinned: str) -> None:
    origin = parse_origin("https://example.com:8443")
    allowed = ("example.com", "api.example.com")
    assert pin(sent, *allowed, origin=origin, aliases=ALIASES) == pinned


def test_on_a_developers_machine_the_port_is_the_clients() -> None:
    origin = parse_origin("https://example.com:8443")
    assert pin("example.com:9", "example.com", origin=origin, keeps_port=True) == "example.com:9"


# -- Tenants -------------------------------------------------------------------------------------


def resolve(name: str) -> Any:
    known = {"t1.example.com": True, "shop.example": "t1.example.com", "odd.example": "evil.test"}
    if name == "down.example.com":
        raise LookupError
    return known.get(name)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("T1.example.com.:80", "t1.example.com"),
        ("example.com", "example.com"),  # in the table, and not asked for
        ("t2.example.com", (421, "is no tenant")),
        ("shop.example", (421, "is not in ALLOWED_HOSTS")),
        ("down.example.com", (503, "may be a tenant: the resolver failed")),
        ("a_b.example.com", (400, "is not a host name")),
    ],
)
def test_tenants_below_a_domain(sent: str, expected: Any) -> None:
    found = policy("example.com", ".example.com", tenants=Tenants(resolve))
    verdict = judge(found, sent)
    got = verdict.text if isinstance(verdict, Pin) else (verdict.status, verdict.problem)
    assert got == expected
    assert judge(found, sent) == verdict


def test_tenants_with_domains_of_their_own() -> None:
    found = policy("*", wildcard=True, tenants=Tenants(resolve))
    canonical = Pin(Host("t1.example.com"), "t1.example.com")
    assert judge(found, "t1.example.com") == canonical
    assert judge(found, "shop.example") == canonical._replace(is_alias=True)
    assert judge(found, "nobody.example") == Refusal(421, "is no tenant")


def test_a_tenant_that_allowed_hosts_does_not_admit() -> None:
    found = policy(".example", tenants=Tenants(resolve))
    problem = "is a tenant whose name ALLOWED_HOSTS does not admit"
    assert judge(found, "odd.example") == Refusal(421, problem)


# -- Paths and targets ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/page", "/page/", "/.well-known/x", "/a..b/", "/...", "/x/.y", "/x//y", "/a./b.", "/é"],
)
def test_an_ordinary_path(path: str) -> None:
    assert path_problem(path) is None
    assert isinstance(judge(policy("example.com"), "example.com", path=path), Pin)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/.", "has dot segments"),
        ("/..", "has dot segments"),
        ("/./page", "has dot segments"),
        ("/x/../page", "has dot segments"),
        ("/x/.", "has dot segments"),
        ("/x/..", "has dot segments"),
        ("//evil.test/page", "begins with two slashes"),
        ("http://evil.test/", "does not begin with a slash"),
        ("*", "does not begin with a slash"),
        ("", "does not begin with a slash"),
    ],
)
def test_a_path_of_which_no_url_is_made(path: str, problem: str) -> None:
    assert path_problem(path) == problem
    verdict = judge(policy("example.com"), "example.com", path=path)
    assert verdict == Refusal(400, problem, "path")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/page?x=http://evil.test/", None),
        ("http://example.com/page", None),
        ("HTTPS://EXAMPLE.com./page", None),
        ("http://evil.test/page", "names another host"),
        ("http://example.com:81/page", "names another host"),
        ("http://user@example.com/page", "names no host"),
        ("http://[::1/page", "names no host"),
        ("example.com:443", "names no host"),
        ("*", "names no host"),
    ],
)
def test_a_target_that_names_a_host(target: str, problem: str | None) -> None:
    verdict = judge(policy("example.com"), "example.com", target=target)
    assert verdict == (
        Refusal(400, problem, "request target")
        if problem
        else Pin(Host("example.com"), "example.com")
    )


# -- Health checks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/healthz", True),
        ("HEAD", "/healthz", True),
        ("POST", "/healthz", False),
        (None, "/healthz", False),
        ("GET", "/healthz/", False),
        ("GET", "/x/../healthz", False),
        ("GET", "/", False),
    ],
)
def test_a_health_check_is_one_path_exactly(method: str | None, path: str, expected: bool) -> None:
    assert policy(health_paths=frozenset(["/healthz"])).is_health_check(method, path) is expected


def test_a_domain_itself_is_a_tenant_like_the_names_below_it() -> None:
    found = policy(".example.com", "www.example.org", tenants=Tenants(lambda name: None))
    assert judge(found, "example.com") == Refusal(421, "is no tenant")
    assert judge(found, "shop.example.com") == Refusal(421, "is no tenant")
    assert isinstance(judge(found, "www.example.org"), Pin)


@pytest.mark.parametrize(
    ("target", "host", "problem"),
    [
        ("http://example.com/", "example.com", None),
        ("http://example.com:80/", "example.com", None),
        ("https://EXAMPLE.com.:443/", "example.com", None),
        ("http://example.com/", "example.com:80", None),
        ("http://example.com:443/", "example.com", "names another host"),
        ("http://example.com:8080/", "example.com", "names another host"),
        ("http://evil.test/", "example.com", "names another host"),
        ("http://a_b/", "example.com", "names no host"),
    ],
)
def test_the_authority_of_a_target(target: str, host: str, problem: str | None) -> None:
    verdict = judge(policy("example.com"), host, target)
    assert (verdict.problem if isinstance(verdict, Refusal) else None) == problem


@pytest.mark.parametrize(
    ("host", "keeps_port", "scheme"),
    [
        ("example.com", False, "https"),
        ("www.example.com", False, "https"),
        ("example.com", True, "https"),
        ("localhost:8000", True, None),
    ],
)
def test_on_a_developers_machine_the_origin_is_that_of_its_host_alone(
    host: str, keeps_port: bool, scheme: str | None
) -> None:
    found = policy(
        *("example.com", "www.example.com", "localhost"),
        origin=parse_origin("https://example.com"),
        keeps_port=keeps_port,
    )
    verdict = judge(found, host)
    assert isinstance(verdict, Pin)
    assert found.scheme(verdict) == scheme
    assert policy("example.com").scheme(verdict) is None
