"""Who is admitted, what it costs, and what is told of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

import pytest
from api_keys_support import DAY, MINUTE, NOON, SECOND, admitted, issue, make_user
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.api_keys import announcements, records
from django_hardened.api_keys.hashes import hash_key
from django_hardened.api_keys.key_format import checksum, generate
from django_hardened.api_keys.models import APIKey
from django_hardened.log_window import LogWindow
from django_hardened.signals import api_key_refused


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What ``api_key_refused`` was sent with."""
    monkeypatch.setattr(announcements, "_refusals", LogWindow())
    heard: list[tuple[str, str]] = []

    def hear(identifier: str, reason: str, request: Any, **kwargs: Any) -> None:
        assert request.META["REMOTE_ADDR"]
        heard.append((identifier, reason))

    api_key_refused.connect(hear)
    yield heard
    api_key_refused.disconnect(hear)


def used(key: APIKey) -> Any:
    return APIKey.objects.get(pk=key.pk).last_used_at


# -- Who is admitted -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_key_is_its_owner() -> None:
    owner = make_user(email="ada@example.com", first_name="Ada")
    key, text = issue(owner, scopes="write read")
    user, verified = admitted(text)
    assert user == owner
    assert type(user) is User
    assert user._state.adding is False
    assert (user.email, user.first_name) == ("ada@example.com", "Ada")
    assert user.get_deferred_fields() == set()
    assert (verified.pk, verified.identifier, verified.name) == (key.pk, key.identifier, "ci")
    assert verified.scopes == {"read", "write"}
    assert verified.expires_at == NOON + 90 * DAY
    assert "hash" not in repr(verified)


@pytest.mark.django_db
def test_until_it_expires() -> None:
    _, text = issue()
    assert admitted(text, NOON + 90 * DAY - SECOND)
    assert admitted(text, NOON + 90 * DAY) is None


@pytest.mark.django_db
def test_a_leaked_row_gives_no_key() -> None:
    key, text = issue()
    prefix = f"dhk_{key.identifier}_"
    made = [prefix + key.hash[:43], prefix + key.hash[21:], prefix + "0" * 43]
    assert [admitted(body + checksum(body)) for body in made] == [None] * 3
    assert admitted(key.hash) is admitted(key.identifier) is None
    assert admitted(text)


@pytest.mark.django_db
def test_a_hash_that_somebody_has_put_there_is_under_no_key_of_theirs(settings: Any) -> None:
    _, _ = issue()
    forged = generate("dhk")
    secret, settings.SECRET_KEY = settings.SECRET_KEY, "guessed"
    APIKey.objects.update(identifier=forged.identifier, hash=hash_key(forged.text))
    settings.SECRET_KEY = secret
    assert admitted(forged.text) is None


@pytest.mark.django_db
def test_the_secret_of_another_key_is_wrong() -> None:
    first, first_text = issue()
    _, second_text = issue(first.owner)
    body = f"dhk_{first.identifier}_{second_text[21:64]}"
    assert admitted(body + checksum(body)) is None
    assert admitted(first_text)


@pytest.mark.django_db
def test_another_prefix_is_another_key() -> None:
    _, text = issue()
    body = "x" + text[:-6]
    assert admitted(body + checksum(body)) is None


