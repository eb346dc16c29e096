from __future__ import annotations

from typing import Any

import django
import pytest
from checks_support import codes_of
from django.core.checks import CheckMessage
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.utils.functional import lazystr

from django_hardened.checks import csp, csp_sources
from django_hardened.checks.csp_policies import policies

CORE = "django.middleware.csp.ContentSecurityPolicyMiddleware"
PACKAGE = "csp.middleware.CSPMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
NONCE = "<CSP_NONCE_SENTINEL>"
STRICT = {"default-src": ["'none'"], "script-src": ["'self'"], "base-uri": ["'none'"]}
NOT_POLICIES: list[Any] = [None, {}, [], "default-src 'self'", 7, True]

core_only = pytest.mark.skipif(django.VERSION < (6, 0), reason="Django sends policies from 6.0 on")


class OddNonce:
    """As django-csp marks the place of its nonce."""

    def __repr__(self) -> str:
        return "csp.constants.NONCE"


class Frames(XFrameOptionsMiddleware):
    pass


@pytest.fixture(autouse=True)
def _both_middlewares_are_known(settings: Any) -> None:
    settings.MIDDLEWARE = [FRAMES, CORE]


def _sources(settings: Any, policy: Any) -> list[str]:
    settings.SECURE_CSP = policy
    return codes_of(csp_sources)


def _messages() -> list[CheckMessage]:
    return [message for module in (csp, csp_sources) for c in module.CHECKS for message in c()]


# -- Is it sent? ---------------------------------------------------------------------------------


def test_a_policy_that_is_sent(settings: Any) -> None:
    settings.SECURE_CSP = STRICT
    assert codes_of(csp) == []
    assert codes_of(csp_sources) == []


def test_a_policy_without_middleware(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django, "VERSION", (6, 0, 1, "final", 0))
    settings.SECURE_CSP = STRICT
    settings.MIDDLEWARE = [FRAMES]
    [message] = _messages()
    assert message.id == "django_hardened.E250"
    assert message.msg.startswith("SECURE_CSP is set")
    assert CORE in str(message.hint)
    settings.SECURE_CSP_REPORT_ONLY = STRICT
    assert codes_of(csp) == ["E250", "E250"]


def test_a_policy_that_django_does_not_know(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django, "VERSION", (5, 2, 19, "final", 0))
    settings.SECURE_CSP = STRICT
    settings.MIDDLEWARE = [FRAMES]
    assert codes_of(csp) == ["E251"]
    settings.MIDDLEWARE = [FRAMES, CORE]  # a backport under Django's own name
    assert codes_of(csp) == []


@pytest.mark.parametrize(
    "middleware",
    [
        "backport.CSPMiddleware",
        "my.content_security_policy.middleware",
        "my.ContentSecurityPolicy",
        "my.SecurityMiddleware",
        "my.middleware.security_headers",
    ],
)
def test_a_middleware_of_the_projects_own(settings: Any, middleware: str) -> None:
    settings.MIDDLEWARE = [FRAMES, middleware]
    assert codes_of(csp) == []
    settings.SECURE_CSP = STRICT
    assert codes_of(csp) == []


@pytest.mark.parametrize("directives", [STRICT, {}])
def test_django_csp(settings: Any, monkeypatch: pytest.MonkeyPatch, directives: Any) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
    settings.MIDDLEWARE = [FRAMES, "django.middleware.security.SecurityMiddleware"]
    monkeypatch.setattr(csp, "find_spec", lambda name: None)
    assert codes_of(csp) == []  # nobody but the project reads it
    monkeypatch.setattr(csp, "find_spec", lambda name: name)
    assert codes_of(csp) == ["E250"]
    settings.MIDDLEWARE = [FRAMES, PACKAGE]
    assert codes_of(csp) == []


def test_the_other_packages_middleware_does_not_count(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csp, "find_spec", lambda name: name)
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": STRICT}
    settings.MIDDLEWARE = [CORE]
    assert codes_of(csp) == ["E250"]


def test_a_proxy_sends_it(settings: Any) -> None:
    settings.HARDENED_EDGE = {"csp"}
    settings.MIDDLEWARE = []
    assert codes_of(csp) == []
    settings.SECURE_CSP = {"default-src": ["'self'"]}
    assert codes_of(csp) == []
    assert codes_of(csp_sources) == []


