from __future__ import annotations

from typing import Any

import pytest
from checks_support import codes_of
from django.apps import apps
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import (
    BasePasswordHasher,
    MD5PasswordHasher,
    PBKDF2PasswordHasher,
    PBKDF2SHA1PasswordHasher,
)
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.functional import lazystr

from django_hardened.checks import logins, passwords

BACKENDS = "django.contrib.auth.backends"
HASHERS = "django.contrib.auth.hashers"
VALIDATION = "django.contrib.auth.password_validation"
MINIMUM = f"{VALIDATION}.MinimumLengthValidator"
COMMON = {"NAME": f"{VALIDATION}.CommonPasswordValidator"}


class Longer(MinimumLengthValidator):
    pass


class OneIteration(PBKDF2PasswordHasher):
    iterations = 1


class FewIterations(PBKDF2SHA1PasswordHasher):
    iterations = 99_999


class EnoughIterations(PBKDF2PasswordHasher):
    iterations = 100_000


class ComputedIterations(PBKDF2PasswordHasher):
    iterations = property(lambda self: 1)  # type: ignore[assignment]


class OwnHasher(BasePasswordHasher):
    algorithm = "own"


class Argon2InName(BasePasswordHasher):
    pass


class AcceptsAll:
    def validate(self, password: str, user: Any = None) -> None:
        """Say nothing."""


class AcceptsShort(MinimumLengthValidator):
    def validate(self, password: str, user: Any = None) -> None:
        self.last = password


class Refuses:
    def validate(self, password: str, user: Any = None) -> None:
        if password == "1":
            raise ValueError


class Asks:
    def validate(self, password: str, user: Any = None) -> None:
        self.ask(password)  # type: ignore[attr-defined]


class FastHasher(MD5PasswordHasher):
    pass


class PBKDF2WrappedMD5PasswordHasher(PBKDF2PasswordHasher):
    pass


@pytest.fixture(autouse=True)
def _defaults(settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = [f"{BACKENDS}.ModelBackend"]
    settings.PASSWORD_HASHERS = [f"{HASHERS}.PBKDF2PasswordHasher"]


@pytest.fixture
def _no_auth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda _: False)


