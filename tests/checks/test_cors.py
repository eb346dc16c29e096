from __future__ import annotations

import re
from typing import Any

import pytest
from checks_support import codes_of, ids
from django.apps import apps
from django.utils.functional import lazystr
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.checks import cors, origin_patterns

CORS = "corsheaders.middleware.CorsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"


@pytest.fixture(autouse=True)
def _middleware(settings: Any) -> None:
    settings.MIDDLEWARE = [CORS, COMMON]


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda name: name == "corsheaders" or real(name))


def test_closed(settings: Any) -> None:
    assert codes_of(cors) == []
    settings.CORS_ALLOWED_ORIGINS = ["https://www.example.com", lazystr("https://example.com:8443")]
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://[a-z0-9-]+\.example\.com$"]
    settings.CORS_ALLOW_CREDENTIALS = True
    settings.CORS_ALLOW_ALL_ORIGINS = False
    assert codes_of(cors) == []


# -- Middleware ----------------------------------------------------------------------------------


def test_order(settings: Any) -> None:
    settings.MIDDLEWARE = [COMMON, CORS]
    assert codes_of(cors) == ["W280"]
    settings.MIDDLEWARE = [CORS]
    assert codes_of(cors) == []


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CORS_ALLOW_ALL_ORIGINS", True),
        ("CORS_ORIGIN_WHITELIST", ["null"]),
        ("CORS_ALLOWED_ORIGIN_REGEXES", [".*"]),
    ],
)
def test_settings_without_middleware(settings: Any, setting: str, value: Any) -> None:
    settings.MIDDLEWARE = [COMMON]
    setattr(settings, setting, value)
    assert codes_of(cors) == ["W279"]


@pytest.mark.usefixtures("_installed")
def test_installed_and_closed(settings: Any) -> None:
    settings.MIDDLEWARE = [COMMON]
    assert codes_of(cors) == []


def test_not_installed(settings: Any) -> None:
    settings.MIDDLEWARE = [COMMON]
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert codes_of(cors) == []


def test_a_middleware_of_the_projects_own(settings: Any) -> None:
    settings.MIDDLEWARE = ["myproject.middleware.TenantCorsMiddleware", COMMON]
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert codes_of(cors) == ["W271"]


# -- All origins ---------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"])
def test_all_origins(settings: Any, setting: str) -> None:
    setattr(settings, setting, True)
    assert codes_of(cors) == ["W271"]
    settings.CORS_URLS_REGEX = r"^/api/public/"
    [message] = cors.check_cors_for_all()
    assert message.id == "django_hardened.W272"
    assert setting in message.msg
    assert "'^/api/public/'" in message.msg
    settings.CORS_ALLOW_CREDENTIALS = True
    assert codes_of(cors) == ["E270"]


def test_the_new_name_wins(settings: Any) -> None:
    settings.CORS_ORIGIN_ALLOW_ALL = True
    settings.CORS_ALLOW_ALL_ORIGINS = False
    assert codes_of(cors) == []


@pytest.mark.parametrize("paths", ["", "^.*$", "/", r"^/.*$", re.compile(".*"), "("])
def test_a_limit_that_is_none(settings: Any, paths: Any) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = True
    settings.CORS_URLS_REGEX = paths
    assert codes_of(cors) == ["W271"]


@pytest.mark.parametrize("paths", [r"^/api/", re.compile(r"/api/.*"), lazystr(r"^/api/")])
def test_a_limit(settings: Any, paths: Any) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = True
    settings.CORS_URLS_REGEX = paths
    assert codes_of(cors) == ["W272"]


def test_a_limit_that_cannot_be_matched(settings: Any) -> None:
    settings.CORS_ALLOW_ALL_ORIGINS = True
    settings.CORS_URLS_REGEX = re.compile(rb"/api/")
    assert codes_of(cors) == ["W271"]


# -- Origins -------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"])
@pytest.mark.parametrize(
    ("origin", "codes"),
    [
        ("null", ["E275"]),
        ("file://", ["E275"]),
        ("http://www.example.com", ["W276"]),
        ("http://localhost:3000", ["W277"]),
        ("https://127.0.0.1", ["W277"]),
        ("http://[::1]:8000", ["W277"]),
        ("https://*.example.com", ["W278"]),
        ("http://*.example.com", ["W278"]),
        ("https://www.example.com", []),
        ("https://localhost.example.com", []),
        ("www.example.com", []),
        ("https://[", []),
        ("", []),
    ],
)
def test_origins(settings: Any, setting: str, origin: str, codes: list[str]) -> None:
    for kind in (list, tuple, set):
        setattr(settings, setting, kind([origin]))
        assert codes_of(cors) == codes


