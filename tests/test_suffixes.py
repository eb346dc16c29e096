"""The list of shared suffixes is data, and data can be wrong."""

from __future__ import annotations

import pytest

from django_hardened.hosts import is_overbroad, parse_host, pattern_problem
from django_hardened.suffixes import SHARED_SUFFIXES, SPECIAL_USE_NAMES


@pytest.mark.parametrize("suffix", sorted(SHARED_SUFFIXES))
def test_a_shared_suffix_is_a_canonical_name_that_an_entry_could_have(suffix: str) -> None:
    assert parse_host(suffix).name == suffix
    assert "." in suffix
    assert pattern_problem(f".{suffix}") is None
    assert is_overbroad(f".{suffix}")
    assert not is_overbroad(f".mine.{suffix}") or f"mine.{suffix}" in SHARED_SUFFIXES


@pytest.mark.parametrize("name", sorted(SPECIAL_USE_NAMES))
def test_a_special_use_name_is_a_single_label_that_no_registry_sells(name: str) -> None:
    assert parse_host(name).name == name
    assert "." not in name
    assert not is_overbroad(f".{name}")


def test_no_name_is_both_shared_and_special() -> None:
    assert not SHARED_SUFFIXES & SPECIAL_USE_NAMES


@pytest.mark.parametrize(
    "suffix",
    [
        *("co.uk", "com.au", "co.jp", "com.br", "co.in", "co.za", "com.cn", "co.nz", "co.kr"),
        *("herokuapp.com", "vercel.app", "netlify.app", "onrender.com", "fly.dev", "railway.app"),
        *("pages.dev", "workers.dev", "github.io", "gitlab.io", "web.app", "firebaseapp.com"),
        *("run.app", "appspot.com", "amazonaws.com", "elasticbeanstalk.com", "cloudfront.net"),
        *("azurewebsites.net", "ondigitalocean.app", "pythonanywhere.com", "ngrok.io"),
        *("ngrok-free.app", "trycloudflare.com", "duckdns.org", "nip.io", "ts.net"),
    ],
)
def test_the_well_known_ones_are_there(suffix: str) -> None:
    assert suffix in SHARED_SUFFIXES


@pytest.mark.parametrize(
    "entry",
    [
        ".us-east-1.elasticbeanstalk.com",
        ".us-west-2.compute.amazonaws.com",
        ".ap-southeast-2.elb.amazonaws.com",
        ".us-central1.run.app",
        ".eastus2.azurecontainerapps.io",
        ".westeurope.cloudapp.azure.com",
        ".eu.ngrok.io",
    ],
)
def test_a_region_of_a_provider_is_shared_like_its_suffix(entry: str) -> None:
    assert is_overbroad(entry)
    assert not is_overbroad(entry.removeprefix("."))
    assert not is_overbroad(f".mine{entry}")


@pytest.mark.parametrize("entry", [".usability.run.app", ".eastern.ngrok.io", ".us-east-1.x.test"])
def test_a_name_that_is_no_region_is_its_owners(entry: str) -> None:
    assert not is_overbroad(entry)
