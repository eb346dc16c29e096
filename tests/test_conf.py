"""The typed view of the settings: late, and in step with every change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import LiveServerTestCase, override_settings
from django.utils.functional import lazystr

from django_hardened.conf import conf
from django_hardened.hosts import UnknownHost
from django_hardened.proxies import TrustedProxies
from django_hardened.sources import Sources

UNSET = object()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replace the settings by exactly the ones given, as a project without the helper has them."""

    def configure(**values: Any) -> None:
        values.setdefault("DEBUG", False)
        values.setdefault("ALLOWED_HOSTS", [])
        monkeypatch.setattr("django_hardened.conf.settings", SimpleNamespace(**values))

    return configure


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


def test_a_setting_counts_from_the_moment_it_changes_until_it_changes_back() -> None:
    before = (conf.environment, conf.host_table, conf.trusted_proxies, conf.keeps_port)
    with override_settings(
        HARDENED_ENVIRONMENT="production",
        ALLOWED_HOSTS=["late.example"],
        HARDENED_TRUSTED_PROXIES=["192.0.2.1"],
    ):
        assert conf.environment == "production"
        assert conf.host_table.names == {"late.example"}
        assert conf.trusted_proxies == TrustedProxies.parse(["192.0.2.1"])
        assert conf.keeps_port is False
    assert (conf.environment, conf.host_table, conf.trusted_proxies, conf.keeps_port) == before


def test_another_setting_changes_nothing() -> None:
    before = (conf.environment, conf.host_table, conf.trusted_proxies)
    with override_settings(USE_X_FORWARDED_HOST=True, SECRET_KEY="another", DEBUG=True):
        assert (conf.environment, conf.host_table, conf.trusted_proxies) == before


def test_more_changes_than_anything_could_keep_are_all_seen() -> None:
    for number in range(50):
        with override_settings(
            ALLOWED_HOSTS=[f"h{number}.example"], HARDENED_TRUSTED_PROXIES=[f"10.0.0.{number}"]
        ):
            assert conf.host_table.names == {f"h{number}.example"}
            assert conf.trusted_proxies.trusts(f"10.0.0.{number}")
            assert not conf.trusted_proxies.trusts(f"10.0.0.{number + 1}")


# -- host_table ----------------------------------------------------------------------------------


def test_a_host_added_in_place_is_ours_from_then_on_and_not_after() -> None:
    with override_settings(ALLOWED_HOSTS=["example.com"]):
        assert "added.example" not in conf.host_table
        settings.ALLOWED_HOSTS.append("added.example")
        assert "added.example" in conf.host_table
        settings.ALLOWED_HOSTS.remove("added.example")
        assert "added.example" not in conf.host_table
        settings.ALLOWED_HOSTS[:] = [".changed.example"]
        assert "a.changed.example" in conf.host_table
        assert "example.com" not in conf.host_table


def test_the_host_of_the_test_runner_is_ours() -> None:
    assert conf.host_table.pin("testserver:80").name == "testserver"


class TestLiveServer(LiveServerTestCase):
    """Django's own class allows its host for as long as it runs."""

    host = "localhost"

    def test_the_host_of_a_live_server_is_ours(self) -> None:
        address = self.live_server_url.removeprefix("http://")
        assert str(conf.host_table.pin(address, keep_port=True)) == address


@pytest.mark.parametrize("name", ["localhost", "a.localhost", "127.0.0.1", "[::1]"])
def test_with_debug_and_no_hosts_this_machine_is_ours(name: str) -> None:
    with override_settings(DEBUG=True, ALLOWED_HOSTS=[]):
        assert name in conf.host_table
        assert "testserver" not in conf.host_table
        assert "example.com" not in conf.host_table
    with override_settings(DEBUG=False, ALLOWED_HOSTS=[]):
        assert name not in conf.host_table
    with override_settings(DEBUG=True, ALLOWED_HOSTS=["example.com"]):
        assert name not in conf.host_table


@pytest.mark.parametrize(
    ("environment", "anything"),
    [("production", False), ("build", False), ("test", False), ("development", True)],
)
def test_a_wildcard_is_honoured_only_in_development(environment: str, anything: bool) -> None:
    with override_settings(HARDENED_ENVIRONMENT=environment, ALLOWED_HOSTS=["*"]):
        assert ("any.example" in conf.host_table) is anything


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_hosts_may_be_any_collection(configured: Any, kind: Any) -> None:
    configured(ALLOWED_HOSTS=kind(["a.example", ".b.example"]))
    assert conf.host_table.names == {"a.example", "b.example"}


def test_a_lazy_string_is_a_host_as_it_is_for_django() -> None:
    with override_settings(ALLOWED_HOSTS=[lazystr("lazy.example")]):
        assert str(conf.host_table.pin("lazy.example")) == "lazy.example"


def test_an_entry_that_is_no_string_is_nobodys_host() -> None:
    with override_settings(ALLOWED_HOSTS=[None, 8000, b"example.com", "example.com"]):
        assert conf.host_table.names == {"example.com"}
        with pytest.raises(UnknownHost):
            conf.host_table.pin("none")


# -- trusted_proxies and env_sources -------------------------------------------------------------


def test_nobody_is_trusted_and_nothing_known_without_the_settings(configured: Any) -> None:
    configured()
    assert conf.trusted_proxies == TrustedProxies()
    assert conf.env_sources is None


def test_proxies_added_in_place_are_trusted_from_then_on() -> None:
    with override_settings(HARDENED_TRUSTED_PROXIES=["10.0.0.1"]):
        assert not conf.trusted_proxies.trusts("")
        settings.HARDENED_TRUSTED_PROXIES.append("unix")
        assert conf.trusted_proxies.trusts("")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["10.0.0.1/8"], "is not an address, a network or 'unix'"),
        (["nonsense"], "is not an address, a network or 'unix'"),
        ([None], "is not an address, a network or 'unix'"),
        (["0.0.0.0/0"], "trusts everybody"),
        (["10.0.0.1", "::/0"], "trusts everybody"),
        ("10.0.0.1", "is a string and not a list"),
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


def test_the_sources_of_the_helper_are_handed_on() -> None:
    assert isinstance(conf.env_sources, Sources)
    assert conf.env_sources is settings.HARDENED_ENV_SOURCES