@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        ({"default-src": ["*"]}, ["E260"]),
        ({"script-src": ["https:", "'unsafe-inline'", "'unsafe-eval'"]}, ["W261", "W262", "W263"]),
        ({"script-src": ["unpkg.com"]}, ["W266"]),
        ({"img-src": ["*"], "frame-ancestors": ["*"]}, ["W265"]),
        # What it lacks, the other policy may have.
        ({"img-src": ["*"]}, []),
        ({"script-src": ["'self'"]}, []),
        ({}, []),
    ],
)
def test_a_proxy_that_sends_one_excuses_no_unsafe_source(
    settings: Any, policy: Any, codes: list[str]
) -> None:
    settings.HARDENED_EDGE = {"csp"}
    assert _sources(settings, policy) == codes


def test_two_packages(settings: Any) -> None:
    settings.SECURE_CSP = STRICT
    settings.MIDDLEWARE = [CORE, PACKAGE]
    assert codes_of(csp) == ["W252"]


# -- Nonces --------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["SECURE_CSP", "SECURE_CSP_REPORT_ONLY"])
def test_a_nonce_that_no_template_gets(settings: Any, setting: str) -> None:
    setattr(settings, setting, {**STRICT, "script-src": [NONCE]})
    assert "W253" in codes_of(csp)
    settings.TEMPLATES = [
        {"OPTIONS": {"context_processors": ["django.template.context_processors.csp"]}}
    ]
    assert "W253" not in codes_of(csp)


def test_a_nonce_of_django_csp_needs_no_context_processor(settings: Any) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**STRICT, "script-src": [OddNonce()]}}
    settings.MIDDLEWARE = [FRAMES, PACKAGE]
    [policy] = policies()
    assert policy.has_nonce
    assert codes_of(csp) == []


# -- Is it enforced? -----------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", NOT_POLICIES)
@pytest.mark.parametrize(
    "setting",
    ["SECURE_CSP", "SECURE_CSP_REPORT_ONLY", "CONTENT_SECURITY_POLICY", "CSP_DEFAULT_SRC"],
)
def test_no_policy(settings: Any, setting: str, nothing: Any) -> None:
    if setting != "CSP_DEFAULT_SRC" or nothing is None:
        setattr(settings, setting, nothing)
    assert codes_of(csp) == ["I255"]
    assert codes_of(csp_sources) == []


def test_django_csp_3_has_a_policy_of_its_own(settings: Any) -> None:
    settings.MIDDLEWARE = [PACKAGE]
    assert codes_of(csp) == []


@pytest.mark.parametrize("setting", ["SECURE_CSP", "CONTENT_SECURITY_POLICY"])
def test_a_policy_that_only_reports(settings: Any, setting: str) -> None:
    policy: Any = (
        {"DIRECTIVES": {}} if setting == "CONTENT_SECURITY_POLICY" else {"default-src": ["*"]}
    )
    settings.MIDDLEWARE = [FRAMES, CORE if setting == "SECURE_CSP" else PACKAGE]
    setattr(settings, f"{setting}_REPORT_ONLY", policy)
    [message] = _messages()
    assert message.id == "django_hardened.I256"
    assert f"to {setting} when" in str(message.hint)
    setattr(settings, setting, {"DIRECTIVES": STRICT} if "CONTENT" in setting else STRICT)
    assert codes_of(csp) == []


@pytest.mark.parametrize("prefixes", [["/"], ("/admin/", ""), {"/"}])
def test_every_path_is_exempt(settings: Any, prefixes: Any) -> None:
    settings.MIDDLEWARE = [FRAMES, PACKAGE]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": STRICT, "EXCLUDE_URL_PREFIXES": prefixes}
    assert codes_of(csp) == ["E254"]


@pytest.mark.parametrize("prefixes", [["/admin/"], None, "/", 7])
def test_some_paths_are_exempt(settings: Any, prefixes: Any) -> None:
    settings.MIDDLEWARE = [FRAMES, PACKAGE]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": STRICT, "EXCLUDE_URL_PREFIXES": prefixes}
    assert codes_of(csp) == []


