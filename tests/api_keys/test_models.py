"""Making, revoking and rotating keys."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from api_keys_support import DAY, NOON, SECOND, admitted, issue, make_user
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from django_hardened import signals
from django_hardened.api_keys.hashes import hash_key
from django_hardened.api_keys.key_format import parse
from django_hardened.api_keys.models import APIKey, NotActive

pytestmark = pytest.mark.django_db


# -- The app -------------------------------------------------------------------------------------


def test_the_app() -> None:
    config = apps.get_app_config("hardened_api_keys")
    assert (config.name, config.verbose_name) == ("django_hardened.api_keys", "API keys")
    assert list(config.get_models(include_auto_created=True)) == [APIKey]


@pytest.mark.parametrize("field", ["BigAutoField", "AutoField", "SmallAutoField"])
def test_the_migration_is_complete(settings: Any, field: str) -> None:
    settings.DEFAULT_AUTO_FIELD = f"django.db.models.{field}"
    call_command("makemigrations", "hardened_api_keys", check=True, dry_run=True, verbosity=0)


# -- issue() -------------------------------------------------------------------------------------


def test_a_new_key() -> None:
    owner = make_user()
    key, text = APIKey.objects.issue(
        name="ci",
        owner=owner,
        scopes=["write", "read"],
        networks="2001:db8::/32 192.0.2.0/24",
        now=NOON,
    )
    key = APIKey.objects.get(pk=key.pk)
    parsed = parse(text)
    assert parsed is not None
    assert (key.identifier, key.hash) == (parsed.identifier, hash_key(text))
    assert (key.name, key.owner, key.scopes) == ("ci", owner, "read write")
    assert key.networks == "192.0.2.0/24 2001:db8::/32"
    assert (key.created_at, key.expires_at) == (NOON, NOON + 90 * DAY)
    assert key.last_used_at is key.revoked_at is key.replaced_by is None
    assert str(key) == f"ci ({key.identifier})"


def test_now_is_now_unless_said() -> None:
    before = timezone.now()
    key, _ = APIKey.objects.issue(name="ci", owner=make_user())
    assert before <= key.created_at <= timezone.now()
    assert key.is_active()


def test_prefix_and_age_are_those_of_the_settings(settings: Any) -> None:
    settings.HARDENED_API_KEY_PREFIX = "acme_live"
    settings.HARDENED_API_KEY_AGE = 3600
    key, text = issue()
    assert text.startswith("acme_live_")
    assert key.expires_at == NOON + timedelta(hours=1)
    settings.HARDENED_API_KEY_PREFIX = "other"
    assert admitted(text)


def test_nothing_in_the_row_is_the_key() -> None:
    key, text = issue()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {APIKey._meta.db_table}")
        row = " ".join(map(str, cursor.fetchone()))
    secret = text.rpartition("_")[2]
    assert key.identifier in row
    assert all(secret[i : i + 6] not in row for i in range(len(secret) - 5))
    assert secret not in repr(vars(key))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": 'a"'}, "scopes"),
        ({"networks": "192.0.2.7/24"}, "networks"),
        ({"expires_at": NOON}, "expires_at"),
        ({"expires_at": NOON - DAY}, "expires_at"),
    ],
)
def test_what_cannot_be(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        issue(**fields)
    assert list(caught.value.message_dict) == [field]
    assert not APIKey.objects.exists()


def test_there_is_no_key_without_an_end() -> None:
    key, _ = issue()
    key.expires_at = None  # type: ignore[assignment]
    with pytest.raises(IntegrityError):
        key.save()


def test_the_end_has_a_default() -> None:
    now = timezone.now()
    assert now < APIKey().expires_at - 90 * DAY < now + 60 * SECOND


def test_a_user_takes_their_keys_along() -> None:
    key, text = issue()
    key.owner.delete()
    assert admitted(text) is None
    assert not APIKey.objects.exists()


# -- revoke() ------------------------------------------------------------------------------------


def test_revoked_is_revoked() -> None:
    key, text = issue()
    _, other_text = issue(key.owner)
    assert admitted(text)
    assert key.revoke(now=NOON + SECOND) is True
    assert admitted(text, NOON - DAY) is admitted(text) is None
    assert admitted(other_text)
    assert APIKey.objects.get(pk=key.pk).revoked_at == key.revoked_at == NOON + SECOND
    assert not key.is_active(NOON)


def test_only_the_first_time_counts() -> None:
    key, _ = issue()
    stale = APIKey.objects.get(pk=key.pk)
    assert key.revoke(now=NOON) is True
    assert key.revoke(now=NOON + DAY) is False
    assert stale.revoke(now=NOON + DAY) is False
    assert APIKey.objects.get(pk=key.pk).revoked_at == NOON


def test_a_record_from_before_does_not_undo_it() -> None:
    key, text = issue()
    stale, late = APIKey.objects.get(pk=key.pk), APIKey.objects.get(pk=key.pk)
    assert admitted(text, NOON + SECOND)
    key.revoke(now=NOON + SECOND)
    stale.name = "cd"
    stale.save()
    stale.save(using="default")
    late.save(force_update=True)
    row = APIKey.objects.get(pk=key.pk)
    assert (row.revoked_at, row.last_used_at) == (NOON + SECOND, NOON + SECOND)
    assert admitted(text) is None


def test_a_record_of_a_deleted_key_does_not_bring_it_back() -> None:
    key, text = issue()
    stale = APIKey.objects.get(pk=key.pk)
    key.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        stale.save()
    with pytest.raises(NotActive, match="deleted"):
        stale.rotate(now=NOON)
    assert admitted(text) is None
    assert not APIKey.objects.exists()


def test_saving_a_revocation_is_one() -> None:
    key, text = issue()
    key.revoked_at = NOON
    key.save()
    assert APIKey.objects.get(pk=key.pk).revoked_at == NOON
    assert admitted(text) is None


def test_without_a_time_it_is_now() -> None:
    key, _ = issue()
    before = timezone.now()
    key.revoke()
    assert key.revoked_at is not None
    assert before <= key.revoked_at <= timezone.now()


# -- rotate() ------------------------------------------------------------------------------------


def test_both_are_good_while_they_overlap() -> None:
    key, text = issue(scopes="read", networks="192.0.2.0/24")
    later = NOON + 10 * DAY
    new, new_text = key.rotate(overlap=DAY, now=later)
    assert new_text != text
    assert (new.name, new.owner_id, new.scopes, new.networks) == (
        *(key.name, key.owner_id, key.scopes, key.networks),
    )
    assert (new.created_at, new.expires_at) == (later, later + 90 * DAY)
    key = APIKey.objects.get(pk=key.pk)
    assert (key.replaced_by, key.expires_at) == (new, later + DAY)
    last = later + DAY - SECOND
    assert admitted(text, last)
    assert admitted(new_text, last)
    assert admitted(text, later + DAY) is None
    assert admitted(new_text, later + DAY)


@pytest.mark.parametrize(("days", "later", "given"), [(7, 6, 7), (90, 10, 90), (700, 300, 90)])
def test_the_new_key_is_good_for_as_long_as_the_old_one_was(
    days: int, later: int, given: int
) -> None:
    key, _ = issue(expires_at=NOON + days * DAY)
    now = NOON + later * DAY
    new, _ = key.rotate(now=now)
    assert new.expires_at == now + given * DAY


def test_no_overlap_is_none() -> None:
    key, text = issue()
    _, new_text = key.rotate(overlap=timedelta(0), now=NOON)
    assert admitted(text) is None
    assert admitted(new_text)


def test_an_overlap_lengthens_nothing() -> None:
    key, text = issue(expires_at=NOON + DAY)
    key.rotate(overlap=30 * DAY, now=NOON)
    assert key.expires_at == NOON + DAY
    assert admitted(text, NOON + DAY) is None


def test_what_was_narrowed_meanwhile_is_narrow_in_both() -> None:
    key, text = issue(scopes="read write")
    stale = APIKey.objects.get(pk=key.pk)
    key.scopes, key.networks, key.expires_at = "read", "192.0.2.0/24", NOON + 60 * SECOND
    key.save()
    new, _ = stale.rotate(now=NOON)
    assert (new.scopes, new.networks) == ("read", "192.0.2.0/24")
    assert APIKey.objects.get(pk=key.pk).expires_at == NOON + 60 * SECOND
    assert admitted(text, NOON + 60 * SECOND) is None


def test_an_overlap_is_a_day_unless_said() -> None:
    key, _ = APIKey.objects.issue(name="ci", owner=make_user())
    key.rotate()
    left = key.expires_at - timezone.now()
    assert DAY - 60 * SECOND < left <= DAY


def test_an_overlap_cannot_be_negative() -> None:
    key, _ = issue()
    with pytest.raises(ValueError, match="negative"):
        key.rotate(overlap=-DAY, now=NOON)


@pytest.mark.parametrize("state", ["revoked", "expired", "replaced"])
def test_what_is_not_active_is_not_rotated(state: str) -> None:
    key, _ = issue()
    stale, now = APIKey.objects.get(pk=key.pk), NOON
    if state == "revoked":
        key.revoke(now=NOON)
    elif state == "replaced":
        key.rotate(now=NOON)
    else:
        now = key.expires_at
    count = APIKey.objects.count()
    for each in (key, stale):
        with pytest.raises(NotActive, match=key.identifier):
            each.rotate(now=now)
    assert APIKey.objects.count() == count


def test_a_key_outlives_the_one_that_replaces_it() -> None:
    key, text = issue()
    new, _ = key.rotate(now=NOON)
    new.delete()
    assert APIKey.objects.get(pk=key.pk).replaced_by is None
    assert admitted(text)


# -- Who is told ---------------------------------------------------------------------------------


def test_all_of_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []

    def hear(name: str) -> Any:
        def receiver(signal: Any, sender: Any, **kwargs: Any) -> None:
            heard.append((name, kwargs))

        return receiver

    names = ("created", "rotated", "revoked")
    receivers = {name: hear(name) for name in names}
    for name, receiver in receivers.items():
        getattr(signals, f"api_key_{name}").connect(receiver)
    try:
        with caplog.at_level(logging.INFO, "django_hardened.api_keys"):
            key, text = issue()
            new, new_text = key.rotate(now=NOON)
            new.revoke()
            new.revoke()
            with pytest.raises(NotActive):
                new.rotate(now=NOON)
    finally:
        for name, receiver in receivers.items():
            getattr(signals, f"api_key_{name}").disconnect(receiver)
    assert heard == [
        ("created", {"key": key}),
        ("rotated", {"key": key, "new": new}),
        ("revoked", {"key": new}),
    ]
    assert caplog.messages == [
        f"API key {key.identifier} was created for user {key.owner_id}.",
        f"API key {key.identifier} was replaced by {new.identifier}.",
        f"API key {new.identifier} was revoked.",
    ]
    assert text not in caplog.text
    assert new_text not in caplog.text


def test_a_receiver_that_fails_changes_nothing() -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    for signal in (signals.api_key_created, signals.api_key_revoked):
        signal.connect(fail)
    try:
        key, _ = issue()
        assert key.revoke()
    finally:
        for signal in (signals.api_key_created, signals.api_key_revoked):
            assert signal.disconnect(fail)


def test_users_have_their_keys() -> None:
    key, _ = issue()
    assert list(User.objects.get().hardened_api_keys.all()) == [key]  # type: ignore[attr-defined]