# -- Validators ----------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [[], (), None, [None], ["a.b"]])
def test_no_validators(settings: Any, empty: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = empty
    assert codes_of(passwords) == ["E330"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AUTHENTICATION_BACKENDS", [f"{BACKENDS}.ModelBackend", "social_core.backends.Google"]),
        ("ACCOUNT_ADAPTER", "myproject.adapters.AccountAdapter"),
        ("ACCOUNT_FORMS", {"signup": "myproject.forms.SignupForm"}),
    ],
)
def test_another_check_is_possible(settings: Any, setting: str, value: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    setattr(settings, setting, value)
    assert codes_of(passwords) == ["W331"]


def test_nothing_installed_has_a_login(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    monkeypatch.setattr(logins, "_LOGIN_APPS", ("not_installed",))
    [message] = passwords.check_validators()
    assert message.id == "django_hardened.W331"
    assert "who can log in with a password is not to be seen here" in message.msg


class Permissions(BaseBackend):
    """Inherits an authenticate() that lets nobody in."""


class PermissionsAlone:
    """Django asks no backend that has no authenticate()."""


class SingleSignOn(Permissions):
    def authenticate(self, request: Any, **credentials: Any) -> Any:
        return None


@pytest.mark.parametrize(
    "backend",
    [
        "axes.backends.AxesStandaloneBackend",  # neither of the three is installed here
        "guardian.backends.ObjectPermissionBackend",
        "rules.permissions.ObjectPermissionBackend",
        f"{BACKENDS}.BaseBackend",
        f"{__name__}.Permissions",
        f"{__name__}.PermissionsAlone",
    ],
)
def test_a_backend_that_lets_nobody_in_changes_nothing(settings: Any, backend: str) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    settings.AUTHENTICATION_BACKENDS = [backend, f"{BACKENDS}.ModelBackend"]
    assert codes_of(passwords) == ["E330"]


def test_a_backend_with_a_way_of_its_own(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    settings.AUTHENTICATION_BACKENDS = [f"{BACKENDS}.ModelBackend", f"{__name__}.SingleSignOn"]
    assert codes_of(passwords) == ["W331"]


@pytest.mark.parametrize("app", ["django_zxcvbn", "password_strength", "passwords", "pwned"])
def test_an_app_that_checks(monkeypatch: pytest.MonkeyPatch, settings: Any, app: str) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    # The setting only: an app that is not there cannot be installed.
    monkeypatch.setattr(settings._wrapped, "INSTALLED_APPS", [app])
    assert codes_of(passwords) == ["W331"]


@pytest.mark.parametrize(
    "backends",
    [[f"{BACKENDS}.RemoteUserBackend"], ["social_core.backends.google.GoogleOAuth2"], []],
)
def test_no_password_login(settings: Any, backends: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    settings.AUTHENTICATION_BACKENDS = backends
    assert codes_of(passwords) == []


def test_an_api_without_login_pages(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    settings.MIDDLEWARE = []
    assert codes_of(passwords) == []


@pytest.mark.parametrize(
    ("validators", "codes"),
    [
        ([{"NAME": MINIMUM, "OPTIONS": {"min_length": 7}}], ["E332"]),
        ([{"NAME": f"{__name__}.Longer", "OPTIONS": {"min_length": 4}}, COMMON], ["E332"]),
        ([{"NAME": lazystr(MINIMUM), "OPTIONS": {"min_length": 0}}], ["E332"]),
        ([{"NAME": MINIMUM, "OPTIONS": {"min_length": 8}}], []),
        ([{"NAME": MINIMUM}], []),
        ([{"NAME": MINIMUM, "OPTIONS": None}], []),
        ([{"NAME": MINIMUM, "OPTIONS": {"min_length": "6"}}], []),
        (({"NAME": MINIMUM, "OPTIONS": {"min_length": 6}}, {"NAME": MINIMUM}), []),
        ([COMMON], ["W333"]),
        ([COMMON, {"NAME": "myproject.validators.Strength"}], []),
        ([{"NAME": "myproject.validators.Strength"}], []),
        ([{}], []),
        ([{"NAME": f"{__name__}.AcceptsAll"}], ["E330"]),
        ([{"NAME": f"{__name__}.AcceptsShort"}, {"NAME": f"{__name__}.AcceptsAll"}], ["E330"]),
        ([{"NAME": f"{__name__}.AcceptsAll"}, COMMON], ["W333"]),
        ([{"NAME": f"{__name__}.AcceptsAll"}, {"NAME": MINIMUM}], []),
        ([{"NAME": f"{__name__}.Refuses"}], []),
        ([{"NAME": f"{__name__}.Asks"}], []),
        ([{"NAME": f"{__name__}.Longer"}], []),
    ],
)
def test_validators(settings: Any, validators: Any, codes: list[str]) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = validators
    assert codes_of(passwords) == codes


@pytest.mark.usefixtures("_no_auth")
def test_without_users(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = []
    settings.PASSWORD_HASHERS = [f"{HASHERS}.MD5PasswordHasher"]
    assert codes_of(passwords) == []


# -- Hashers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (["MD5PasswordHasher"], ["E334"]),
        (["SHA1PasswordHasher", "PBKDF2PasswordHasher"], ["E334"]),
        (["UnsaltedSHA1PasswordHasher"], ["E334"]),
        (["CryptPasswordHasher"], ["E334"]),
        (["BCryptPasswordHasher"], ["W336"]),
        (["PBKDF2PasswordHasher", "UnsaltedMD5PasswordHasher"], ["W335"]),
        (["MD5PasswordHasher", "UnsaltedMD5PasswordHasher"], ["E334", "W335"]),
        # Users who have not logged in since must still be able to.
        (["Argon2PasswordHasher", "MD5PasswordHasher", "BCryptPasswordHasher"], []),
        (["PBKDF2SHA1PasswordHasher"], []),
        (["BCryptSHA256PasswordHasher"], []),
        (["ScryptPasswordHasher"], []),
    ],
)
def test_hashers(settings: Any, names: list[str], codes: list[str]) -> None:
    settings.PASSWORD_HASHERS = tuple(f"{HASHERS}.{name}" for name in names)
    assert codes_of(passwords) == codes


@pytest.mark.parametrize(
    ("hasher", "codes"),
    [
        (f"{__name__}.FastHasher", ["E334"]),
        ("myproject.hashers.UnsaltedMD5PasswordHasher", ["E334"]),
        (f"{__name__}.OneIteration", ["E334"]),
        (f"{__name__}.FewIterations", ["E334"]),
        (f"{__name__}.EnoughIterations", []),
        (f"{__name__}.ComputedIterations", []),
        (lazystr(f"{HASHERS}.MD5PasswordHasher"), ["E334"]),
        (f"{__name__}.PBKDF2WrappedMD5PasswordHasher", []),
        ("not.installed.Hasher", ["W337"]),
        (f"{__name__}.OwnHasher", ["W337"]),
        ("myproject.hashers.OwnPasswordHasher", ["W337"]),
        ("myproject.hashers.Argon2idPasswordHasher", []),
        (f"{__name__}.Argon2InName", ["W337"]),
        (None, ["W337"]),
        (7, ["W337"]),
    ],
)
def test_first_hasher(settings: Any, hasher: Any, codes: list[str]) -> None:
    settings.PASSWORD_HASHERS = [hasher]
    assert codes_of(passwords) == codes


def test_the_validator_that_refuses_nothing_is_named(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{__name__}.AcceptsAll"}]
    [message] = passwords.check_validators()
    assert f"AUTH_PASSWORD_VALIDATORS has {__name__}.AcceptsAll, which refuses" in message.msg


def test_iterations_are_told(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.FewIterations"]
    [message] = passwords.check_hashers()
    assert "FewIterations with 99,999 iterations: a graphics card tries far too" in message.msg
    settings.PASSWORD_HASHERS = [f"{HASHERS}.PBKDF2PasswordHasher", f"{__name__}.OneIteration"]
    assert codes_of(passwords) == []


@pytest.mark.parametrize("empty", [[], None, ()])
def test_no_hashers(settings: Any, empty: Any) -> None:
    settings.PASSWORD_HASHERS = empty
    [message] = passwords.check_hashers()
    assert message.id == "django_hardened.W337"
    assert message.msg.startswith("PASSWORD_HASHERS is empty")