# -- What it admits ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"script-src": ["*"]}, ["E260"]),
        ({"script-src": ["'self'", "data:"]}, ["E260"]),
        ({"script-src": ("'self'", "HTTP:")}, ["E260"]),
        ({"script-src": "'self' http://*"}, ["E260"]),
        ({"script-src": ["*", "https:"]}, ["E260"]),
        ({"script-src-elem": ["*"]}, ["E260"]),
        ({"Script-Src": {"*"}}, ["E260"]),
        ({"script-src": ["'self'", "https:"]}, ["W261"]),
        ({"script-src": ["https://*"]}, ["W261"]),
        ({"script-src": ["'self'", "'unsafe-inline'"]}, ["W262"]),
        ({"script-src-attr": ["'unsafe-inline'"]}, ["W262"]),
        ({"script-src": ["'self'", lazystr("'unsafe-eval'")]}, ["W263"]),
        ({"script-src": ["https://cdn.jsdelivr.net"]}, ["W266"]),
        ({"script-src-elem": ["unpkg.com/", "https://cdn.jsdelivr.net/npm/"]}, ["W266"]),
        ({"script-src": ["'self'", "https://CDNJS.cloudflare.com:443/ajax/libs/"]}, ["W266"]),
        ({"script-src": ["https://*.googleapis.com", "*.com"]}, ["W266"]),
        ({"script-src": ["*.cloudfront.net"]}, ["W266"]),
        ({"script-src": ["https://*.s3.eu-west-1.amazonaws.com"]}, ["W266"]),
        ({"script-src": ["https://s3.eu-west-1.amazonaws.com"]}, ["W266"]),
        ({"script-src": [NONCE, "https://raw.githubusercontent.com"]}, ["W266"]),
        ({"script-src": ["https:", "unpkg.com"]}, ["W261"]),
        # Near misses.
        ({"script-src": [NONCE, "'strict-dynamic'", "https://unpkg.com"]}, []),
        ({"script-src": ["https://unpkg.com/htmx.org@2.0.4/dist/htmx.min.js"]}, []),
        ({"script-src": ["https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/"]}, []),
        ({"script-src": ["https://s3.amazonaws.com/assets-of-ours/"]}, []),
        ({"script-src": ["https://assets-of-ours.s3.amazonaws.com", "d1.cloudfront.net"]}, []),
        ({"script-src": ["https://maps.googleapis.com", "https://*.example.github.io"]}, []),
        ({"style-src": ["https://cdn.jsdelivr.net"]}, []),
        ({"script-src": ["'self'", "https://*.example.com", "blob:"]}, []),
        ({"script-src": ["'self'", "'wasm-unsafe-eval'"]}, []),
        ({"script-src": [NONCE, "'unsafe-inline'"]}, []),
        ({"script-src": ["'nonce-abc'", "'unsafe-inline'"]}, []),
        ({"script-src": ["'sha256-AbC='", "'unsafe-inline'"]}, []),
        ({"script-src": [NONCE, "'strict-dynamic'", "'unsafe-inline'", "https:", "*"]}, []),
        ({"style-src": ["'self'", "'unsafe-inline'", "https:"], "img-src": ["*", "data:"]}, []),
        # A nonce switches no host off, and nothing switches eval off.
        ({"script-src": [NONCE, "https:"]}, ["W261"]),
        ({"script-src": [NONCE, "'strict-dynamic'", "'unsafe-eval'"]}, ["W263"]),
    ],
)
def test_sources(settings: Any, changes: Any, codes: list[str]) -> None:
    policy = {name: value for name, value in STRICT.items() if name not in map(str.lower, changes)}
    assert _sources(settings, {**policy, **changes}) == codes


def test_default_src_stands_in(settings: Any) -> None:
    closed = {"object-src": "'none'", "base-uri": "'none'"}
    assert _sources(settings, {"default-src": ["*"], **closed}) == ["E260"]
    assert _sources(settings, {"default-src": ["*"], "script-src": "'self'", **closed}) == []


def test_a_message_names_every_offence_once(settings: Any) -> None:
    settings.SECURE_CSP = {"script-src": ["*", "data:"], "script-src-elem": ["*"], "base-uri": "x"}
    messages = [m for check in csp_sources.CHECKS for m in check()]
    assert [message.id for message in messages] == ["django_hardened.E260", "django_hardened.W265"]
    assert messages[0].msg.endswith("script-src * data:, script-src-elem *.")


@pytest.mark.parametrize(
    "policy", [{"frame-ancestors": "'none'"}, {"upgrade-insecure-requests": 1}]
)
def test_a_policy_without_scripts(settings: Any, policy: Any) -> None:
    assert _sources(settings, policy) == ["W264"]


