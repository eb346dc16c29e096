"""Every variant of a request against real servers: what it must not achieve, and that it could.

Two servers at a time, each with the site of ``example_project/host_attacks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import attacks
import pytest
from host_attacks.corpus import corpus
from host_attacks.runs import Tally, run
from host_attacks.servers import COMMANDS, Setup, missing
from host_attacks.variants import ALIAS, SITE, Variant

from django_hardened.host_policy import Asked, HostPolicy, Pin
from django_hardened.hosts import HostTable

AT_A_TIME = 2
PEERS = {
    "stranger": partial(Setup),
    # With Django's own switch as well, which believes the field from anybody.
    "proxy": partial(Setup, hosts="exact+forwarded", declared_proxy=True),
}
HARDENED = {
    f"{server}, {peer}": setup(server) for server in COMMANDS for peer, setup in PEERS.items()
}
# Who else is served is asked of a resolver, in front of which all servers are alike.
HARDENED |= {f"gunicorn, {hosts}": Setup("gunicorn", hosts=hosts) for hosts in ("suffix", "any")}
# One of each interface is enough to see that the corpus has teeth.
STOCK = [Setup(server, stack="stock") for server in ("gunicorn", "daphne")]
Tallies = dict[Setup, Future[Tally]]


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tallies]:
    directory = tmp_path_factory.mktemp("attacks")
    pool = ThreadPoolExecutor(max_workers=AT_A_TIME)
    yield {
        setup: pool.submit(run, setup, directory)
        for setup in (*STOCK, *HARDENED.values())
        if not missing(setup.server)
    }
    pool.shutdown(cancel_futures=True)


def _result(tallies: Tallies, setup: Setup) -> Tally:
    if setup not in tallies:
        pytest.skip(f"{missing(setup.server)} is not installed")
    return tallies[setup].result()


@pytest.fixture(scope="module", params=HARDENED)
def tally(request: pytest.FixtureRequest, tallies: Tallies) -> Tally:
    """Return what the attack achieved on the hardened site."""
    return _result(tallies, HARDENED[request.param])


def test_a_page_knows_the_canonical_host_only(tally: Tally) -> None:
    assert tally.unsafe == {}
    assert tally.left == {}


def test_what_names_no_host_of_ours_gets_no_page(tally: Tally) -> None:
    assert tally.let_in == {}


def test_nobody_gets_what_an_attacker_has_put_into_a_cache(tally: Tally) -> None:
    assert tally.poisoned == {"cache_page": {}, "fragment": {}, "low-level": {}}


def test_a_page_has_one_key(tally: Tally, request: pytest.FixtureRequest) -> None:
    # One for each scheme, which a declared proxy tells.
    is_told = request.node.callspec.params["tally"].endswith("proxy")
    assert tally.keys == (2 if is_told else 1)


def test_nothing_breaks(tally: Tally) -> None:
    assert tally.errors == {}


def test_no_refusal_may_be_kept(tally: Tally) -> None:
    assert tally.cacheable == {}


@pytest.mark.parametrize("setup", STOCK, ids=lambda setup: setup.server)
def test_stock_django_falls_for_it(tallies: Tallies, setup: Setup) -> None:
    tally = _result(tallies, setup)

    assert tally.unsafe
    assert all(tally.poisoned.values()), tally.poisoned
    assert tally.keys > 1
    assert tally.errors


# -- The corpus itself ---------------------------------------------------------------------------

# A Host field and nothing else, that reaches the parser as it was sent.
HOST_FIELD = ("spelling", "alias", "two names", "name", "address", "lookalike", "length")


@pytest.fixture(params=[False, True], ids=["stranger", "proxy"])
def variants(request: pytest.FixtureRequest) -> list[Variant]:
    return corpus(declared_proxy=request.param)


def test_the_corpus_is_large_and_repeats_nothing(variants: list[Variant]) -> None:
    assert len({variant.request("page/") for variant in variants}) == len(variants) >= 300


def test_what_is_sent_is_a_request_for_the_page(variants: list[Variant]) -> None:
    for variant in variants:
        sent = variant.request("page/")
        assert sent.startswith(b"GET ")
        assert sent.endswith(b"\r\nConnection: close\r\n\r\n")


def test_the_policy_agrees_on_what_is_ours(variants: list[Variant]) -> None:
    table = HostTable.from_allowed_hosts([SITE, ALIAS])
    policy = HostPolicy(table=table, admits=lambda name: True)
    for variant in variants:
        if variant.category in HOST_FIELD:
            [line] = variant.fields
            value = line.removeprefix(b"Host: ").decode("latin-1")
            verdict = policy.decide(Asked(value, "/", "/"))
            host = verdict.text if isinstance(verdict, Pin) else None
            assert host == (variant.host if variant.expected == "canonical" else None)


# -- The script ----------------------------------------------------------------------------------


def test_a_row_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "COLOUR", False)
    before = Tally(variants=792, unsafe={"a: b": {"sync"}}, keys=53)

    row = attacks.row(before, Tally(variants=792, keys=1))

    assert row.split("→")[0].split() == ["792", "1"]
    assert "53 → 1 " in row
    assert len(row) + 29 <= 100
    assert "53 → - " in attacks.row(before, None)


def test_the_script_says_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(unsafe={"name: Host: x": {"sync"}}, let_in={"path: /./": {"async"}}, keys=2)

    attacks.report(list(attacks.achievements(tally)))

    report = capsys.readouterr().out
    assert "name, another host" in report
    assert "path, not refused" in report
    assert "2 keys" in report


def test_the_script_says_when_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    attacks.report(list(attacks.achievements(Tally(keys=1))))

    assert "Nothing gets through" in capsys.readouterr().out
