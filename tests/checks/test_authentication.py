from __future__ import annotations

from typing import Any

import pytest
from checks_support import codes_of
from django.apps import apps
from django.contrib.auth.backends import AllowAllUsersModelBackend, ModelBackend, RemoteUserBackend
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware, RemoteUserMiddleware
from django.utils.functional import lazystr

from django_hardened.backends import LoginProtectionBackend
from django_hardened.checks import authentication, login_protection
from django_hardened.checks.logins import has_password_login, password_backends

DAY = 24 * 60 * 60
BACKENDS = "django.contrib.auth.backends"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


class Everybody(ModelBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return True


class EverybodyRemote(RemoteUserBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return True


class Looks(ModelBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        return user is not None and super().user_can_authenticate(user)


class Lenient(AllowAllUsersModelBackend):
    pass


class SingleSignOn(ModelBackend):
    def authenticate(self, request: Any, token: str = "") -> None:  # type: ignore[override]
        return None


class HeaderUser(RemoteUserMiddleware):
    header = "HTTP_X_AUTH_USER"


class PersistentHeaderUser(PersistentRemoteUserMiddleware):
    header = "HTTP_REMOTE_USER"


class OddUser(RemoteUserMiddleware):
    header = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _defaults(settings: Any) -> None:
    del settings.RATELIMIT_ENABLE
    settings.AUTHENTICATION_BACKENDS = [f"{BACKENDS}.ModelBackend"]
    settings.MIDDLEWARE = [AUTHENTICATION]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Any:
    def _pretend(name: str, *, installed: bool = True) -> None:
        real = apps.is_installed
        monkeypatch.setattr(apps, "is_installed", lambda n: installed if n == name else real(n))

    return _pretend


# -- Backends ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "parent"),
    [
        (f"{BACKENDS}.AllowAllUsersModelBackend", "ModelBackend"),
        (f"{BACKENDS}.AllowAllUsersRemoteUserBackend", "RemoteUserBackend"),
        (f"{__name__}.Lenient", "ModelBackend"),
        (lazystr(f"{BACKENDS}.AllowAllUsersModelBackend"), "ModelBackend"),
    ],
)
def test_deactivated_users(settings: Any, pretend: Any, backend: Any, parent: str) -> None:
    settings.AUTHENTICATION_BACKENDS = (backend, f"{BACKENDS}.ModelBackend")
    assert codes_of(authentication) == ["E301"]
    [message] = authentication.check_backends()
    assert f'.{parent}" in its place' in str(message.hint)
    pretend("django.contrib.auth", installed=False)
    assert codes_of(authentication) == []


@pytest.mark.parametrize(
    ("backend", "parent"),
    [("Everybody", "ModelBackend"), ("EverybodyRemote", "RemoteUserBackend")],
)
def test_a_backend_that_lets_everybody_in(settings: Any, backend: str, parent: str) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.{backend}"]
    [message] = authentication.check_backends()
    assert message.id == "django_hardened.E301"
    assert f'{parent}" in its place' in str(message.hint)
    assert "or remove user_can_authenticate from it" in str(message.hint)
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Looks"]
    assert authentication.check_backends() == []


@pytest.mark.parametrize("backends", [[], None, ["not.installed.Backend"], [None], [7], {"a.b"}])
def test_other_backends(settings: Any, backends: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = backends
    assert codes_of(authentication) == []
    assert codes_of(login_protection) == []


# -- REMOTE_USER ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("middleware", "header"),
    [("HeaderUser", "X-Auth-User"), ("PersistentHeaderUser", "Remote-User")],
)
def test_a_header_says_who_the_user_is(settings: Any, middleware: str, header: str) -> None:
    settings.MIDDLEWARE = [AUTHENTICATION, f"{__name__}.{middleware}"]
    [message] = authentication.check_remote_user()
    assert message.id == "django_hardened.E302"
    assert f" {header} " in message.msg
    settings.HARDENED_TRUSTED_PROXIES = ["10.0.0.1"]
    assert codes_of(authentication) == ["W303"]


@pytest.mark.parametrize(
    "middleware",
    ["django.contrib.auth.middleware.RemoteUserMiddleware", f"{__name__}.OddUser"],
)
def test_a_web_server_says_who_the_user_is(settings: Any, middleware: str) -> None:
    settings.MIDDLEWARE = [AUTHENTICATION, middleware]
    assert codes_of(authentication) == []
    settings.ASGI_APPLICATION = "myproject.asgi.application"
    assert codes_of(authentication) == (["W304"] if "django" in middleware[:6] else [])


# -- Password reset ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "codes"),
    [
        (3600, []),
        (3 * DAY, []),
        (3 * DAY + 1, ["W305"]),
        (30 * DAY, ["W305"]),
        (30 * DAY + 1, ["E306"]),
        (365.0 * DAY, ["E306"]),
        (None, []),
        ("604800", []),
        ([], []),
    ],
)
def test_password_reset(settings: Any, pretend: Any, seconds: Any, codes: list[str]) -> None:
    settings.PASSWORD_RESET_TIMEOUT = seconds
    assert codes_of(authentication) == codes
    pretend("django.contrib.auth", installed=False)
    assert codes_of(authentication) == []


# -- Who logs in with a password -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "takes_password"),
    [
        (f"{BACKENDS}.ModelBackend", True),
        (f"{BACKENDS}.AllowAllUsersModelBackend", True),
        (f"{__name__}.Lenient", True),
        ("allauth.account.auth_backends.AuthenticationBackend", True),  # not installed here
        (f"{BACKENDS}.RemoteUserBackend", False),
        (f"{__name__}.SingleSignOn", False),
        ("mozilla_django_oidc.auth.OIDCAuthenticationBackend", False),
    ],
)
def test_password_backends(settings: Any, backend: str, takes_password: bool) -> None:
    settings.AUTHENTICATION_BACKENDS = [backend]
    assert bool(password_backends()) is takes_password
    assert codes_of(login_protection) == (["I310"] if takes_password else [])