@pytest.mark.parametrize("absent", [None, False])
def test_what_is_left_out_is_missing(settings: Any, absent: Any) -> None:
    policy = {"default-src": ["'self'"], "object-src": ["'none'"], "base-uri": absent}
    settings.SECURE_CSP = policy
    [message] = [m for check in csp_sources.CHECKS for m in check()]
    assert message.id == "django_hardened.W265"
    assert message.msg.endswith(": base-uri.")
    assert message.hint == 'Write "base-uri": ["\'none\'"].'


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"object-src": ["*"]}, "object-src *"),
        ({"object-src": ["'self'", "data:"]}, "object-src 'self' data:"),
        ({"base-uri": "https:"}, "base-uri https:"),
        ({"form-action": ["*"]}, "form-action *"),
        ({"form-action": {"http:"}}, "form-action http:"),
        ({"frame-ancestors": ["https://*"]}, "frame-ancestors https://*"),
        ({"object-src": ["*"], "base-uri": ["*"]}, "object-src *, base-uri *"),
        # Near misses.
        ({"object-src": ["https://plugins.example.com"]}, ""),
        ({"base-uri": ["'self'"]}, ""),
        ({"form-action": ["'self'", "https:"]}, ""),  # a login elsewhere
        ({"form-action": ["https://*.example.com"]}, ""),
        ({"frame-ancestors": ["https://*.example.com"]}, ""),
        ({"frame-ancestors": []}, ""),
        ({"frame-src": ["*"], "child-src": ["*"]}, ""),
    ],
    ids=repr,
)
def test_what_is_written_and_open(settings: Any, changes: dict[str, Any], shown: str) -> None:
    settings.SECURE_CSP = {**STRICT, **changes}
    messages = [m for check in csp_sources.CHECKS for m in check()]
    assert [m.msg.partition("closes: ")[2] for m in messages] == ([f"{shown}."] if shown else [])


def test_a_policy_without_scripts_that_opens_frames(settings: Any) -> None:
    assert _sources(settings, {"frame-ancestors": "*"}) == ["W264", "W265"]


def test_missing_directives_are_one_finding(settings: Any) -> None:
    settings.MIDDLEWARE = [CORE]
    settings.SECURE_CSP = {"default-src": ["'self'"]}
    [message] = [m for check in csp_sources.CHECKS for m in check()]
    assert message.msg.endswith("closes: base-uri, frame-ancestors.")
    settings.SECURE_CSP = {"script-src": ["'self'"]}
    [message] = [m for check in csp_sources.CHECKS for m in check()]
    assert message.msg.endswith("closes: object-src, base-uri, frame-ancestors.")


@pytest.mark.parametrize("frames", [FRAMES, f"{__name__}.Frames", "not.installed.MyFrames"])
def test_frames(settings: Any, frames: str) -> None:
    settings.MIDDLEWARE = [CORE, frames]
    settings.SECURE_CSP = STRICT
    assert codes_of(csp_sources) == (["W265"] if frames.startswith("not") else [])
    settings.HARDENED_EDGE = ["headers"]
    assert codes_of(csp_sources) == []


def test_the_unsafe_settings(settings: Any) -> None:
    settings.MIDDLEWARE = [FRAMES]
    policy = {"default-src": ["*", "'unsafe-inline'", "'unsafe-eval'", "data:"]}
    assert _sources(settings, policy) == ["E260", "W262", "W263", "W265"]


def test_django_csp_adds_a_default(settings: Any) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": ["not", "a", "dictionary"]}
    [policy] = policies()
    assert policy.directives == {"default-src": ("'self'",)}
    assert codes_of(csp_sources) == ["W265"]


def test_django_csp_3(settings: Any) -> None:
    settings.MIDDLEWARE = [FRAMES, PACKAGE]
    settings.CSP_SCRIPT_SRC = ("'self'", "'unsafe-inline'", "https:")
    settings.CSP_OBJECT_SRC = settings.CSP_BASE_URI = ["'none'"]
    settings.CSP_EXCLUDE_URL_PREFIXES = ("/",)
    assert codes_of(csp) == ["E254"]
    assert codes_of(csp_sources) == ["W261", "W262"]
    settings.CSP_INCLUDE_NONCE_IN = ["script-src"]
    assert codes_of(csp_sources) == ["W261"]
    settings.CSP_REPORT_ONLY = True
    assert codes_of(csp) == ["E254", "I256"]
    assert codes_of(csp_sources) == []


@core_only
def test_the_same_words_as_django() -> None:
    from django.utils.csp import CSP

    assert str(CSP.NONCE) == NONCE


@pytest.mark.parametrize(
    "values",
    [None, 7, [], [None], {"default-src": 7}, {7: [8]}, {"a": {"b": 1}}, {None: None}, {"a": True}],
)
@pytest.mark.parametrize("setting", ["SECURE_CSP", "CONTENT_SECURITY_POLICY"])
def test_odd_values_do_not_raise(settings: Any, setting: str, values: Any) -> None:
    setattr(settings, setting, values)
    assert all(message.id for message in _messages())
    setattr(settings, setting, {"DIRECTIVES": values})
    assert all(message.id for message in _messages())
