"""The typed view of the settings: late, and in step with every change."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import LiveServerTestCase, override_settings
from django.utils.functional import lazystr

from django_hardened.conf import conf
from django_hardened.host_policy import Asked, Pin
from django_hardened.hosts import Host
from django_hardened.origins import Origin
from django_hardened.proxies import TrustedProxies
from django_hardened.sources import Sources

UNSET = object()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Replace the settings by exactly the ones given, as a project without the helper has them."""

    def configure(**values: Any) -> None:
        values.setdefault("DEBUG", False)
        values.setdefault("ALLOWED_HOSTS", [])
        monkeypatch.setattr("django_hardened.conf.settings", SimpleNamespace(**values))
        conf.forget()

    yield configure
    conf.forget()


# -- environment ---------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["production", "development", "test", "build"])
@pytest.mark.parametrize("debug", [True, False])
def test_a_known_environment_is_itself_whatever_debug_is(word: str, debug: bool) -> None:
    with override_settings(HARDENED_ENVIRONMENT=word, DEBUG=debug):
        assert conf.environment == word


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "prod", "dev", "staging", "Development", "TEST", " development", "test\n"),
        *("developmen", "test,development", "false", 0, 1, True, False, b"test"),
        *(["development"], ("test",), {"test"}),
    ],
)
@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_word_means_production(word: object, debug: bool) -> None:
    with override_settings(HARDENED_ENVIRONMENT=word, DEBUG=debug):
        assert conf.environment == "production"
        assert conf.keeps_port is False


@pytest.mark.parametrize(("debug", "environment"), [(True, "development"), (False, "production")])
def test_without_the_setting_debug_decides(configured: Any, debug: bool, environment: str) -> None:
    configured(DEBUG=debug)
    assert conf.environment == environment
    configured(DEBUG=debug, HARDENED_ENVIRONMENT=None)
    assert conf.environment == environment


@pytest.mark.parametrize(
    ("environment", "keeps"),
    [("production", False), ("build", False), ("development", True), ("test", True)],
)
def test_a_host_keeps_its_port_only_on_a_developers_machine(environment: str, keeps: bool) -> None:
    with override_settings(HARDENED_ENVIRONMENT=environment):
        assert conf.keeps_port is keeps


# -- late reading --------------------------------------------------------------------------------


def read() -> tuple[object, ...]:
    return (conf.environment, conf.host_policy.table, conf.trusted_proxies, conf.keeps_port)


def test_a_setting_counts_from_the_moment_it_changes_until_it_changes_back() -> None:
    before = read()
    with override_settings(
        HARDENED_ENVIRONMENT="production",
        ALLOWED_HOSTS=["late.example"],
        HARDENED_TRUSTED_PROXIES=["192.0.2.1"],
    ):
        assert conf.environment == "production"
        assert conf.host_policy.table.names == {"late.example"}
        assert conf.trusted_proxies == TrustedProxies.parse(["192.0.2.1"])
        assert conf.keeps_port is False
    assert read() == before


def test_another_setting_changes_nothing() -> None:
    before = read()
    with override_settings(USE_X_FORWARDED_HOST=True, SECRET_KEY="another", DEBUG=True):
        assert read() == before


def test_more_changes_than_anything_could_keep_are_all_seen() -> None:
    for number in range(50):
        with override_settings(
            ALLOWED_HOSTS=[f"h{number}.example"], HARDENED_TRUSTED_PROXIES=[f"10.0.0.{number}"]
        ):
            assert conf.host_policy.table.names == {f"h{number}.example"}
            assert conf.trusted_proxies.trusts(f"10.0.0.{number}")
            assert not conf.trusted_proxies.trusts(f"10.0.0.{number + 1}")


# -- host_policy ---------------------------------------------------------------------------------


def pinned(host: str) -> str | None:
    verdict = conf.host_policy.decide(Asked(host, "/", "/"))
    return verdict.text if isinstance(verdict, Pin) else None


def test_a_host_added_in_place_is_ours_from_then_on_and_not_after() -> None:
    with override_settings(ALLOWED_HOSTS=["example.com"]):
        assert "added.example" not in conf.host_policy.table
        settings.ALLOWED_HOSTS.append("added.example")
        assert "added.example" in conf.host_policy.table
        settings.ALLOWED_HOSTS.remove("added.example")
        assert "added.example" not in conf.host_policy.table
        settings.ALLOWED_HOSTS[:] = [".changed.example"]
        assert "a.changed.example" in conf.host_policy.table
        assert "example.com" not in conf.host_policy.table


def test_the_host_of_the_test_runner_is_ours() -> None:
    assert pinned("testserver:80") == "testserver:80"


