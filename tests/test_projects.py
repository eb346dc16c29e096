"""The main job as a user meets it: a new project, the app, the helper, and ``check --deploy``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import django
import pytest
from projects_support import (
    ADD_APP,
    ADD_HELPER,
    GOOD_ENV,
    STRONG_KEY,
    STRONG_PASSWORD,
    Project,
    Result,
)

from django_hardened.waivers import MAX_DAYS, today

pytestmark = pytest.mark.current_versions

NO_ISSUES = "System check identified no issues (0 silenced).\n"
DEPLOY = ("check", "--deploy")
STRICT = ("check", "--deploy", "--fail-level", "WARNING")


def _ours(*codes: str) -> list[str]:
    return [f"django_hardened.{code}" for code in codes]


# From Django 6.1 on, a project says how it sends mail.
MAIL = ["mail.E001"] if django.VERSION >= (6, 1) else []
# Of a site without https; the helper's other environments have none.
NO_HTTPS = _ours("W201", "W202", "W219", "W219")
# What is said even of a project that is right: no nonce in its templates, or no policy, unlimited
# logins, and, where startproject put it into the URLconf, the admin at its usual place.
INFO = _ours("I285", "I320")
# Without what the helper gives, nothing limits guesses.
BARE_INFO = _ours("I255", "I310", "I320")
INFO_NO_ADMIN = _ours("I285")
# Of a project as startproject writes it: no host is pinned, and the database is SQLite.
STARTED = [*_ours("E001", "E011", "E101", "I107", "W520"), *NO_HTTPS, *BARE_INFO]


def _assert_can_be_deployed(result: Result, *, info: list[str] = INFO) -> None:
    assert (result.status, result.stdout, result.ids) == (0, "", info)
    assert result.stderr.startswith("System check identified some issues:\n\nINFOS:\n")
    issues = "1 issue" if len(info) == 1 else f"{len(info)} issues"
    assert result.stderr.endswith(f"identified {issues} (0 silenced).\n")


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.start(tmp_path_factory.mktemp("started"))
    project.settings(ADD_APP)
    return project


@pytest.fixture
def plain(started: Project, tmp_path: Path) -> Project:
    """A new project with the app, and nothing else."""
    return started.copy(tmp_path / "plain")


@pytest.fixture
def hardened(started: Project, tmp_path: Path) -> Project:
    """The same with the helper and a good ``.env``."""
    project = started.copy(tmp_path / "hardened")
    project.settings(ADD_HELPER)
    project.env(**GOOD_ENV)
    return project


# -- A new project -------------------------------------------------------------------------------


def test_a_new_project_cannot_be_deployed(plain: Project) -> None:
    result = plain.manage(*DEPLOY)
    assert result.ids == sorted([*STARTED, *MAIL])
    assert result.status == 1
    assert result.stdout == ""
    assert result.stderr.startswith("SystemCheckError: System check identified some issues:\n")
    assert result.stderr.endswith(f"identified {len(result.ids)} issues (0 silenced).\n")
    key = (plain.root / "site1" / "settings.py").read_text().split("SECRET_KEY = ")[1].split()[0]
    assert key.strip("'").removeprefix("django-insecure-") not in result.stderr


def test_a_new_project_can_be_developed(plain: Project) -> None:
    result = plain.manage("check")
    assert (result.status, result.stdout, result.stderr) == (0, NO_ISSUES, "")


def test_silencing_hides_nothing_about_security_and_is_reported(plain: Project) -> None:
    security = ["security.W009", "security.W018", "security.W020"]
    silenced = [*_ours("E001", "E011", "E101"), *security]
    plain.settings(f"SILENCED_SYSTEM_CHECKS = {silenced!r}")
    result = plain.manage(*DEPLOY)
    assert result.ids == sorted([*STARTED, *MAIL, *_ours("W603")])
    assert result.status == 1


def test_silencing_djangos_own_about_security_hides_nothing_and_is_reported(plain: Project) -> None:
    plain.settings('SILENCED_SYSTEM_CHECKS = ["mail.E001", "models.W042"]')
    result = plain.manage(*DEPLOY)
    assert result.ids == sorted([*STARTED, *MAIL, *_ours("W603")])
    assert "(0 silenced)" in result.stderr


def test_each_finding_can_be_waived_and_its_twin_stays_quiet(plain: Project) -> None:
    expires = (today() + timedelta(days=MAX_DAYS)).isoformat()
    waivers = [
        {"id": id_, "reason": "A rehearsal.", "owner": "ada", "expires": expires}
        for id_ in sorted(set(STARTED) - set(BARE_INFO)) + MAIL
    ]
    plain.settings(f"HARDENED_WAIVERS = {waivers!r}")
    result = plain.manage(*STRICT)
    assert (result.status, result.stdout) == (0, "")
    issues = result.stderr.partition("WAIVED")[0]
    assert [id_ for id_ in [*STARTED, *MAIL] if f"({id_})" in issues] == BARE_INFO
    assert "security." not in result.stderr


def test_only_our_findings_by_tag(plain: Project) -> None:
    result = plain.manage(*DEPLOY, "--tag", "django_hardened")
    assert result.ids == sorted(STARTED)
    assert result.status == 1


# -- With the helper -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", [DEPLOY, STRICT], ids=" ".join)
def test_with_the_helper_it_can(hardened: Project, command: tuple[str, ...]) -> None:
    _assert_can_be_deployed(hardened.manage(*command))


def test_without_deploy_nothing_is_said(hardened: Project) -> None:
    result = hardened.manage("check")
    assert (result.status, result.stdout, result.stderr) == (0, NO_ISSUES, "")


def test_a_file_without_a_database_leaves_sqlite(hardened: Project) -> None:
    hardened.env(**{name: value for name, value in GOOD_ENV.items() if name != "DATABASE_URL"})
    result = hardened.manage(*DEPLOY)
    assert (result.status, result.ids) == (0, sorted([*INFO, *_ours("W520")]))


def test_with_everything_from_the_environment(hardened: Project) -> None:
    (hardened.root / ".env").unlink()
    _assert_can_be_deployed(hardened.manage(*STRICT, **GOOD_ENV))


def test_with_an_api(hardened: Project) -> None:
    _add_api(hardened)
    _assert_can_be_deployed(hardened.manage(*STRICT), info=INFO_NO_ADMIN)


def test_the_limits_of_an_api_are_counted_on_this_host_where_no_cache_is_shared(
    hardened: Project,
) -> None:
    _add_api(hardened)
    hardened.env(**{name: value for name, value in GOOD_ENV.items() if name != "REDIS_URL"})
    result = hardened.manage(*DEPLOY)
    assert (result.status, result.ids) == (0, sorted([*INFO_NO_ADMIN, *_ours("I512")]))


@pytest.mark.parametrize("word", ["development", "test", "build"])
def test_other_environments_are_silent_until_deployed(hardened: Project, word: str) -> None:
    hardened.env(HARDENED_ENVIRONMENT=word, SECRET_KEY="local", ALLOWED_HOSTS="localhost")
    result = hardened.manage("check")
    assert (result.status, result.stdout, result.stderr) == (0, NO_ISSUES, "")


def test_the_smallest_development_file(hardened: Project) -> None:
    hardened.env(HARDENED_ENVIRONMENT="development", DEBUG="true", SECRET_KEY="x")
    result = hardened.manage("check")
    assert (result.status, result.stdout, result.stderr) == (0, NO_ISSUES, "")


# -- Each promise, broken one at a time ----------------------------------------------------------


class Broken(NamedTuple):
    """A change to the hardened project, and the exact findings that it adds."""

    found: list[str]
    settings: str = ""
    env: dict[str, str] = {}
    mode: int = 0o600
    api: bool = False

    @property
    def label(self) -> str:
        env = " ".join(f"{name}={value}" for name, value in self.env.items())
        changes = self.settings or env or f"{self.mode:o}"
        return f"{' '.join(code.rpartition('.')[2] for code in self.found)}: {changes}"[:80]


def _hosts(*hosts: str) -> str:
    return f"ALLOWED_HOSTS = {list(hosts)!r}"


def _api(name: str, value: Any) -> str:
    return f"REST_FRAMEWORK[{name!r}] = {value!r}"


WEAK = "changeme" * 7
BROKEN = [
    # Debug
    Broken(_ours("E001"), env={"DEBUG": "true"}),
    Broken(_ours("E001"), "DEBUG = True"),
    Broken(_ours("E001", "E060"), "DEBUG = '0'"),
    Broken(_ours("W002"), "TEMPLATES[0]['OPTIONS']['debug'] = True"),
    # Environment
    Broken([*_ours("E003"), *NO_HTTPS], env={"HARDENED_ENVIRONMENT": "development"}),
    # Tests have no limits, and a hasher that is quick.
    Broken(
        [*_ours("E003", "E311", "E334"), *NO_HTTPS],
        env={"HARDENED_ENVIRONMENT": "test"},
    ),
    Broken(_ours("E003"), env={"HARDENED_ENVIRONMENT": "build"}),
    Broken(_ours("W020"), env={"SECURE_HSTS_SECOND": "60"}),
    Broken(_ours("W021"), mode=0o644),
    # Keys
    Broken(_ours("E010"), "SECRET_KEY = ''"),
    Broken(_ours("E010"), "del SECRET_KEY"),
    Broken(_ours("E011"), env={"SECRET_KEY": "django-insecure-" + STRONG_KEY}),
    Broken(_ours("E012"), env={"SECRET_KEY": WEAK}),
    Broken(_ours("E013"), env={"SECRET_KEY": "change-me-before-you-deploy-0123456789-abcdefghij"}),
    Broken(_ours("E014"), env={"SECRET_KEY": STRONG_KEY[:30]}),
    Broken(_ours("E015"), env={"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMN"}),
    Broken(_ours("E016"), env={"SECRET_KEY_FALLBACKS": STRONG_KEY}),
    Broken(_ours("E017"), env={"SECRET_KEY_FALLBACKS": WEAK}),
    Broken(_ours("E017"), env={"SECRET_KEY_FALLBACKS": "short"}),
    # Hosts
    Broken(_ours("E101"), _hosts()),
    Broken(_ours("E102"), _hosts("*")),
    Broken(_ours("E102"), "ALLOWED_HOSTS.append('*')"),
    Broken(_ours("E103"), _hosts(".com")),
    Broken(_ours("E103"), _hosts(".herokuapp.com")),
    Broken(_ours("E103"), _hosts(".vercel.app")),
    Broken(_ours("E104"), _hosts("https://www.example.com")),
    Broken(_ours("E104"), _hosts("www.example.com:443")),
    Broken(_ours("E104"), _hosts("www.example.com/shop")),
    Broken(_ours("E104"), _hosts("*.example.com")),
    Broken(_ours("E104"), _hosts("")),
    Broken(_ours("W105"), _hosts("localhost", "127.0.0.1", "[::1]")),
    Broken(_ours("W105"), env={"ALLOWED_HOSTS": "localhost"}),
    # REST framework
    Broken(
        _ours("E401"),
        _api("DEFAULT_PERMISSION_CLASSES", ["rest_framework.permissions.AllowAny"]),
        api=True,
    ),
    Broken(_ours("E401"), _api("DEFAULT_PERMISSION_CLASSES", []), api=True),
    Broken(_ours("E401", "W403", "W404", "W413"), "REST_FRAMEWORK = {}", api=True),
    Broken(_ours("E401", "W403", "W404", "W413"), "del REST_FRAMEWORK", api=True),
    Broken(
        _ours("W403"),
        _api(
            "DEFAULT_AUTHENTICATION_CLASSES", ["rest_framework.authentication.BasicAuthentication"]
        ),
        api=True,
    ),
    Broken(_ours("W404"), _api("DEFAULT_THROTTLE_CLASSES", []), api=True),
    Broken(_ours("E405", "E405"), _api("DEFAULT_THROTTLE_RATES", {}), api=True),
    Broken(
        _ours("E405"), _api("DEFAULT_THROTTLE_RATES", {"anon": "60/min", "user": None}), api=True
    ),
    # The installation
    Broken(_ours("E901"), "INSTALLED_APPS.append(INSTALLED_APPS.pop(0))"),
]


def _add_api(project: Project) -> None:
    project.settings('INSTALLED_APPS += ["rest_framework"]')
    project.file(
        "site1/urls.py",
        "from django.urls import path\n"
        "from rest_framework.views import APIView\n\n"
        'urlpatterns = [path("api/", APIView.as_view())]\n',
    )


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.label)
def test_a_broken_promise_is_found(hardened: Project, broken: Broken) -> None:
    hardened.env(broken.mode, **GOOD_ENV | broken.env)
    if broken.api:
        _add_api(hardened)
    hardened.settings(broken.settings)

    result = hardened.manage(*DEPLOY)

    assert result.ids == sorted([*broken.found, *(INFO_NO_ADMIN if broken.api else INFO)])
    assert result.status == int(any(".E" in id_ for id_ in broken.found))
    assert "Traceback" not in result.stderr
    for secret in (STRONG_KEY, STRONG_PASSWORD, WEAK, *broken.env.values()):
        assert len(secret) < 20 or secret not in result.stdout + result.stderr


def test_a_warning_fails_where_warnings_are_to_fail(hardened: Project) -> None:
    hardened.env(0o644, **GOOD_ENV)
    result = hardened.manage(*STRICT)
    assert (result.status, result.ids) == (1, sorted([*INFO, *_ours("W021")]))


def test_an_open_default_without_views_is_a_warning(hardened: Project) -> None:
    hardened.settings(
        'INSTALLED_APPS += ["rest_framework"]', _api("DEFAULT_PERMISSION_CLASSES", [])
    )
    result = hardened.manage(*DEPLOY)
    assert (result.status, result.ids) == (0, sorted([*INFO, *_ours("W402")]))


def test_a_class_that_is_not_installed_is_no_traceback(hardened: Project) -> None:
    hardened.settings(
        'INSTALLED_APPS += ["rest_framework"]',
        _api("DEFAULT_PERMISSION_CLASSES", ["not_installed.Permission"]),
    )
    for command, status in ((DEPLOY, 0), (STRICT, 1)):
        result = hardened.manage(*command)
        assert (result.status, result.ids) == (status, sorted([*INFO, *_ours("W406")]))
        assert "Traceback" not in result.stderr
        assert "not_installed.Permission" in result.stderr


BROKEN_URLS = "from django.urls import path\nfrom hunter2_shop import views\nurlpatterns = []\n"
BROKEN_CACHE = (
    """CACHES = {"default": {"BACKEND": "no_such.Cache", "LOCATION": "redis://:hunter2@c"}}"""
)


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "github"])
def test_what_the_checks_of_django_trip_over_is_a_finding(plain: Project, format_: str) -> None:
    plain.file("site1/urls.py", BROKEN_URLS)
    plain.settings(BROKEN_CACHE)
    result = plain.manage(*DEPLOY, "--format", format_)
    assert result.status == 1
    report = result.stdout + result.stderr
    assert "Traceback" not in report
    assert "redis://" not in report
    assert (
        "failed with ModuleNotFoundError (module hunter2_shop) in site1/urls.py, line 2" in report
    )
    assert (
        "caches.check_file_based_cache_is_absolute failed with InvalidCacheBackendError" in report
    )
    assert "E001" in report
    if format_ == "json":
        found = [finding["id"] for finding in json.loads(result.stdout)["findings"]]
        assert [found.count(id_) for id_ in _ours("E990", "E001", "E011")] == [2, 1, 1]


def test_an_override_by_keyword_is_judged_like_any_other(hardened: Project) -> None:
    hardened.settings(
        'globals().update(hardened_settings(Env.from_file(BASE_DIR / ".env"),'
        ' DEBUG=True, ALLOWED_HOSTS=["*"], SECRET_KEY="changeme"))'
    )
    result = hardened.manage(*DEPLOY)
    found = [*INFO, *_ours("E001", "E013", "E102")]
    assert (result.status, result.ids) == (1, sorted(found))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", ".com"),
        ("ALLOWED_HOSTS", "https://www.example.com"),
        ("DEBUG", "enabled"),
        ("SECURE_SSL_REDIRECT", "enabled"),
        ("HARDENED_ENVIRONMENT", "prod"),
    ],
)
def test_what_the_file_may_not_say_is_refused_before_any_check(
    hardened: Project, name: str, value: str
) -> None:
    hardened.env(**GOOD_ENV | {name: value})
    result = hardened.manage(*DEPLOY)
    assert result.status == 1
    assert result.ids == []
    last = result.stderr.rstrip().splitlines()[-1]
    assert ".env:" in last
    assert f": {name} " in last
    assert STRONG_KEY not in result.stderr


# -- Settings written by hand --------------------------------------------------------------------

BY_HAND = [
    "import os",
    "DEBUG = False",
    'ALLOWED_HOSTS = ("www.example.com",)',
    'SECRET_KEY = os.environ["SITE_KEY"]',
    "SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True",
    "SECURE_HSTS_SECONDS = 31536000",
    "MIDDLEWARE.insert(0, 'django_hardened.middleware.HostPinningMiddleware')",
    'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "site",'
    ' "HOST": "db.example.com", "PASSWORD": os.environ["SITE_PASSWORD"],'
    ' "OPTIONS": {"sslmode": "verify-full"}}}',
    'MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend",'
    ' "OPTIONS": {"host": "smtp.example.com", "use_tls": True}}}',
]
NO_PRELOAD = "SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS = False"
SITE_ENV = {"SITE_KEY": STRONG_KEY, "SITE_PASSWORD": STRONG_PASSWORD}


@pytest.mark.parametrize(
    ("decision", "found"),
    [
        ("", _ours("I230", "I230")),
        ("SECURE_HSTS_PRELOAD = False", _ours("I230")),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS = False", _ours("I230")),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS = True", _ours("I230")),
        (NO_PRELOAD, []),
        ("SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS = True", []),
    ],
)
def test_who_never_thought_of_preload_is_asked(
    plain: Project, decision: str, found: list[str]
) -> None:
    plain.settings(*BY_HAND, decision)
    result = plain.manage(*DEPLOY, **SITE_ENV)
    assert (result.status, result.ids) == (0, sorted([*BARE_INFO, *found]))


def test_settings_by_hand_are_judged_the_same(plain: Project) -> None:
    plain.settings(
        *BY_HAND,
        NO_PRELOAD,
        'ALLOWED_HOSTS = ["*"]',
        "SECRET_KEY_FALLBACKS = (SECRET_KEY,)",
    )
    result = plain.manage(*DEPLOY, **SITE_ENV)
    assert (result.status, result.ids) == (1, sorted([*BARE_INFO, *_ours("E016", "E102")]))


def test_values_of_unusual_types(plain: Project) -> None:
    plain.settings(
        *BY_HAND,
        NO_PRELOAD,
        "from django.utils.functional import lazystr",
        "SECRET_KEY = lazystr(SECRET_KEY)",
        'ALLOWED_HOSTS = (lazystr("www.example.com"), "example.org")',
        "INSTALLED_APPS, TEMPLATES = tuple(INSTALLED_APPS), tuple(TEMPLATES)",
        "MIDDLEWARE = tuple(MIDDLEWARE)",
        'DATABASES["other"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db"}',
    )
    result = plain.manage(*STRICT, **SITE_ENV)
    _assert_can_be_deployed(result, info=BARE_INFO)


def test_a_project_without_urls(plain: Project) -> None:
    plain.settings(
        *BY_HAND,
        NO_PRELOAD,
        "del ROOT_URLCONF",
    )
    result = plain.manage(*STRICT, **SITE_ENV)
    _assert_can_be_deployed(result, info=_ours("I255", "I310"))


def test_a_settings_package_where_only_what_is_loaded_counts(plain: Project) -> None:
    plain.file(
        "site1/live.py",
        "\n".join(
            [
                "from site1.settings import *",
                *BY_HAND,
                NO_PRELOAD,
            ]
        ),
    )
    result = plain.manage(*STRICT, "--settings", "site1.live", **SITE_ENV)
    _assert_can_be_deployed(result, info=BARE_INFO)
    assert plain.manage(*DEPLOY, **SITE_ENV).status == 1
