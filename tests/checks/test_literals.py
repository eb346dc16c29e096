from __future__ import annotations

from base64 import b32encode, b64encode
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from findings_support import STRONG, Source, all_codes, codes, git, subjects

from django_hardened.checks import literals

ENV = "import os\nenv = lambda name, default='': os.environ.get(name, default)\n"
KEY = f"SECRET_KEY = {STRONG!r}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


# -- SECRET_KEY ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"SECRET_KEY: str = {STRONG!r}",
        f"SECRET_KEY = {STRONG.encode()!r}",
        f"SECRET_KEY = {STRONG[:20]!r} + {STRONG[20:]!r}",
        f'SECRET_KEY = f"{{{STRONG[:20]!r}}}{STRONG[20:]}"',
        f"SECRET_KEY = ({STRONG[:20]!r}\n    {STRONG[20:]!r})",
        f"SECRET_KEY = 'k' + {STRONG[1:]!r} * 1",
        f"SECRET_KEY = env('NO_SUCH_VARIABLE', default={STRONG!r})",
        f"SECRET_KEY = os.environ.get('NO_SUCH_VARIABLE', {STRONG!r})",
        f"SECRET_KEY = os.environ.get('NO_SUCH_VARIABLE') or {STRONG!r}",
        f"SECRET_KEY = {STRONG!r} if True else env('X')",
        f"SECRET_KEY = str({STRONG!r})",
        f"_KEY = {STRONG!r}\nSECRET_KEY = env('NO_SUCH_VARIABLE', _KEY)",
        f"_A = {STRONG!r}\n_B = _A\n_C = _B\nSECRET_KEY = _C",
        f"if True:\n    SECRET_KEY = {STRONG!r}\nelse:\n    SECRET_KEY = env('X')",
        f"try:\n    SECRET_KEY = os.environ['NO_SUCH_VARIABLE']\nexcept KeyError:\n    {KEY}",
        f"class Production:\n    {KEY}\nSECRET_KEY = Production.SECRET_KEY",
        f"SECRET_KEY = ''.join([{STRONG[:9]!r}, {STRONG[9:]!r}])",
        f"SECRET_KEY = {STRONG[9]!r}.join(({STRONG[:9]!r}, {STRONG[10:]!r}))",
        f"import base64\nSECRET_KEY = base64.b64decode({b64encode(STRONG.encode())!r}).decode()",
        f"import base64 as b\nSECRET_KEY = b.b32decode({b32encode(STRONG.encode()).decode()!r})",
        f"SECRET_KEY = bytes.fromhex({STRONG.encode().hex()!r}).decode() + ''",
        f"os.environ.setdefault('K1', {STRONG!r})\nSECRET_KEY = os.environ['K1']",
        f"os.environ['K2'] = {STRONG!r}\nSECRET_KEY = env('K2')",
        f"from os import environ\nenviron.setdefault('K3', {STRONG!r})\nSECRET_KEY = environ['K3']",
        f"os.environ.update(K4={STRONG!r})\nglobals().update(SECRET_KEY=os.environ['K4'])",
    ],
)
def test_a_key_in_the_source(project: Source, text: str) -> None:
    with project.in_effect(ENV + text) as path:
        [message] = literals.check_secret_key_literal()
        assert all_codes(literals) == ["E040"]
    assert f"{path}, line " in message.msg
    assert STRONG not in str(message)


@pytest.mark.parametrize(
    "text",
    [
        "from .keys import SECRET_KEY",
        "from .keys import key as SECRET_KEY",
        "from .keys import key\nSECRET_KEY = key",
        "from . import keys\nSECRET_KEY = keys.key",
        "from . import keys as k\nSECRET_KEY = k.SECRET_KEY.strip()",
        "from {package}.keys import KEYS\nSECRET_KEY = KEYS['web']",
        "import {package}.keys\nSECRET_KEY = {package}.keys.SECRET_KEY",
        "import {package}.keys as k\nSECRET_KEY = k.KEYS['web']",
        "from .keys import *",
    ],
)
def test_a_key_in_a_module_beside_it(project: Source, text: str) -> None:
    path = project.write("keys", f"{KEY}key = {STRONG!r}\nKEYS = {{'web': {STRONG!r}}}\n")
    with project.in_effect(text.format(package=project.package)):
        [message] = literals.check_secret_key_literal()
    assert message.msg.startswith(f"SECRET_KEY is written in {path}, line ")


