"""Keys in the admin: shown once, to who may have them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from api_keys_support import issue, make_user
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core import checks
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_hardened.api_keys.key_format import PATTERN
from django_hardened.api_keys.models import APIKey
from django_hardened.api_keys.verification import verify

pytestmark = pytest.mark.django_db

ADD, LIST = "/admin/hardened_api_keys/apikey/add/", "/admin/hardened_api_keys/apikey/"


@pytest.fixture(autouse=True)
def _site(settings: Any, db: None) -> None:
    settings.ROOT_URLCONF = "api_keys_admin_site"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.admin"]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "APP_DIRS": True}]
    statement, _ = connection.schema_editor().table_sql(log().model)
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def client(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def staff(*codenames: str, name: str = "staff") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def form(user: User, **fields: str) -> dict[str, str]:
    later = timezone.now() + timedelta(days=7)
    return {
        "name": "ci",
        "owner": str(user.pk),
        "scopes": "write read",
        "networks": "127.0.0.0/8",
        "expires_at_0": f"{later:%Y-%m-%d}",
        "expires_at_1": "12:00:00",
        **fields,
    }


def shown(response: Any) -> str:
    """The one key that a page has in it."""
    (found,) = set(re.findall("dhk" + PATTERN, unescape(response.content.decode())))
    return str(found)


def log() -> Any:
    from django.contrib.admin.models import LogEntry  # where the admin is installed only

    return LogEntry.objects


def act(client: Client, action: str, *keys: APIKey, **kwargs: Any) -> Any:
    data = {"action": action, "_selected_action": [key.pk for key in keys]}
    return client.post(LIST, data, **kwargs)


# -- Adding --------------------------------------------------------------------------------------


def test_the_form_has_what_a_person_knows(client: Client, root: User) -> None:
    response = client.get(ADD)
    assert response.status_code == 200
    fields = response.context["adminform"].form.fields
    assert list(fields) == ["name", "owner", "scopes", "networks", "expires_at"]
    initial = response.context["adminform"].form.initial
    assert initial["owner"] == root.pk


def test_a_key_is_shown_once(client: Client, rf: Any) -> None:
    owner = make_user()
    response = client.post(ADD, form(owner))
    text = shown(response)
    key = APIKey.objects.get()
    assert (key.owner, key.scopes, key.networks) == (owner, "read write", "127.0.0.0/8")
    found = verify(rf.get("/"), text)
    assert found is not None
    assert found[0] == owner
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    # Nowhere else: not in a message, a session, a log, nor on any other page.
    stored = " ".join(session.session_data for session in Session.objects.all())
    assert text not in stored + str(response.cookies)
    assert "messages" not in response.cookies
    assert text not in str(log().values())
    for page in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/", "/admin/"):
        content = client.get(page).content.decode()
        assert text not in content
        assert text[21:] not in content


@pytest.mark.parametrize("button", ["_save", "_continue", "_addanother", "_popup"])
def test_whatever_button_is_pressed(client: Client, root: User, button: str) -> None:
    assert shown(client.post(ADD, form(root, **{button: "1"})))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("owner", "999"),
        ("scopes", 'a"'),
        ("networks", "192.0.2.7/24"),
        ("expires_at_0", ""),
    ],
)
def test_what_cannot_be(client: Client, root: User, field: str, value: str) -> None:
    response = client.post(ADD, form(root, **{field: value}))
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field.removesuffix("_0")]
    assert not APIKey.objects.exists()


def test_who_may_add_keys_has_them_for_themselves(root: User) -> None:
    """Or the permission to add a key would be that to be a superuser."""
    client = staff("add_apikey")
    response = client.post(ADD, form(root))
    assert list(response.context["adminform"].form.errors) == ["owner"]
    assert not APIKey.objects.exists()
    assert shown(client.post(ADD, form(User.objects.get(username="staff"))))


def test_others_may_not_add_keys(root: User) -> None:
    client = staff("view_apikey", "change_apikey", "delete_apikey")
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, form(root)).status_code == 403


# -- Changing ------------------------------------------------------------------------------------


def test_what_is_shown_of_a_key(client: Client) -> None:
    key, text = issue(now=timezone.now())
    page = client.get(f"{LIST}{key.pk}/change/")
    content = page.content.decode()
    assert key.identifier in content
    assert f"HMAC-SHA-256, {key.hash[:6]}…" in content
    assert key.hash not in content
    assert text not in content
    assert list(page.context["adminform"].form.fields) == [
        *("name", "scopes", "networks", "expires_at")
    ]


def test_neither_owner_nor_hash_can_be_changed(client: Client, root: User) -> None:
    key, _ = issue(now=timezone.now())
    before = APIKey.objects.values().get()
    data = form(root, name="cd", hash="0" * 64, identifier="0" * 16, revoked_at="", owner="999")
    assert client.post(f"{LIST}{key.pk}/change/", data).status_code == 302
    after = APIKey.objects.values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"name", "scopes", "networks", "expires_at"}


def test_a_form_writes_what_was_changed_in_it_alone(root: User, rf: Any) -> None:
    key, _ = issue(now=timezone.now())
    stale = APIKey.objects.get(pk=key.pk)
    key.rotate()
    key.revoke()
    ends = key.expires_at
    stale.name = "cd"
    changed = type("Form", (), {"changed_data": ["name"]})
    admin.site.get_model_admin(APIKey).save_model(rf.get("/"), stale, changed, change=True)
    row = APIKey.objects.get(pk=key.pk)
    assert (row.name, row.expires_at) == ("cd", ends)
    assert row.revoked_at
    assert row.replaced_by


def test_the_list(client: Client, django_assert_max_num_queries: Any) -> None:
    key, _ = issue(now=timezone.now())
    for number in range(20):
        issue(make_user(f"user{number}"), now=timezone.now())
    with django_assert_max_num_queries(8):
        response = client.get(LIST)
    assert key.identifier in response.content.decode()
    assert client.get(LIST, {"q": key.identifier}).context["cl"].result_list.count() == 1
    assert client.get(LIST, {"revoked_at__isempty": "1"}).status_code == 200


@pytest.mark.parametrize("lookup", ["hash", "hash__startswith", "hash__regex"])
def test_a_hash_cannot_be_guessed_at(client: Client, lookup: str) -> None:
    key, _ = issue(now=timezone.now())
    assert client.get(LIST, {lookup: key.hash}).status_code == 400
    assert client.get(LIST, {"name__startswith": key.name}).status_code == 200


def test_who_is_no_superuser_changes_their_own_keys() -> None:
    client = staff("view_apikey", "change_apikey")
    own, _ = issue(User.objects.get(username="staff"), now=timezone.now())
    foreign, _ = issue(now=timezone.now())
    for key in (own, foreign):
        sent = {"name": "new", "scopes": "all", "networks": "", "expires_at_0": "2090-01-01"}
        client.post(f"{LIST}{key.pk}/change/", {**sent, "expires_at_1": "00:00:00"})
    assert APIKey.objects.get(pk=own.pk).scopes == "all"
    unchanged = APIKey.objects.get(pk=foreign.pk)
    assert (unchanged.name, unchanged.scopes) == (foreign.name, foreign.scopes)
    assert unchanged.expires_at == foreign.expires_at


# -- Actions -------------------------------------------------------------------------------------


def test_revoke(client: Client) -> None:
    key, _ = issue(now=timezone.now())
    other, _ = issue(key.owner, now=timezone.now())
    response = act(client, "revoke", key, follow=True)
    assert "Revoked: 1." in response.content.decode()
    assert APIKey.objects.get(pk=key.pk).revoked_at
    assert not APIKey.objects.get(pk=other.pk).revoked_at
    assert "Revoked: 1." in act(client, "revoke", key, other, follow=True).content.decode()
    assert [entry.change_message for entry in log().all()] == ["Revoked."] * 2


def test_rotate(client: Client, rf: Any) -> None:
    key, text = issue(now=timezone.now())
    response = act(client, "rotate", key)
    new = shown(response)
    assert "no-store" in response["Cache-Control"]
    assert new != text
    assert verify(rf.get("/"), new)
    assert verify(rf.get("/"), text)
    key.refresh_from_db()
    assert key.replaced_by is not None
    assert f"Replaced by {key.replaced_by.identifier}." == log().get().change_message


def test_what_cannot_be_rotated(client: Client) -> None:
    key, _ = issue(now=timezone.now())
    key.revoke()
    response = act(client, "rotate", key, follow=True)
    assert "is revoked, expired or replaced." in response.content.decode()
    assert APIKey.objects.count() == 1


def test_who_is_no_superuser_rotates_their_own_keys() -> None:
    client = staff("add_apikey", "view_apikey", "change_apikey")
    own, _ = issue(User.objects.get(username="staff"), now=timezone.now())
    foreign, _ = issue(now=timezone.now())
    response = act(client, "rotate", foreign, follow=True)
    assert "belongs to somebody else" in unescape(response.content.decode())
    assert APIKey.objects.count() == 2
    assert shown(act(client, "rotate", own, foreign))
    assert APIKey.objects.count() == 3


@pytest.mark.parametrize(
    ("codenames", "actions"),
    [
        (["view_apikey"], set()),
        (["view_apikey", "change_apikey"], {"revoke"}),
        (["view_apikey", "add_apikey"], {"rotate"}),
    ],
)
def test_actions_take_a_permission(codenames: list[str], actions: set[str]) -> None:
    client = staff(*codenames)
    key, _ = issue(now=timezone.now())
    page = client.get(LIST)
    offered = page.context["action_form"]
    names = {name for name, _ in offered.fields["action"].choices} if offered else set()
    assert names & {"revoke", "rotate"} == actions
    for action in {"revoke", "rotate"} - actions:
        act(client, action, key)
    assert APIKey.objects.filter(revoked_at=None).count() == 1


def test_nothing_to_check() -> None:
    found = [message for message in checks.run_checks() if message.obj is type(admin.site)]
    assert found == []
    assert checks.run_checks(tags=["admin", "models"]) == []