def test_origins_of_one_kind_are_one_finding(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["http://localhost:3000", "http://localhost:8080", "http://a.b"]
    plain, local = cors.check_cors_origins()
    assert plain.msg.endswith("write: 'http://a.b'.")
    assert local.msg.endswith("machine: 'http://localhost:3000', 'http://localhost:8080'.")


# -- Patterns ------------------------------------------------------------------------------------

STRANGERS = {
    r"https://.*example.com": "https://aexample.com.evil.com",
    r"https://.*\.example\.com": "https://a.example.com.evil.com",
    r"^https://\w+\.example\.com": "https://a.example.com.evil.com",
    r"^https://example\.com": "https://example.com.evil.com",
    r"https:\/\/.*\.example\.com": "https://a.example.com.evil.com",
    r"(?i)^https://example\.com": "https://example.com.evil.com",
    r"^https://(.*\.)?example\.com": "https://a.example.com.evil.com",
    r"^https://(?P<sub>\w+)\.example\.com": "https://a.example.com.evil.com",
    r"^https://([a-z0-9-]+\.)*example\.(com|org)": "https://a.example.com.evil.com",
    r"^https://a\.example\.com|^https://b\.org$": "https://a.example.com.evil.com",
    r"^(https?://)?(.*\.)?example\.com": "https://a.example.com.evil.com",
    r"^http://192\.168\.0\.\d{1,3}": "http://192.168.0.1.evil.com",
    r"^https?://localhost.*$": "https://localhosta.evil.com",
    r"^https://.*example\.com$": "https://evilexample.com",
    r"^https://[^.]+example\.com$": "https://evilexample.com",
    r"^https://.*example\.co\.uk$": "https://evilexample.co.uk",
    r"^https://example\d+\.com$": "https://example2.com",
    r"^https://example\.[a-z]+$": "https://example.evil",
    r"^https://example\.[a-z]{2}$": "https://example.bb",
    r"^https://app.example.com$": "https://appxexample.com",
    r"^https://(www|app).example\.com$": "https://wwwxexample.com",
    r"^https://.*myapp\.vercel\.app$": "https://evilmyapp.vercel.app",
    r"^https://.*\.vercel\.app$": "https://evil.vercel.app",
    r"^https://.*\.com$": "https://evil.com",
    r"^https?://.*$": "https://evil.com",
    r".*": "https://evil.com",
    r"https://*": "https://evil.com",
}
DOUBTFUL = {
    r"^https://(\w+\.)?example.com$": "https://a.examplexcom",
    r"^https://myproject-.*\.vercel\.app$": "https://myproject-evil.vercel.app",
    r"^https://preview-\d+--my\.netlify\.app$": "https://preview-2--my.netlify.app",
}
HARMLESS = [
    r"^https://[a-z0-9-]+\.example\.com$",
    r"^https://([a-z0-9-]+\.)*example\.com$",
    r"^https://.*\.example\.com$",
    r"^https://(www|app)\.example\.com(:\d+)?$",
    r"^https://(?:.+\.)?example\.com\Z",
    r"^https://(?!admin)\w+\.example\.com$",
    r"^https://pr-\d{1,4}.staging\.example\.com$",
    r"^https://\w{3,8}\.example\.co\.uk$",
    r"^https://.*\.internal$",
    r"^https://10.0.0.1$",
    r"^chrome-extension://[a-p]{32}$",
    r"^https://[^\w]\.example\.com$",
    "[",
    "(((",
    r"(a",
]


def _pattern_codes(settings: Any, pattern: Any) -> list[str]:
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [pattern]
    return codes_of(cors)


@pytest.mark.parametrize("pattern", STRANGERS)
def test_a_pattern_that_admits_strangers(settings: Any, pattern: str) -> None:
    assert _pattern_codes(settings, pattern) == ["E273"]
    [message] = cors.check_cors_patterns()
    assert repr(pattern) in message.msg
    assert repr(STRANGERS[pattern]) in message.msg
    assert re.match(pattern, STRANGERS[pattern])


@pytest.mark.parametrize("pattern", DOUBTFUL)
def test_a_doubtful_pattern(settings: Any, pattern: str) -> None:
    assert _pattern_codes(settings, pattern) == ["W274"]
    assert origin_patterns.doubtful(pattern) == DOUBTFUL[pattern]


@pytest.mark.parametrize("pattern", HARMLESS)
def test_a_harmless_pattern(settings: Any, pattern: str) -> None:
    assert _pattern_codes(settings, pattern) == []


_LABELS = st.lists(st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True), max_size=3)