def test_no_page_to_log_in(settings: Any, pretend: Any) -> None:
    settings.MIDDLEWARE = []
    assert not has_password_login()
    assert codes_of(login_protection) == []
    pretend("django.contrib.admin")
    assert has_password_login()


# -- Login protection ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "entry"),
    [
        ("AUTHENTICATION_BACKENDS", "axes.backends.AxesStandaloneBackend"),
        ("AUTHENTICATION_BACKENDS", "myproject.auth.RateLimitedBackend"),
        ("MIDDLEWARE", "defender.middleware.FailedLoginMiddleware"),
        ("MIDDLEWARE", "django_ratelimit.middleware.RatelimitMiddleware"),
        ("MIDDLEWARE", "myproject.middleware.LoginRateLimitMiddleware"),
        ("MIDDLEWARE", "myproject.throttling.Logins"),
    ],
)
def test_protected(settings: Any, setting: str, entry: str) -> None:
    assert codes_of(login_protection) == ["I310"]
    setattr(settings, setting, [*getattr(settings, setting), entry])
    assert codes_of(login_protection) == []


OURS = "django_hardened.backends.LoginProtectionBackend"
LIMITS = "django_hardened.middleware.RateLimitMiddleware"
MODEL = f"{BACKENDS}.ModelBackend"


class OurProtection(LoginProtectionBackend):
    """A project's own, with something added."""


@pytest.mark.parametrize(
    ("backends", "middleware", "found"),
    [
        ([OURS, MODEL], [LIMITS, AUTHENTICATION], []),
        ([f"{__name__}.OurProtection", MODEL], [LIMITS, AUTHENTICATION], []),
        ([MODEL, OURS], [LIMITS, AUTHENTICATION], ["W314"]),
        ([OURS, MODEL], [AUTHENTICATION], ["W315"]),
        ([MODEL, OURS], [AUTHENTICATION], ["W314", "W315"]),
        # The middleware alone counts what is in a header, and no password.
        ([MODEL], [LIMITS, AUTHENTICATION], ["I310"]),
    ],
)
def test_ours(settings: Any, backends: list[str], middleware: list[str], found: list[str]) -> None:
    settings.AUTHENTICATION_BACKENDS = backends
    settings.MIDDLEWARE = middleware
    assert codes_of(login_protection) == found


@pytest.mark.parametrize(
    ("setting", "rates", "told"),
    [
        ("HARDENED_ADDRESS_RATES", {"address": "many"}, "'many' is no rate"),
        ("HARDENED_ADDRESS_RATES", {"a": "5/m", "b": (1, 2, 3)}, "is no rate"),
        ("HARDENED_LOGIN_RATES", {"account": "5/fortnight"}, "is no rate"),
        ("HARDENED_LOGIN_RATES", {"user": "5/m"}, "has 'user'"),
    ],
)
def test_own_rates(settings: Any, setting: str, rates: Any, told: str) -> None:
    settings.AUTHENTICATION_BACKENDS = [OURS, MODEL]
    settings.MIDDLEWARE = [LIMITS, AUTHENTICATION]
    setattr(settings, setting, rates)
    assert codes_of(login_protection) == ["E316"]
    [message] = login_protection.check_own_rates()
    assert message.msg.startswith(setting)
    assert told in message.msg
    assert str(message.hint).startswith(f"{setting} = {{")