@pytest.mark.parametrize(
    "text",
    [
        "from .keys import key as SECRET_KEY",
        "from . import keys\nSECRET_KEY = keys.key",
        "import base64\nSECRET_KEY = base64.b64decode(os.environ['SOME_KEY'])",
        "SECRET_KEY = '-'.join([os.environ['SOME_KEY'], 'x'])",
        "SECRET_KEY = env('SOME_KEY') if env else env.b64decode('no key').join(['x', 'y'])",
        "os.environ.setdefault('SOME_KEY', 'development')\nSECRET_KEY = env('SOME_KEY')",
    ],
)
def test_a_key_that_is_read_elsewhere(
    project: Source, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SOME_KEY", b64encode(STRONG.encode()).decode())
    project.write("keys", "import os\nkey = os.environ['SOME_KEY']\nother = 'a literal'\n")
    with project.in_effect(ENV + text):
        assert literals.check_secret_key_literal() == []


@pytest.mark.parametrize(
    ("text", "effective"),
    [
        ("SECRET_KEY = os.environ['HOME'] * 9", STRONG),
        (KEY, "v9Lp2XcR7tYb4NqHs8WzKd3MfGj6QaUe0TiOr5EyBnCxVkDw"),
        (KEY, ""),
        ("SECRET_KEY = 'changeme' * 7", "changeme" * 7),
        (f"SECRET_KEY = 'django-insecure-{STRONG}'", f"django-insecure-{STRONG}"),
        (f"SECRET_KEY = {STRONG!r}.lower()", STRONG.lower()),
        (f"SECRET_KEY = 2 * {STRONG[:30]!r}", STRONG[:30] * 2),
        (f"_A = {STRONG!r}\n_B = _A\n_C = _B\n_D = _C\nSECRET_KEY = _D", STRONG),
        (f"_A = ''\n_A += {STRONG!r}\nSECRET_KEY = _A", STRONG),
        ("X = 'x' * 10 ** 4 + ''\nSECRET_KEY = os.environ['HOME'] + X * 10", STRONG),
        (f"SECRET_KEY = f'{{len(ENV)}}{STRONG}'", STRONG + "y"),
        (f"SECRET_KEY = 'a' + env({STRONG!r}) + 'b'", "a" + STRONG[1:] + "b"),
    ],
)
def test_a_key_that_is_not(project: Source, text: str, effective: str) -> None:
    with project.in_effect(f"{ENV}ENV = ''\n{text}", SECRET_KEY=effective):
        assert all_codes(literals) == []


OTHER = STRONG[::-1]
FALLBACKS = [
    f"SECRET_KEY_FALLBACKS = [{OTHER!r}]",
    f"SECRET_KEY_FALLBACKS = ({OTHER.encode()!r},)",
    f"SECRET_KEY_FALLBACKS = [os.environ.get('NO_SUCH_VARIABLE', {OTHER!r})]",
    f"SECRET_KEY_FALLBACKS = env('NO_SUCH_VARIABLE', '{OTHER},').split(',')[:1]",
    f"SECRET_KEY_FALLBACKS = []\nSECRET_KEY_FALLBACKS.append({OTHER!r})",
    f"_OLD = {OTHER!r}\nSECRET_KEY_FALLBACKS = [_OLD]",
]


@pytest.mark.parametrize("text", FALLBACKS)
def test_a_fallback_in_the_source(project: Source, text: str) -> None:
    with project.in_effect(ENV + text, SECRET_KEY=STRONG) as path:
        [message] = literals.check_fallback_literals()
        assert all_codes(literals) == ["E044"]
    assert f"[0] is written in {path}, line " in message.msg
    assert OTHER not in str(message)


@pytest.mark.parametrize("text", FALLBACKS)
def test_a_fallback_that_something_else_has_replaced(project: Source, text: str) -> None:
    keys = [OTHER.swapcase(), STRONG, "short"]  # the others are E016 and E017
    with project.in_effect(ENV + text, SECRET_KEY=STRONG, SECRET_KEY_FALLBACKS=keys):
        assert all_codes(literals) == []


def test_fallbacks_that_other_rules_are_about(project: Source) -> None:
    text = f"SECRET_KEY_FALLBACKS = [{STRONG!r}, 'short', {OTHER!r}]"
    with project.in_effect(text, SECRET_KEY=STRONG):
        found = literals.check_fallback_literals()
    assert [str(key) for key in subjects(found)] == ["2"]


def test_no_settings_module() -> None:
    assert all_codes(literals) == []


def test_a_base_module_that_production_replaces(project: Source) -> None:
    project.write("base", KEY + "SMTP_PASSWORD = 'hunter2'\n")
    text = ENV + "from .base import *\nSECRET_KEY = env('X', '').join('yz')\n"
    with project.in_effect(text, SECRET_KEY=STRONG[::-1], SMTP_PASSWORD="from elsewhere"):
        assert all_codes(literals) == []


def test_a_base_module_that_production_relies_on(project: Source) -> None:
    base = project.write("base", KEY)
    with project.in_effect("from .base import *\n"):
        [message] = literals.check_secret_key_literal()
    assert f"{base}, line 1" in message.msg


def test_a_file_below_the_current_folder_is_short(
    project: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    with project.in_effect(KEY):
        [message] = literals.check_secret_key_literal()
    assert " production.py, line 1:" in message.msg


def test_a_local_file_that_git_ignores_is_as_good_as_an_env_file(
    project: Source, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    local = project.write("local", KEY + "SMTP_PASSWORD = 'hunter2'\n")
    with project.in_effect("from .local import *\n"):
        assert all_codes(literals) == ["E040", "E041"]
        (tmp_path / ".gitignore").write_text("local.py\n")
        assert all_codes(literals) == []
        git(tmp_path, "add", "--force", str(local))
        assert all_codes(literals) == ["E040", "E041"]


# -- Other secrets -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("SMTP_PASSWORD = 'hunter2'", "SMTP_PASSWORD"),
        ("SMTP_PASSWORD = env('NO_SUCH_VARIABLE', default='hunter2')", "SMTP_PASSWORD"),
        ("STRIPE_SECRET_KEY = 'sk_live_1'", "STRIPE_SECRET_KEY"),
        ("GOOGLE_OAUTH2_SECRET = 'abc'", "GOOGLE_OAUTH2_SECRET"),
        ("DB_PASS = b'abc'", "DB_PASS"),
        ("FERNET_KEY = 'abc'", "FERNET_KEY"),
        ("PRIVATE_KEY = '-----BEGIN KEY-----\\nabc def\\n'", "PRIVATE_KEY"),
        (
            "DATABASES = {'default': {'USER': 'u', 'PASSWORD': 'hunter2'}}",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "DATABASES = {'default': dict(USER='u', PASSWORD='hunter2')}",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "DATABASES = {'default': {}}\nDATABASES['default']['PASSWORD'] = 'hunter2'",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "DATABASES = {'default': {}}\nDATABASES['default'].update(PASSWORD='hunter2')",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "DATABASES = {}\nDATABASES['default'] = {'PASSWORD': 'hunter2'}",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "parse = lambda url: {'USER': 'u', 'PASSWORD': url[13:22].replace('%21', '!')}\n"
            "DATABASES = {'default': parse('postgres://u:hunter%21@db/x')}",
            "DATABASES['default']['PASSWORD']",
        ),
        (
            "MAILERS = {'default': {'OPTIONS': {'username': 'u', 'password': 'p'}}}",
            "MAILERS['default']['OPTIONS']['password']",
        ),
        (
            "SOCIAL = {'google': {'APPS': [{'client_id': 'x', 'clientSecret': 'y'}]}}",
            "SOCIAL['google']['APPS'][0]['clientSecret']",
        ),
        (
            "MAILERS = {'default': {'OPTIONS': {'password': 'hunter two'}}}",
            "MAILERS['default']['OPTIONS']['password']",
        ),
        (
            "DATABASES = {'default': {'USER': 'u', 'PASSWORD': 'hunter.two'}}",
            "DATABASES['default']['PASSWORD']",
        ),
        ("APP_PASSWORD = 'hunt erst woby four'", "APP_PASSWORD"),
        ("JWT_SECRET_KEY = 'your-secret-key'", "JWT_SECRET_KEY"),
        ("ADMIN_PASSWORD = 'your-password'", "ADMIN_PASSWORD"),
        ("CELERY_BROKER_URL = 'redis://:hunter2@cache:6379/0'", "CELERY_BROKER_URL"),
        ("SENTRY_DSN = 'https://public:secret@sentry.example.com/1'", "SENTRY_DSN"),
        (
            "CACHES = {'default': {'LOCATION': ['redis://u:hunter2@cache']}}",
            "CACHES['default']['LOCATION'][0]",
        ),
    ],
)  # fmt: skip
def test_a_secret_in_the_source(project: Source, text: str, subject: str) -> None:
    with project.in_effect(ENV + text, SECRET_KEY=STRONG):
        messages = literals.check_literal_secrets()
        assert all_codes(literals) == ["E041"]
    assert subjects(messages) == [subject]
    assert "hunter" not in str(messages[0])
    assert "os.environ['" in str(messages[0].hint)


@pytest.mark.parametrize(
    "text",
    [
        "ALGOLIA_API_KEY = 'f0e1d2c3b4a5968778695a4b'",
        "AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI7K7MDENGbPxRfiCY'",
        "SLACK_TOKEN = 'xoxb-123456789012-abc'",
    ],
)
def test_a_key_that_may_be_public(project: Source, text: str) -> None:
    with project.in_effect(text):
        assert all_codes(literals) == ["W042"]


@pytest.mark.parametrize(
    "text",
    [
        "SMTP_PASSWORD = ''",
        "SMTP_PASSWORD = None",
        "SMTP_PASSWORD = 'hunter2'.upper()",
        "X_PASSWORD = 'a sentence about passwords'",
        "OAUTH2_CLIENT_SECRET = '/run/secrets/oauth'",
        "JWT_PRIVATE_KEY = 'project.keys.private'",
        "PASSWORD_RESET_TIMEOUT = 3600",
        "PASSWORD_HASHERS = ['django.contrib.auth.hashers.PBKDF2PasswordHasher']",
        "CSRF_HEADER_TOKEN = 'HTTP_X_CSRFTOKEN_1234'",
        "STRIPE_PUBLISHABLE_KEY = 'pk_live_0123456789abcdef'",
        "VAPID_PUBLIC_KEY = 'BPk_live_0123456789abcdef'",
        "AWS_ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE'",
        "API_KEY_HEADER = 'X-Api-Key-0123456789abcdef'",
        "AUTH_TOKEN = 'Token'",
        "ACCESS_TOKEN = 'abcdefghijklmnopqrstuvwxyz'",
        "MAILERS = {'default': {'OPTIONS': {'password': 'your password here'}}}",
        "MAILERS = {'default': {'OPTIONS': {'password': ' '}}}",
        "MAILERS = {'default': {'OPTIONS': {'password': '/run/secrets/mail'}}}",
        "STRIPE_SECRET_KEY = 'sk_test_...'",
        "STRIPE_SECRET_KEY = 'your-key-here'",
        "MAPS_API_KEY = '<the key of 2024 goes here>'",
        "OPENAI_API_KEY = 'sk-xxxxxxxxxxxxxxxx4'",
        "TWILIO_ACCOUNT_SID = 'AC' + '9b0c2d4e6f8a1357' * 2",
        "USE_SECRET = 'true'",
        "REST_FRAMEWORK = {'DEFAULT_THROTTLE_RATES': {'password': '5/min'}}",
        "DJOSER = {'SERIALIZERS': {'token': 'project.serializers.TokenSerializer'}}",
        "CELERY_BROKER_URL = 'amqp://guest:guest@localhost//'",
        "CELERY_BROKER_URL = 'redis://localhost:6379/0'",
        "SENTRY_DSN = 'https://0123456789abcdef@o1.ingest.sentry.io/2'",
        "SITE_SECRET = 'https://example.com/secret'",
        "lower_password = 'hunter2'",
        # E522 and W523 say so.
        "DATABASES = {'default': {'USER': 'postgres', 'PASSWORD': 'postgres'}}",
        f"SECRET_KEY = {STRONG!r}.upper()\nSIGNING_KEY = {STRONG.upper()!r}",
        "SECRET_KEY_FALLBACKS = ['a', 'b']",
        "A = {'a': {'a': {'a': {'a': {'a': {'a': {'password': 'x'}}}}}}}",
        "A = {'password': 7, None: 'x', 'secret': ['x'], 'list': [None, b'', {}]}",
        "A = {**{}, 'pwd': 'hunter2'.upper()}",
        "A = {}\nA['password'] = A",
    ],
)
def test_what_is_no_secret(project: Source, text: str) -> None:
    with project.in_effect(ENV + text):
        assert all_codes(literals) == []


def test_one_literal_is_one_finding(project: Source) -> None:
    text = "DB_PASSWORD = 'hunter2'\nDATABASES = {'default': {'PASSWORD': DB_PASSWORD}}\n"
    with project.in_effect(text):
        messages = literals.check_literal_secrets()
    assert codes(messages) == ["E041"]
    assert subjects(messages) == ["DB_PASSWORD"]


def test_each_secret_is_told(project: Source) -> None:
    text = "A_SECRET = 'x'\nB_SECRET = 'x'\nC = {\n  'secret': 'y',\n  'password': 'z',\n}\n"
    with project.in_effect(text):
        found = subjects(literals.check_literal_secrets())
    assert found == ["A_SECRET", "B_SECRET", "C['secret']", "C['password']"]


def test_a_change_from_outside_is_not_in_the_source(project: Source) -> None:
    with project.in_effect("A_SECRET = 'x'\n", A_SECRET="y"):
        assert all_codes(literals) == []


def test_lazy_and_changing_values(project: Source) -> None:
    text = "from django.utils.functional import lazystr\nA_SECRET = lazystr('x')\n"
    text += "B = ['redis://a@b']\nB += ['redis://:pw@b']\nB.append('redis://:other@b')\n"
    with project.in_effect(text):
        found: list[Any] = subjects(literals.check_literal_secrets())
    assert found == ["B[1]", "B[2]"]


def test_the_password_of_an_app_at_gmail(project: Source) -> None:
    """Google shows it in four groups. EMAIL_HOST_PASSWORD is read where there is no MAILERS."""
    with project.in_effect("EMAIL_HOST_PASSWORD = 'hunt erst woby four'\n") as path:
        if hasattr(settings, "MAILERS"):
            del settings.MAILERS
        [message] = literals.check_literal_secrets()
    assert message.id == "django_hardened.E041"
    assert f"{path}, line 1:" in message.msg
    assert "woby" not in str(message)


def test_a_setting_that_cannot_be_read(project: Source) -> None:
    """Django 6.1 refuses the old settings of mail where there is MAILERS."""
    with project.in_effect("EMAIL_HOST_PASSWORD = 'hunter2'\n"):
        expected = [] if django.VERSION >= (6, 1) else ["E041"]
        assert all_codes(literals) == expected


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("ACCOUNT_RATE_LIMITS__CHANGE_PASSWORD", "5/m/user", None),
        ("ACCOUNT_RATE_LIMITS__RESET_PASSWORD", "20/m/ip,5/m/key", None),
        ("URL_NAMES__RESET_PASSWORD", "password-reset", None),
        ("FRONTEND_URLS__SET_PASSWORD", "/set", None),
        ("FRONTEND_URLS__PASSWORD", "reset/{uid}/{token}", None),
        ("EMAIL_TEMPLATES__FORGOT_PASSWORD", "d-3fa8b2", None),
        ("LDAP_ATTR_PASSWORD", "userPassword", None),
        ("SENDGRID_TEMPLATE_RESET_PASSWORD", "d-12ab34", None),
        ("LDAP_BIND_PASSWORD", "hunter22x", "E041"),
        ("PRESET_PASSWORD", "hunter22x", "E041"),
        ("RESET_PASSWORD_SECRET", "hunter22x", "E041"),
    ],
)
def test_what_is_about_passwords_is_none(name: str, text: str, code: str | None) -> None:
    rule = literals._rule_for_name(name, text)
    assert (rule.code if rule else None) == code