@given(_LABELS, st.sampled_from(["example.com", "example.co.uk", "my-site.org"]))
def test_a_pattern_that_is_anchored_and_escaped(labels: list[str], domain: str) -> None:
    host = re.escape(".".join([*labels, domain]))
    for pattern in (rf"^https://{host}$", rf"^https://([\w-]+\.)*{host}$", rf"https://{host}\Z"):
        assert origin_patterns.stranger(pattern) is None
        assert origin_patterns.doubtful(pattern) is None
    for pattern in (rf"^https://{host}", rf"https://([\w-]+\.)*{host}"):
        origin = origin_patterns.stranger(pattern)
        assert origin
        assert origin.endswith(f"{domain}.evil.com")


@given(st.text(alphabet="ab.*+?|()[]{}^$\\\\:/-,0", max_size=20))
def test_no_pattern_raises(pattern: str) -> None:
    for probe in (origin_patterns.stranger, origin_patterns.doubtful, origin_patterns.plain_http):
        origin = probe(pattern)
        assert origin is None or origin_patterns._matches(pattern, origin)


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        (re.compile(r"https://.*\.example\.com"), ["E273"]),
        (re.compile(r"^HTTPS://APP\.EXAMPLE\.COM$", re.IGNORECASE), []),
        (lazystr(r"^https://.*$"), ["E273"]),
        (r"^(https://www\.example\.com|null)$", ["E275"]),
        (r"^https?://\w+\.example\.com$", ["W276"]),
        (r"^http://192\.168\.\d+\.\d+(:\d+)?$", ["W276"]),
        (r"^http://localhost:\d+$", ["W277"]),
        (r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$", ["W277"]),
        (re.compile(rb"^https://.*$"), []),
        (None, []),
        (7, []),
    ],
)
def test_patterns(settings: Any, pattern: Any, codes: list[str]) -> None:
    assert _pattern_codes(settings, pattern) == codes


def test_the_hint_about_plain_http_is_of_the_kind_of_the_setting(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [r"^http://www\.example\.com$"]
    [message] = cors.check_cors_patterns()
    hint = str(message.hint)
    assert hint == r'CORS_ALLOWED_ORIGIN_REGEXES = [r"^https://[a-z0-9-]+\.example\.com$"]'
    settings.CORS_ALLOWED_ORIGINS = ["http://www.example.com"]
    [message] = cors.check_cors_origins()
    assert message.hint == 'CORS_ALLOWED_ORIGINS = ["https://www.example.com"]'


def test_each_pattern_is_judged(settings: Any) -> None:
    settings.CORS_ORIGIN_REGEX_WHITELIST = (r"^https://.*$", r"^https://\w+\.a\.com$", r".*")
    assert ids(cors.check_cors_patterns()) == ["django_hardened.E273"] * 2


@pytest.mark.parametrize("value", [None, 7, "", {}, True, {"a": 1}, [None], [["https://a.b"]]])
def test_odd_values_do_not_raise(settings: Any, value: Any) -> None:
    for name in (
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_URLS_REGEX",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_ALLOW_ALL_ORIGINS",
    ):
        setattr(settings, name, value)
        codes_of(cors)


def test_the_unsafe_settings(settings: Any) -> None:
    settings.MIDDLEWARE = [COMMON, CORS]
    settings.CORS_ALLOW_ALL_ORIGINS = True
    settings.CORS_ALLOW_CREDENTIALS = True
    settings.CORS_ALLOWED_ORIGIN_REGEXES = [r"https://.*example.com"]
    assert codes_of(cors) == ["W280", "E270", "E273"]
