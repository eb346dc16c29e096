"""Cached keys: no query, and no key that is good a moment longer than it is."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from api_keys_support import DAY, MINUTE, NOON, SECOND, SHARED, admitted, issue
from asgiref.sync import async_to_sync
from cache_servers_support import cache_server
from django.contrib.auth import user_logged_in
from django.contrib.auth.models import User
from django.core.cache import cache, caches
from django.db import transaction
from django.test import RequestFactory, override_settings
from django.test.utils import isolate_apps

from django_hardened.api_keys import key_cache, records
from django_hardened.api_keys.key_format import checksum, generate
from django_hardened.api_keys.models import APIKey
from django_hardened.cache import host_context
from django_hardened.log_window import LogWindow
from django_hardened.ratelimit import shared_stores

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cached(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(shared_stores.MODULES, SHARED, "none")
    monkeypatch.setattr(key_cache, "_failures", LogWindow())
    # Tests run in a transaction that is never committed: what waits for it is done at once.
    monkeypatch.setattr(transaction, "on_commit", lambda do, using=None: do())
    settings.CACHES = {
        "default": {"BACKEND": SHARED, "KEY_FUNCTION": "django_hardened.cache.make_key"}
    }
    settings.HARDENED_API_KEY_CACHE = "default"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def queries(django_assert_num_queries: Any) -> Callable[[int, str], Any]:
    def ask(number: int, text: str, *args: Any) -> Any:
        with django_assert_num_queries(number):
            return admitted(text, *args)

    return ask


def test_the_second_time_costs_no_query(queries: Any) -> None:
    _, text = issue(scopes="read", networks="192.0.2.0/24")
    first = queries(2, text)
    second = queries(0, text)
    assert second == first
    assert queries(0, text, NOON, "198.51.100.7") is None


def test_an_owner_has_what_may_be_cached(queries: Any) -> None:
    """The same, cached or not: what is missing is looked up when it is asked for."""
    owner = User.objects.create_user("ada", email="ada@example.com", password="secret")
    _, text = issue(owner)
    for number in (2, 0):
        user, _ = queries(number, text)
        assert user.get_deferred_fields() == {
            *("password", "last_login", "first_name", "last_name", "email", "date_joined")
        }
        assert (user.pk, user.username, user.is_staff) == (owner.pk, "ada", False)
        assert user.email == "ada@example.com"
        assert user.check_password("secret")


def test_on_an_async_view_what_is_missing_is_awaited(queries: Any) -> None:
    owner = User.objects.create_user("ada", email="ada@example.com")
    _, text = issue(owner)
    for number in (2, 0):
        user, _ = queries(number, text)
        async_to_sync(user.arefresh_from_db)(fields=["email"])
        assert user.__dict__["email"] == "ada@example.com"


def test_in_the_cache_are_no_key_and_no_password() -> None:
    owner = User.objects.create_user("ada", email="ada@example.com", password="secret")
    _, text = issue(owner)
    admitted(text)
    stored = pickle.dumps(caches["default"]._cache).decode("latin-1")  # type: ignore[attr-defined]
    for secret in (text, text[21:64], owner.password, owner.email):
        assert secret not in stored
    assert text.split("_")[1] in stored


def test_it_is_json() -> None:
    key, text = issue()
    admitted(text)
    (entry,) = caches["default"]._cache.values()  # type: ignore[attr-defined]
    stored = json.loads(pickle.loads(entry))
    assert stored["key"][0] == key.pk
    assert stored["owner"] == [key.owner_id, False, "ada", False, True]


def test_unknown_and_wrong_keys_cost_the_same_query_and_are_not_cached(queries: Any) -> None:
    key, text = issue()
    admitted(text)
    size = len(caches["default"]._cache)  # type: ignore[attr-defined]
    body = f"dhk_{key.identifier}_{'0' * 43}"
    for wrong in (body + checksum(body), generate("dhk").text):
        assert queries(1, wrong) is None
        assert queries(1, wrong) is None
    assert queries(0, "nonsense") is None
    assert len(caches["default"]._cache) == size  # type: ignore[attr-defined]
    assert queries(0, text)


# -- Changes -------------------------------------------------------------------------------------


CHANGES: dict[str, Callable[[APIKey], object]] = {
    "revoked": lambda key: key.revoke(),
    "rotated": lambda key: key.rotate(overlap=timedelta(0), now=NOON),
    "deleted": lambda key: key.delete(),
    "expired": lambda key: APIKey.objects.get(pk=key.pk).save(),
    "owner deactivated": lambda key: User(pk=key.owner_id, username="ada", is_active=False).save(
        force_update=True
    ),
    "owner deleted": lambda key: User.objects.get().delete(),
    "all deleted": lambda key: APIKey.objects.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("host", ["", "a.example.com"])
def test_a_change_holds_at_once(queries: Any, change: str, host: str) -> None:
    """Made by a command, which has no host, or by a request for another one."""
    key, text = issue()
    with host_context("b.example.com"):
        admitted(text)
        assert queries(0, text)
    if change == "expired":
        APIKey.objects.update(expires_at=NOON)  # heard of with the save() that follows
    if host:
        with host_context(host):
            CHANGES[change](key)
    else:
        CHANGES[change](key)
    with host_context("b.example.com"):
        assert admitted(text) is admitted(text) is None


def test_a_proxy_of_the_user_model_is_heard_as_well() -> None:
    _, text = issue()
    admitted(text)
    with isolate_apps("django_hardened.api_keys"):

        class Person(User):
            class Meta:
                proxy = True
                app_label = "hardened_api_keys"

        person = Person.objects.get()
        person.is_active = False
        person.save()
    assert admitted(text) is None


def test_an_owner_who_becomes_staff_is_staff_at_once(queries: Any) -> None:
    _, text = issue()
    admitted(text)
    owner = User.objects.get()
    owner.is_staff = True
    owner.save(update_fields=["is_staff"])
    assert queries(1, text)[0].is_staff


def test_a_login_of_the_owner_changes_nothing(queries: Any, django_assert_num_queries: Any) -> None:
    key, text = issue()
    admitted(text)
    with django_assert_num_queries(1):
        user_logged_in.send(User, user=key.owner, request=RequestFactory().get("/"))
    assert queries(0, text)


def test_other_models_cost_no_query(django_assert_num_queries: Any, settings: Any) -> None:
    from django.contrib.auth.models import Group

    with django_assert_num_queries(1):
        Group.objects.create(name="a")
    with django_assert_num_queries(1):
        user = User.objects.create(username="eve")
    settings.HARDENED_API_KEY_CACHE = None
    with django_assert_num_queries(1):
        user.save(force_update=True)


def test_who_has_read_the_row_before_does_not_bring_it_back(monkeypatch: Any) -> None:
    """A request looks the key up; it is revoked; then the request caches what it has seen."""
    key, text = issue()
    real = records.keep

    def late(*args: Any) -> None:
        key.revoke(now=NOON)
        real(*args)

    monkeypatch.setattr(records, "keep", late)
    assert admitted(text)
    monkeypatch.setattr(records, "keep", real)
    assert admitted(text) is None


def test_a_change_that_is_rolled_back_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, queries: Any
) -> None:
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(transaction, "on_commit", lambda do, using=None: waiting.append(do))
    key, text = issue()
    admitted(text)
    with transaction.atomic():
        key.revoke()
        transaction.set_rollback(True)
    assert queries(0, text)


def test_what_nobody_tells_of_is_heard_within_a_minute() -> None:
    """``add()`` is given no longer than the next writing of the last use."""
    _, text = issue()
    given: list[int] = []
    real = caches["default"].add

    def add(name: str, value: Any, seconds: int) -> bool:
        given.append(seconds)
        return bool(real(name, value, seconds))

    caches["default"].add = add  # type: ignore[method-assign, assignment]
    admitted(text)
    cache.clear()
    admitted(text, NOON + 20 * SECOND)
    cache.clear()
    admitted(text, NOON + 59.5 * SECOND)
    APIKey.objects.update(last_used_at=NOON + DAY)
    admitted(text, NOON + MINUTE)
    assert given == [60, 40, 60]


# -- When the cache is of no help ----------------------------------------------------------------


@pytest.mark.parametrize(
    "found", [None, 7, b"bytes", "", "x", "[]", "{}", '{"key": [], "owner": []}', "changed", "null"]
)
def test_what_is_found_and_cannot_be_read_is_nothing(found: object, queries: Any) -> None:
    _, text = issue()
    admitted(text)
    (name,) = caches["default"]._cache  # type: ignore[attr-defined]
    caches["default"]._cache[name] = pickle.dumps(found)  # type: ignore[attr-defined]
    assert queries(1, text)


def test_an_entry_of_another_form_is_nothing(queries: Any) -> None:
    key, text = issue()
    admitted(text)
    (name,) = caches["default"]._cache  # type: ignore[attr-defined]
    stored = json.loads(pickle.loads(caches["default"]._cache[name]))  # type: ignore[attr-defined]
    damaged = [key.owner_id, "neither", "ada", False, True]
    moment = key.expires_at.isoformat()
    for wrong in (
        {**stored, "owner": [1]},
        {**stored, "owner": damaged},
        {"owner": stored["owner"]},
        {**stored, "key": None},
        {**stored, "key": [each if each != moment else None for each in stored["key"]]},
        # From before USE_TZ was switched on.
        {**stored, "key": [each if each != moment else moment[:19] for each in stored["key"]]},
    ):
        caches["default"]._cache[name] = pickle.dumps(json.dumps(wrong))  # type: ignore[attr-defined]
        assert queries(1, text)


def test_a_cache_that_is_down_refuses_nobody_and_admits_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, queries: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("down")

    key, text = issue()
    for name in ("get", "add", "set_many"):
        monkeypatch.setattr(caches["default"], name, fail, raising=False)
    with caplog.at_level(logging.WARNING, "django_hardened.api_keys"):
        assert queries(2, text)
        assert queries(1, text)
        key.revoke()
        assert queries(1, text) is None
    assert [line for line in caplog.messages if "cache" in line] == [
        "The cache of API keys cannot be read."
    ]


def test_a_cache_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("down")

    monkeypatch.setattr(caches["default"], "add", fail, raising=False)
    _, text = issue()
    caplog.clear()
    assert admitted(text)
    assert caplog.messages == ["The cache of API keys cannot be written."]


def test_where_others_do_not_hear_of_it_nothing_is_cached(settings: Any, queries: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    key, text = issue()
    queries(2, text)
    assert queries(1, text)
    assert len(caches["default"]._cache) == 0  # type: ignore[attr-defined]
    key.revoke()
    assert queries(1, text) is None


def test_databases_have_entries_of_their_own() -> None:
    key_cache.add("default", "a", 1, 60)
    assert key_cache.get("default", "a") == 1
    assert key_cache.get("other", "a") is None
    key_cache.forget("default", [])
    assert key_cache.get("default", "a") == 1


@pytest.mark.parametrize("kind", ["redis", "memcached"])
def test_on_real_servers(queries: Any, kind: str) -> None:
    with cache_server(kind) as entry:
        entry["KEY_FUNCTION"] = "django_hardened.cache.make_key"
        with override_settings(CACHES={"default": entry}):
            key, text = issue(scopes="read")
            with host_context("a.example.com"):
                first = queries(2, text)
                assert queries(0, text) == first
            key.revoke()
            with host_context("a.example.com"):
                assert queries(1, text) is None
            caches["default"].close()
