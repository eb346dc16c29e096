"""What is wrong with endpoints, by what the audit says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import override_settings

from django_hardened.audit.endpoints import Access, Endpoint, Kind, Probed
from django_hardened.checks.login_protection import are_logins_limited
from django_hardened.declarations import Declarations, parse_declaration
from django_hardened.exposure import Finding, findings, is_login, is_public_by_nature, undeclared

BASE = Endpoint("/a/", None, "GET", "shop.views.a", Access.ANONYMOUS, Kind.DRF)
NOTHING = Declarations()
PROTECTED = "django_hardened.backends.LoginProtectionBackend"


def declared(pattern: str, method: Any = "GET") -> Declarations:
    entry = parse_declaration({"pattern": pattern, "method": method, "reason": "News."}, place="x")
    return Declarations((entry,))


def kinds(*endpoints: Endpoint, by: Declarations = NOTHING) -> list[str]:
    found = findings(endpoints, by, are_logins_limited=are_logins_limited())
    return [each.kind for each in found]


def test_what_is_open_or_unknown_has_to_be_declared() -> None:
    assert kinds(BASE) == ["open"]
    assert kinds(replace(BASE, method="POST")) == ["open-write"]
    assert kinds(replace(BASE, access=Access.UNKNOWN, method="POST")) == ["unknown"]
    for access in (Access.AUTHENTICATED, Access.STAFF, Access.PERMISSION):
        assert kinds(replace(BASE, access=access)) == []


def test_what_is_declared_or_marked_may_be_open() -> None:
    assert kinds(BASE, by=declared("/a/")) == []
    assert kinds(replace(BASE, public_reason="News.")) == []
    assert kinds(replace(BASE, method="DELETE", public_reason="News.")) == []
    assert kinds(BASE, replace(BASE, method="POST"), by=declared("/a/", "*")) == ["open-write"]
    assert kinds(replace(BASE, method="POST"), by=declared("/a/", "POST")) == []


@pytest.mark.parametrize(
    ("view", "is_public"),
    [
        ("django.contrib.auth.views.LoginView", True),
        ("django.contrib.admin.sites.AdminSite.login", True),
        ("django.contrib.admin.sites.AdminSite.login_extra", False),
        ("django.views.i18n.set_language", True),
        ("django.views.static.serve", True),
        ("django.contrib.staticfiles.views.serve", True),
        ("django.contrib.sitemaps.views.sitemap", True),
        ("django.views.generic.base.TemplateView", False),
        ("shop.django.views.static.serve", False),
    ],
)
def test_django_has_views_that_strangers_need(view: str, is_public: bool) -> None:
    endpoint = replace(BASE, view=view)
    assert is_public_by_nature(endpoint) is is_public
    assert bool(undeclared([endpoint], NOTHING)) is not is_public


def test_a_declaration_has_to_be_about_something_open() -> None:
    assert kinds(by=declared("/gone/")) == ["stale"]
    closed = replace(BASE, access=Access.STAFF)
    found = findings([closed], declared("/a/"), are_logins_limited=True)
    assert [each.message for each in found] == ["GET /a/ is declared public, and it is closed."]
    assert found[0].hint == "Remove it: x."
    assert kinds(closed, replace(BASE, path="/a/b/"), by=declared("/a/*")) == []


def test_problems_of_declarations_are_findings() -> None:
    assert kinds(by=Declarations(problems=("entry 1: no",))) == ["declaration"]


@pytest.mark.parametrize(
    ("path", "view", "is_asked"),
    [
        ("/accounts/login/", "shop.views.a", True),
        ("/sign-in/", "shop.views.a", True),
        ("/api/token/", "shop.views.a", True),
        ("/api/auth-token/", "shop.views.a", True),
        ("/x/", "rest_framework.authtoken.views.ObtainAuthToken", True),
        ("/password-reset/", "shop.views.a", True),
        ("/blogging/", "shop.views.a", False),
        ("/tokens/mine/", "shop.views.a", False),
        ("/x/", "shop.views.UserSignInView", True),
        ("/x/", "shop.views.LoginView", True),
        ("/designing/", "shop.views.a", False),
        ("/catalog-index/", "shop.views.a", False),
        ("/design-in-use/", "shop.views.a", False),
    ],
)
@pytest.mark.parametrize("backend", ["django.contrib.auth.backends.ModelBackend", PROTECTED])
def test_a_login_needs_a_limit(path: str, view: str, is_asked: bool, backend: str) -> None:
    endpoint = replace(BASE, path=path, view=view, method="POST", public_reason="A login.")
    assert is_login(endpoint) is is_asked
    with override_settings(AUTHENTICATION_BACKENDS=[backend], MIDDLEWARE=[]):
        expected = ["unlimited-login"] if is_asked and backend != PROTECTED else []
        assert kinds(endpoint) == expected
        assert kinds(replace(endpoint, throttles=("Anon: 5/m",))) == []
        assert kinds(replace(endpoint, method="GET")) == []
        assert kinds(replace(endpoint, access=Access.STAFF)) == []
        with override_settings(HARDENED_EDGE={"rate_limit"}):
            assert kinds(endpoint) == []


def test_a_call_settles_what_is_unknown_and_the_wider_answer_counts() -> None:
    def called(inferred: Access, access: Access, *, agrees: bool = True) -> Endpoint:
        return replace(BASE, access=inferred, probed=Probed(access, {"anonymous": 200}, agrees))

    assert kinds(called(Access.UNKNOWN, Access.STAFF)) == []
    assert kinds(called(Access.UNKNOWN, Access.ANONYMOUS)) == ["open"]
    assert kinds(called(Access.UNKNOWN, Access.UNKNOWN)) == ["unknown"]
    found = findings(
        [called(Access.STAFF, Access.ANONYMOUS, agrees=False)], NOTHING, are_logins_limited=True
    )
    assert [each.kind for each in found] == ["open", "differs"]
    assert found[1].message == (
        "GET /a/ (shop.views.a) looks staff and answered as anonymous: anonymous 200."
    )


def test_the_most_serious_comes_first() -> None:
    login = replace(BASE, path="/login/", method="POST", public_reason="A login.")
    unknown = replace(BASE, path="/u/", access=Access.UNKNOWN, note="why")
    with override_settings(
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"], MIDDLEWARE=[]
    ):
        found = kinds(
            login, unknown, BASE, replace(BASE, method="PUT"), by=Declarations(problems=("p",))
        )
    assert found == ["open-write", "open", "unknown", "unlimited-login", "declaration"]


def test_a_finding_says_what_is_not_known() -> None:
    unknown = replace(BASE, access=Access.UNKNOWN, note="it asks a database")
    found: list[Finding] = findings([unknown], NOTHING, are_logins_limited=True)
    assert found[0].message == (
        "Who may call GET /a/ (shop.views.a) cannot be known: it asks a database."
    )
