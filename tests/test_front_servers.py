"""Real proxies and caches in front of a real server: what the next visitor gets.

First set up as carelessly as they are in practice, under attack; then by our own recipes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from host_attacks import fronts
from host_attacks.front_runs import FrontTally, run_behind
from host_attacks.servers import Setup
from recipes_support import BEHIND_TLS, CLIENT, HEADINGS, Site, ask, recipe

AT_A_TIME = 2
STACKS = ("stock", "hardened")
Tallies = dict[tuple[str, str], Future[FrontTally]]


def _require(program: str) -> None:
    if fronts.find(program) is None:
        pytest.skip(f"{program} is not installed")


# -- Under attack --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tallies]:
    directory = tmp_path_factory.mktemp("fronts")
    pool = ThreadPoolExecutor(max_workers=AT_A_TIME)
    yield {
        (front, stack): pool.submit(run_behind, front, _setup(stack), directory)
        for front in fronts.CARELESS
        for stack in STACKS
        if fronts.find(front)
    }
    pool.shutdown(cancel_futures=True)


def _setup(stack: str) -> Setup:
    """Return the worst case: what an attacker sends arrives from a declared proxy."""
    return Setup(
        "gunicorn", stack=stack, hosts="exact+forwarded", declared_proxy=True, merges_alias=True
    )


@pytest.fixture(params=fronts.CARELESS)
def front(request: pytest.FixtureRequest) -> str:
    _require(request.param)
    return str(request.param)


@pytest.mark.parametrize("stack", STACKS)
def test_the_attack_gets_through_to_a_cache(tallies: Tallies, front: str, stack: str) -> None:
    tally = tallies[front, stack].result()
    assert tally.keeps
    assert len(tally.arrived) >= 300


def test_no_visitor_gets_a_poisoned_page(tallies: Tallies, front: str) -> None:
    assert tallies[front, "hardened"].result().poisoned == set()


def test_no_visitor_gets_the_refusal_of_an_attacker(tallies: Tallies, front: str) -> None:
    tally = tallies[front, "hardened"].result()
    assert tally.refusing == set()
    assert tally.broken == set()


def test_visitors_of_stock_django_get_both(tallies: Tallies, front: str) -> None:
    tally = tallies[front, "stock"].result()
    assert tally.poisoned
    # The other two keep no answer of 400.
    assert bool(tally.refusing) == (front == "nginx")


# -- The recipes ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=HEADINGS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Return a site behind a proxy as the page of recipes has it."""
    _require(request.param)
    if request.param != BEHIND_TLS and shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    with recipe(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


def test_a_recipe_tells_the_truth_and_drops_lies(site: Site) -> None:
    lies = ("X-Forwarded-Host: evil.example", "Forwarded: for=192.0.2.1;host=evil.example")
    more = ("X-Forwarded-Proto: http", "X-Forwarded-For: 192.0.2.1") if site.tls else ()
    answer = site.ask("/truth", *lies, *more)
    assert answer.status == 200
    assert answer.facts == {
        "address": "https://www.example.com/truth",
        "is_secure": True,
        "client": CLIENT,
        "others": ["HTTP_X_FORWARDED_PROTO"],
    }


@pytest.mark.parametrize("host", ["WWW.Example.com", "www.example.com:1234"])
def test_a_recipe_has_one_spelling(site: Site, host: str) -> None:
    path = f"/spelling/{len(host)}"
    answer = site.ask(path, host=host)
    assert answer.facts["address"] == f"https://www.example.com{path}"


@pytest.mark.parametrize("host", ["evil.example", "www.example.com.evil.example", "127.0.0.1"])
def test_a_recipe_has_no_page_for_others(site: Site, host: str) -> None:
    answer = site.ask("/others", host=host)
    assert answer.facts == {}
    assert answer.location is None


def test_a_recipe_leads_from_http_to_https_and_no_further(site: Site) -> None:
    first = site.ask_plainly("/plain?x=1")
    second = site.ask("/plain?x=1")
    assert first.status in (301, 308)
    assert first.location == "https://www.example.com/plain?x=1"
    assert (second.status, second.location) == (200, None)


def test_a_probe_needs_neither_the_name_nor_https(site: Site) -> None:
    assert ask(site.server, "/healthz", host="10.244.0.7:8000").status == 200
    assert ask(site.server, "/other", host="10.244.0.7:8000").status == 421