class TestLiveServer(LiveServerTestCase):
    """Django's own class allows its host for as long as it runs."""

    host = "localhost"

    def test_the_host_of_a_live_server_is_ours(self) -> None:
        address = self.live_server_url.removeprefix("http://")
        assert pinned(address) == address


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "127.0.0.1", "[::1]"])
def test_with_debug_and_no_hosts_this_machine_is_ours(name: str) -> None:
    with override_settings(DEBUG=True, ALLOWED_HOSTS=[]):
        assert name in conf.host_policy.table
        assert "testserver" not in conf.host_policy.table
        assert "example.com" not in conf.host_policy.table
    with override_settings(DEBUG=False, ALLOWED_HOSTS=[]):
        assert name not in conf.host_policy.table
    with override_settings(DEBUG=True, ALLOWED_HOSTS=["example.com"]):
        assert name not in conf.host_policy.table


@pytest.mark.parametrize(
    ("environment", "anything"),
    [("production", False), ("build", False), ("test", False), ("development", True)],
)
def test_a_wildcard_is_honoured_only_in_development(environment: str, anything: bool) -> None:
    with override_settings(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS=["*"]):
        assert ("any.example" in conf.host_policy.table) is anything


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_hosts_may_be_any_collection(configured: Any, kind: Any) -> None:
    configured(ALLOWED_HOSTS=kind(["a.example", ".b.example"]))
    assert conf.host_policy.table.names == {"a.example"}
    assert conf.host_policy.table.suffixes == (".b.example",)


def test_a_lazy_string_is_a_host_as_it_is_for_django() -> None:
    with override_settings(ALLOWED_HOSTS=[lazystr("lazy.example")]):
        assert pinned("lazy.example") == "lazy.example"


def test_an_entry_that_is_no_string_is_nobodys_host() -> None:
    with override_settings(ALLOWED_HOSTS=[None, 8000, b"example.com", "example.com"]):
        assert conf.host_policy.table.names == {"example.com"}
        assert pinned("none") is None


# -- Aliases, the canonical origin, tenants, health checks ---------------------------------------


def resolve(name: str) -> bool:
    return name == "t1.example.com"


def test_what_the_policy_is_made_of() -> None:
    with override_settings(
        HARDENED_ENVIRONMENT="production",
        ALLOWED_HOSTS=["example.com"],
        HARDENED_HOST_ALIASES={"WWW.Example.com.": "example.com", "bücher.example": "example.com"},
        HARDENED_REDIRECT_HOST_ALIASES=True,
        HARDENED_CANONICAL_ORIGIN="https://Example.com:8443",
        HARDENED_HEALTH_PATHS=["/healthz"],
        HARDENED_TENANT_RESOLVER=resolve,
    ):
        policy = conf.host_policy
        assert policy.aliases == {
            "www.example.com": "example.com",
            "xn--bcher-kva.example": "example.com",
        }
        assert policy.redirects_aliases is True
        assert policy.origin == Origin("https", Host("example.com", 8443))
        assert policy.health_paths == {"/healthz"}
        assert policy.tenants is not None
        assert conf.host_policy is policy  # the answers of the resolver are kept in it


@pytest.mark.parametrize(
    "resolver", [resolve, f"{__name__}.resolve", lazystr(f"{__name__}.resolve")]
)
def test_a_resolver_gives_a_wildcard_its_meaning(resolver: object) -> None:
    with override_settings(
        HARDENED_ENVIRONMENT="production", ALLOWED_HOSTS=["*"], HARDENED_TENANT_RESOLVER=resolver
    ):
        assert pinned("T1.example.com:80") == "t1.example.com"
        assert pinned("t2.example.com") is None


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        ("HARDENED_HOST_ALIASES", {"a_b": "example.com"}, "is not a host name"),
        ("HARDENED_HOST_ALIASES", {"www.example.com": "example.com:80"}, "has a port"),
        ("HARDENED_HOST_ALIASES", ["www.example.com"], "dictionary update sequence"),
        ("HARDENED_HOST_ALIASES", 7, "not iterable"),
        ("HARDENED_CANONICAL_ORIGIN", "example.com", "does not begin with http"),
        ("HARDENED_CANONICAL_ORIGIN", "https://example.com/", "is not a host name"),
        ("HARDENED_TENANT_RESOLVER", "myproject.tenants.resolve", "No module named"),
        ("HARDENED_TENANT_RESOLVER", f"{__name__}.nothing", "does not define"),
    ],
)
def test_what_cannot_be_used_names_the_setting(setting: str, value: Any, problem: str) -> None:
    with (
        override_settings(**{setting: value}),
        pytest.raises(ImproperlyConfigured, match=f"^{setting} cannot be used: .*{problem}"),
    ):
        assert conf.host_policy


# -- trusted_proxies and env_sources -------------------------------------------------------------


def test_nobody_is_trusted_and_nothing_known_without_the_settings(configured: Any) -> None:
    configured()
    assert conf.trusted_proxies == TrustedProxies()
    assert conf.env_sources is None