@pytest.mark.parametrize("rates", [{}, {"address": "5/m"}, {"address": (5, 60)}])
@pytest.mark.parametrize("setting", ["HARDENED_ADDRESS_RATES", "HARDENED_LOGIN_RATES"])
def test_own_rates_that_can_be_read(settings: Any, setting: str, rates: Any) -> None:
    setattr(settings, setting, rates)
    assert login_protection.check_own_rates() == []


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (["proxy", "pin", "limits", "security", "session"], []),
        (["limits"], []),
        (["limits", "proxy", "pin"], ["before TrustedProxy", "before HostPinning"]),
        (["proxy", "limits", "pin"], ["before HostPinning"]),
        (["proxy", "pin", "security", "limits"], ["behind Security"]),
        (["proxy", "pin", "session", "limits", "security"], ["behind Session"]),
        (["proxy", "pin", "security"], []),
    ],
)
def test_where_it_stands(settings: Any, order: list[str], found: list[str]) -> None:
    known = {
        "proxy": "django_hardened.middleware.TrustedProxyMiddleware",
        "pin": "django_hardened.middleware.HostPinningMiddleware",
        "limits": LIMITS,
        "security": "django.middleware.security.SecurityMiddleware",
        "session": "django.contrib.sessions.middleware.SessionMiddleware",
    }
    settings.AUTHENTICATION_BACKENDS = [OURS, MODEL]
    settings.MIDDLEWARE = [known[name] for name in order]
    messages = login_protection.check_limits_order()
    assert {message.id for message in messages} <= {"django_hardened.W317"}
    assert len(messages) == len(found)
    for message, part in zip(messages, found, strict=True):
        assert f" stands {part}" in message.msg


def test_protected_at_the_edge(settings: Any) -> None:
    settings.HARDENED_EDGE = {"rate_limit"}
    assert codes_of(login_protection) == []


def test_protected_by_allauth(settings: Any, pretend: Any) -> None:
    pretend("allauth.account")
    assert codes_of(login_protection) == []
    settings.ACCOUNT_RATE_LIMITS = {"login": "5/m"}
    assert codes_of(login_protection) == []
    settings.ACCOUNT_RATE_LIMITS = False
    assert codes_of(login_protection) == ["I310"]


@pytest.fixture
def _axes(settings: Any, pretend: Any) -> None:
    pretend("axes")
    settings.AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend"]


@pytest.fixture
def _limited(settings: Any) -> None:
    settings.HARDENED_EDGE = {"rate_limit"}


@pytest.mark.usefixtures("_axes")
@pytest.mark.parametrize(
    ("setting", "value", "codes"),
    [
        ("AXES_ENABLED", False, ["E311"]),
        ("AXES_ENABLED", True, []),
        ("AXES_HANDLER", "axes.handlers.dummy.AxesDummyHandler", ["E311"]),
        ("AXES_HANDLER", "axes.handlers.cache.AxesCacheHandler", []),
        ("AXES_HANDLER", None, []),
        ("AXES_IPWARE_PROXY_ORDER", "left-most", []),  # REMOTE_ADDR has no order
        ("AXES_IPWARE_META_PRECEDENCE_ORDER", ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"), ["W313"]),
        ("AXES_IPWARE_META_PRECEDENCE_ORDER", ["HTTP_X_REAL_IP"], []),
        ("AXES_IPWARE_META_PRECEDENCE_ORDER", None, []),
    ],
)
def test_axes(settings: Any, setting: str, value: Any, codes: list[str]) -> None:
    setattr(settings, setting, value)
    assert codes_of(login_protection) == codes


@pytest.mark.usefixtures("_axes")
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AXES_IPWARE_PROXY_ORDER", "right-most"),
        ("AXES_IPWARE_PROXY_COUNT", 1),
        ("AXES_IPWARE_PROXY_TRUSTED_IPS", ["10.0.0.1"]),
    ],
)
def test_axes_knows_the_proxies(settings: Any, setting: str, value: Any) -> None:
    settings.AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR"]
    assert codes_of(login_protection) == ["W313"]
    setattr(settings, setting, value)
    assert codes_of(login_protection) == []


@pytest.mark.usefixtures("_limited")
def test_axes_is_not_installed(settings: Any) -> None:
    settings.AXES_ENABLED = False
    settings.AXES_HANDLER = "axes.handlers.dummy.AxesDummyHandler"
    settings.AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR"]
    assert codes_of(login_protection) == []


@pytest.mark.usefixtures("_limited")
@pytest.mark.parametrize(
    ("setting", "value", "codes"),
    [
        ("RATELIMIT_ENABLE", False, ["E311"]),
        ("RATELIMIT_ENABLE", True, []),
        ("RATELIMIT_ENABLE", None, []),
        ("RATELIMIT_FAIL_OPEN", True, ["W312"]),
        ("RATELIMIT_FAIL_OPEN", False, []),
        ("RATELIMIT_IP_META_KEY", "HTTP_X_FORWARDED_FOR", ["W313"]),
        ("RATELIMIT_IP_META_KEY", "HTTP_X_REAL_IP", []),
        ("RATELIMIT_IP_META_KEY", len, []),
        ("DEFENDER_BEHIND_REVERSE_PROXY", True, ["W313"]),
        ("DEFENDER_BEHIND_REVERSE_PROXY", False, []),
    ],
)
def test_limits(settings: Any, setting: str, value: Any, codes: list[str]) -> None:
    setattr(settings, setting, value)
    assert codes_of(login_protection) == codes


@pytest.mark.usefixtures("_limited")
def test_defender_reads_another_header(settings: Any) -> None:
    settings.DEFENDER_BEHIND_REVERSE_PROXY = True
    settings.DEFENDER_REVERSE_PROXY_HEADER = "HTTP_X_REAL_IP"
    assert codes_of(login_protection) == []
