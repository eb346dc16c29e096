"""The one table: what is known of a key, which is everything but the key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.utils import timezone

from django_hardened.api_keys import announcements, configured, key_cache
from django_hardened.api_keys.hashes import hash_key
from django_hardened.api_keys.key_format import IDENTIFIER_LENGTH, generate
from django_hardened.api_keys.words import check_networks, check_scopes, joined

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

# How long both keys are good for after a rotation: a day has every deployment in it.
DEFAULT_OVERLAP = timedelta(days=1)


class NotActive(Exception):
    """A key that is revoked, expired or replaced cannot be rotated."""


def default_expiry() -> datetime:
    """Return when a key expires that is created now and says nothing else."""
    return timezone.now() + configured.age()


class APIKeyManager(models.Manager["APIKey"]):
    """``APIKey.objects``."""

    def issue(
        self,
        *,
        name: str,
        owner: AbstractBaseUser,
        scopes: str | Iterable[str] = (),
        networks: str | Iterable[str] = (),
        expires_at: datetime | None = None,
        now: datetime | None = None,
    ) -> tuple[APIKey, str]:
        """Create a key; return its record, and the key itself, which nobody can ask for again.

        Args:
            name: what it is for, for people.
            owner: the user that requests with the key are made by.
            scopes: what it may do, as words; see ``HasScope``.
            networks: where it may be used, such as ``"192.0.2.0/24"``; none is anywhere.
            expires_at: without it ``HARDENED_API_KEY_AGE`` from now.
            now: the time, for tests.

        Raises:
            ValidationError: one of these cannot be.
        """
        now = now or timezone.now()
        if expires_at is not None and expires_at <= now:
            raise ValidationError({"expires_at": "A key cannot expire before it is created."})
        key, text = self.make(
            using=self._db,
            name=name,
            owner=owner,
            scopes=joined(scopes),
            networks=joined(networks),
            created_at=now,
            expires_at=expires_at or now + configured.age(),
        )
        announcements.created(key)
        return key, text

    def make(self, *, using: str | None, **values: Any) -> tuple[APIKey, str]:
        """Create a key with these values of its fields, and tell nobody."""
        key = self.model(**values)
        text = key.make_secret()
        key.full_clean()
        key.save(force_insert=True, using=using)
        return key, text


class APIKey(models.Model):
    """One key of one user. Bulk updates past this model are heard of when the cache expires."""

    identifier = models.CharField(max_length=IDENTIFIER_LENGTH, unique=True, editable=False)
    hash = models.CharField(max_length=64, editable=False)
    name = models.CharField(max_length=100, help_text="What the key is for.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="hardened_api_keys",
        help_text="Requests with the key are made by this user.",
    )
    scopes = models.TextField(
        blank=True, validators=[check_scopes], help_text="What it may do: words, blanks between."
    )
    networks = models.TextField(
        blank=True,
        validators=[check_networks],
        help_text="Where it may be used, such as 192.0.2.0/24. Empty: anywhere.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=default_expiry)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To the minute.")
    revoked_at = models.DateTimeField(null=True, editable=False)
    replaced_by = models.OneToOneField(
        "self",
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="replaces",
    )

    objects: ClassVar[APIKeyManager] = APIKeyManager()

    class Meta:
        """The newest first."""

        verbose_name = "API key"
        ordering: ClassVar = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.identifier})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, except what others may have written since the row was read.

        Else who saves a record from before a revocation would undo it.
        """
        is_here = kwargs.get("using") in (None, self._state.db)
        if not self._state.adding and self.revoked_at is None and is_here:
            fields = {field.name for field in self._meta.concrete_fields}
            kwargs.setdefault("update_fields", fields - {"id", "revoked_at", "last_used_at"})
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.scopes = joined(self.scopes)
        self.networks = joined(self.networks)

    def make_secret(self) -> str:
        """Give the record a new key, which is returned and not kept. Saves nothing."""
        key = generate(configured.prefix())
        self.identifier, self.hash = key.identifier, hash_key(key.text)
        return key.text

    def is_active(self, now: datetime | None = None) -> bool:
        """Whether the key is neither revoked nor expired. Its owner is not asked."""
        return self.revoked_at is None and self.expires_at > (now or timezone.now())

    def revoke(self, *, now: datetime | None = None) -> bool:
        """Refuse the key from now on; whether it was not revoked before. Nothing undoes it."""
        done = self._change(type(self).objects, revoked_at=now or timezone.now())
        if done:
            announcements.revoked(self)
        return done

    def rotate(
        self, *, overlap: timedelta = DEFAULT_OVERLAP, now: datetime | None = None
    ) -> tuple[APIKey, str]:
        """Create a key that takes the place of this one, which is good for ``overlap`` more.

        Never for longer than it was to be. The new one is good for as long as this one was when it
        was created, and ``HARDENED_API_KEY_AGE`` at most.

        Returns:
            The new record and the new key, as ``issue()`` does.

        Raises:
            NotActive: it is revoked, expired or replaced already, perhaps a moment ago.
            ValueError: ``overlap`` is negative.
        """
        now = now or timezone.now()
        if overlap < timedelta(0):
            raise ValueError("an overlap cannot be negative")
        keys = type(self).objects
        active = keys.filter(replaced_by=None, expires_at__gt=now)
        database = self._state.db
        with transaction.atomic(using=database):
            # Scopes and an end that were narrowed since the row was read hold for both keys.
            try:
                self.refresh_from_db(using=database, from_queryset=keys.select_for_update())
            except type(self).DoesNotExist:
                raise NotActive(f"{self.identifier} is deleted.") from None
            new, text = keys.make(
                using=database,
                name=self.name,
                owner_id=self.owner_id,
                scopes=self.scopes,
                networks=self.networks,
                created_at=now,
                expires_at=now + min(self.expires_at - self.created_at, configured.age()),
            )
            ends = min(self.expires_at, now + overlap)
            if not self._change(active, replaced_by=new, expires_at=ends):
                raise NotActive(f"{self.identifier} is revoked, expired or replaced.")
        announcements.rotated(self, new)
        return new, text

    def _change(self, which: Any, **changes: Any) -> bool:
        """Change the row if it is one of ``which`` and not revoked, in one query; whether it was.

        Two that do it at the same time do not both succeed.
        """
        database = self._state.db
        rows = which.using(database).filter(pk=self.pk, revoked_at=None)
        if not rows.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        key_cache.forget(database or DEFAULT_DB_ALIAS, [self.identifier])
        return True