def test_proxies_are_those_of_the_settings_in_effect() -> None:
    with override_settings(HARDENED_TRUSTED_PROXIES=["10.0.0.1"]):
        assert not conf.trusted_proxies.trusts("")
        with override_settings(HARDENED_TRUSTED_PROXIES=["unix"]):
            assert conf.trusted_proxies.trusts("")
        assert not conf.trusted_proxies.trusts("")
        settings.HARDENED_TRUSTED_PROXIES.append("unix")
        assert conf.trusted_proxies.trusts("")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["10.0.0.1/8"], "is not an address, a network or 'unix'"),
        (["nonsense"], "is not an address, a network or 'unix'"),
        ([None], "is not an address, a network or 'unix'"),
        ([["10.0.0.1"]], "is not an address, a network or 'unix'"),
        (["0.0.0.0/0"], "trusts everybody"),
        (["10.0.0.1", "::/0"], "trusts everybody"),
        ([0], "is not a number of proxies from 1 to 16"),
        ([True], "is not an address, a network or 'unix'"),
        ([1, "10.0.0.1", 2], "is a second number of proxies"),
    ],
)
def test_a_wrong_proxy_is_an_error_and_never_trust(value: object, reason: str) -> None:
    with (
        override_settings(HARDENED_TRUSTED_PROXIES=value),
        pytest.raises(
            ImproperlyConfigured, match=f"^HARDENED_TRUSTED_PROXIES has an entry that {reason}$"
        ),
    ):
        _ = conf.trusted_proxies


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("10.0.0.1", "is a string and not a list"),
        (2, "is not a list"),
    ],
)
def test_proxies_that_are_no_list(value: object, reason: str) -> None:
    with (
        override_settings(HARDENED_TRUSTED_PROXIES=value),
        pytest.raises(ImproperlyConfigured, match=f"^HARDENED_TRUSTED_PROXIES {reason}"),
    ):
        _ = conf.trusted_proxies


def test_true_is_no_number_of_proxies_though_it_equals_one() -> None:
    with override_settings(HARDENED_TRUSTED_PROXIES=[1]):
        assert conf.trusted_proxies == TrustedProxies(count=1)
    with (
        override_settings(HARDENED_TRUSTED_PROXIES=[True]),
        pytest.raises(ImproperlyConfigured),
    ):
        _ = conf.trusted_proxies


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_the_header_that_the_proxies_write(header: str) -> None:
    with override_settings(HARDENED_FORWARDED_HEADER=header):
        assert conf.trusted_proxies.header == header


@pytest.mark.parametrize("header", ["forwarded", "X-Real-IP", "HTTP_FORWARDED", 5, ["Forwarded"]])
def test_another_header_is_an_error(header: object) -> None:
    with (
        override_settings(HARDENED_FORWARDED_HEADER=header),
        pytest.raises(
            ImproperlyConfigured,
            match=r"^HARDENED_FORWARDED_HEADER is neither 'X-Forwarded-For' nor 'Forwarded'$",
        ),
    ):
        _ = conf.trusted_proxies


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_the_usual_one(header: object) -> None:
    with override_settings(HARDENED_FORWARDED_HEADER=header):
        assert conf.trusted_proxies.header == "X-Forwarded-For"


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_the_edge_does_what_its_known_words_say(configured: Any, kind: Any) -> None:
    words = kind(["hsts", "waf", "HSTS", lazystr("csp")])
    configured(HARDENED_EDGE=words)
    assert conf.edge == {"hsts", "csp"}


def test_the_sources_of_the_helper_are_handed_on() -> None:
    assert isinstance(conf.env_sources, Sources)
    assert conf.env_sources is settings.HARDENED_ENV_SOURCES


@pytest.mark.parametrize("paths", [None, [], ()])
def test_no_health_paths(paths: Any) -> None:
    with override_settings(HARDENED_HEALTH_PATHS=paths):
        assert conf.host_policy.health_paths == frozenset()


@pytest.mark.parametrize("paths", ["/healthz", 7])
def test_health_paths_that_are_no_list(paths: Any) -> None:
    with (
        override_settings(HARDENED_HEALTH_PATHS=paths),
        pytest.raises(ImproperlyConfigured, match="HARDENED_HEALTH_PATHS"),
    ):
        _ = conf.host_policy


def test_a_test_runner_is_no_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """It turns DEBUG off, and serves on a port of its own: LiveServerTestCase."""
    with override_settings(DEBUG=False):
        del settings.HARDENED_ENVIRONMENT
        assert (conf.environment, conf.keeps_port) == ("production", True)
        monkeypatch.delattr("django.core.mail.outbox")
        assert conf.keeps_port is False
    with override_settings(DEBUG=False, HARDENED_ENVIRONMENT="production"):
        assert conf.keeps_port is False