# -- Refused with the right key ------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["revoked", "expired", "owner", "network"])
def test_the_right_key_that_is_not_admitted(
    refusals: list[tuple[str, str]], caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    key, text = issue(networks="192.0.2.0/24")
    now, address = NOON, "192.0.2.7"
    if reason == "revoked":
        key.revoke()
    elif reason == "expired":
        now = key.expires_at
    elif reason == "owner":
        User.objects.update(is_active=False)
    else:
        address = "198.51.100.7"
    caplog.clear()
    with caplog.at_level(logging.WARNING, "django_hardened.api_keys"):
        assert admitted(text, now, address) is admitted(text, now, address) is None
    assert refusals == [(key.identifier, reason)] * 2
    # One line a minute, whoever has it.
    assert caplog.messages == [f"API key {key.identifier} was refused ({reason}) at '{address}'."]
    assert used(key) is None


@pytest.mark.django_db
def test_of_a_key_that_is_wrong_nobody_is_told(
    refusals: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    key, text = issue()
    key.revoke()
    caplog.clear()
    body = text[:-7] + ("0" if text[-7] != "0" else "1")
    assert admitted(body + checksum(body)) is admitted(generate("dhk").text) is None
    assert refusals == caplog.messages == []


@pytest.mark.django_db
def test_a_receiver_that_fails_admits_nobody() -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    key, text = issue()
    key.revoke()
    api_key_refused.connect(fail)
    try:
        assert admitted(text) is None
    finally:
        api_key_refused.disconnect(fail)


# -- What it costs -------------------------------------------------------------------------------


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_what_is_malformed_costs_no_query(text: str) -> None:
    """The database is not to be had here: a query would raise."""
    assert admitted(text) is None


@pytest.mark.django_db
def test_unknown_and_wrong_keys_cost_the_same_query(django_assert_num_queries: Any) -> None:
    key, _ = issue()
    body = f"dhk_{key.identifier}_{'0' * 43}"
    asked = []
    for wrong in (body + checksum(body), generate("dhk").text):
        with django_assert_num_queries(1) as captured:
            assert admitted(wrong) is None
        sql = captured.captured_queries[0]["sql"]
        asked.append(sql.replace(wrong.split("_")[1], "?").replace(hash_key(wrong), "?"))
    assert asked[0] == asked[1]


@pytest.mark.django_db
def test_a_right_key_costs_one_query_and_another_one_each_minute(
    django_assert_num_queries: Any,
) -> None:
    _, text = issue()
    for seconds, queries in [(0, 2), (1, 1), (59, 1), (60, 2), (61, 1), (119, 1), (500, 2)]:
        with django_assert_num_queries(queries):
            assert admitted(text, NOON + seconds * SECOND)


@pytest.mark.django_db
def test_the_work_of_hashing_is_the_same(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = ["old", "older"]
    calls: list[tuple[int, int]] = []
    real_hashes, real_position = (
        *("django_hardened.api_keys.verification.hashes",),
        "django_hardened.api_keys.verification.position",
    )
    from django_hardened.api_keys import hashes as module

    monkeypatch.setattr(
        real_hashes, lambda text: calls.append((len(text), 0)) or module.hashes(text)
    )
    monkeypatch.setattr(
        real_position,
        lambda stored, found: (
            calls.append((len(stored), len(found))) or module.position(stored, found)
        ),
    )
    key, _ = issue()
    body = f"dhk_{key.identifier}_{'0' * 43}"
    for wrong in (body + checksum(body), generate("dhk").text, "nonsense"):
        calls.clear()
        assert admitted(wrong) is None
        assert [call[1] for call in calls] == [0, 3]
        assert calls[1] == (64, 3)
        assert calls[0][0] in (70, 87)


# -- The last use --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_last_use_is_written_once_a_minute() -> None:
    key, text = issue()
    assert used(key) is None
    for seconds, written in [(0, 0), (59, 0), (60, 60), (90, 60), (500, 500)]:
        assert admitted(text, NOON + seconds * SECOND)
        assert used(key) == NOON + written * SECOND


@pytest.mark.django_db
def test_a_clock_that_is_behind_takes_nothing_back() -> None:
    key, text = issue()
    admitted(text, NOON + MINUTE)
    admitted(text, NOON)
    assert used(key) == NOON + MINUTE


@pytest.mark.django_db
def test_of_those_that_have_read_the_same_one_changes_the_row() -> None:
    key, text = issue()
    admitted(text)
    seen = records.fetch(key.identifier, [key.hash])
    assert seen is not None
    records.note_use(seen, NOON + MINUTE)
    records.note_use(seen, NOON + MINUTE + SECOND)
    assert used(key) == NOON + MINUTE


@pytest.mark.django_db
def test_within_a_transaction_nobody_waits_for_the_row(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """SQLite has no locks of rows; what is asked is that which other databases skip by."""
    monkeypatch.setattr(connection.features, "has_select_for_update_skip_locked", True)
    key, text = issue()
    with django_assert_num_queries(3):
        assert admitted(text)
    assert used(key) == NOON
    # Another one has the row: there is nothing to write, and no query for it.
    seen = records.fetch(key.identifier, [key.hash])
    assert seen is not None
    APIKey.objects.update(last_used_at=NOON + MINUTE)
    with django_assert_num_queries(1):
        records.note_use(seen, NOON + MINUTE)
    assert used(key) == NOON + MINUTE


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_time_one_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads with connections of their own, all of which have read the row before one writes."""
    key, text = issue()
    threads = 8
    # In memory SQLite has one writer, and the others do not wait for it.
    barrier, lock, changed = Barrier(threads), Lock(), []
    real = records.note_use

    def note(record: Any, now: Any) -> Any:
        barrier.wait(10)
        return real(record, now)

    monkeypatch.setattr(records, "note_use", note)
    original = type(APIKey.objects.all()).update

    def update(self: Any, **kwargs: Any) -> int:
        with lock:
            changed.append(original(self, **kwargs))
        return int(changed[-1])

    monkeypatch.setattr(type(APIKey.objects.all()), "update", update)

    def ask(number: int) -> bool:
        try:
            return admitted(text) is not None
        finally:
            BaseDatabaseWrapper.close(connection)  # SQLite in memory closes nothing else

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(ask, range(threads))) == [True] * threads
    assert sorted(changed) == [0] * (threads - 1) + [1]
    assert used(key) == NOON


# -- Another SECRET_KEY --------------------------------------------------------------------------


@pytest.mark.django_db
def test_under_a_fallback_it_is_admitted_and_rehashed_once(
    settings: Any, django_assert_num_queries: Any
) -> None:
    key, text = issue()
    admitted(text)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key"
    assert admitted(text) is None
    settings.SECRET_KEY_FALLBACKS = ["other", old]
    with django_assert_num_queries(2):
        assert admitted(text)
    assert APIKey.objects.get(pk=key.pk).hash == hash_key(text)
    with django_assert_num_queries(1):
        assert admitted(text)
    settings.SECRET_KEY_FALLBACKS = []
    assert admitted(text)


@pytest.mark.django_db
def test_what_is_not_the_right_key_rehashes_nothing(settings: Any) -> None:
    key, _ = issue()
    before = key.hash
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    body = f"dhk_{key.identifier}_{'0' * 43}"
    assert admitted(body + checksum(body)) is None
    assert APIKey.objects.get(pk=key.pk).hash == before
