"""System checks, one module per topic. This is their inventory.

Checks judge the effective settings, wherever they came from, and are pure predicates: no socket is
opened, nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.checks import CheckMessage
from django.core.checks.registry import CheckRegistry, registry

from django_hardened.checks import (
    admin,
    api_keys,
    api_output,
    api_packages,
    authentication,
    booleans,
    boot,
    browser_headers,
    cache_privacy,
    cached_views,
    caches,
    cookie_scope,
    cookies,
    cors,
    csp,
    csp_sources,
    csrf,
    csrf_exempt,
    databases,
    endpoints,
    env_file,
    environment,
    failures,
    headers,
    host_settings,
    hosts,
    installation,
    internal_ips,
    limit_counts,
    limit_stores,
    literals,
    login_protection,
    logs,
    mail,
    middleware,
    migrations,
    passwords,
    pinning,
    process,
    proxies,
    proxy_ssl_header,
    rest_framework,
    secrets,
    serving,
    sessions,
    setting_types,
    spelling,
    tasks,
    templates,
    throttle_rates,
    throttles,
    token_cookies,
    tokens,
    transport,
    uploads,
    urls,
    versions,
    waivers,
)
from django_hardened.checks.once import one_run
from django_hardened.checks.rules import Rule

Check = Callable[..., list[CheckMessage]]

# What the settings alone decide: quick enough to be asked whenever a server process starts.
SETTINGS_MODULES = (
    *(environment, booleans, secrets, templates),  # 0xx
    *(hosts, host_settings, pinning, proxies, proxy_ssl_header, internal_ips),  # 1xx
    *(transport, browser_headers, cookies, cookie_scope),
    *(csrf, csp, csp_sources, cors, headers),  # 2xx
    *(authentication, login_protection, passwords, sessions),  # 3xx
    *(throttle_rates, tokens, token_cookies),  # 4xx
    *(caches, cache_privacy, api_keys, databases, limit_counts, limit_stores),  # 5xx
    *(mail, tasks, uploads),
    *(process, logs, middleware, versions),  # 6xx
    *(spelling, setting_types),  # 9xx
)
# What takes the URLconf, or the files of the project.
PROJECT_MODULES = (
    *(literals, env_file),  # 0xx
    *(csrf_exempt,),  # 2xx
    *(admin,),  # 3xx
    *(rest_framework, throttles, api_output, api_packages, endpoints),  # 4xx
    *(cached_views,),  # 5xx
    *(urls,),  # 6xx
    *(boot,),  # 9xx
)
# How this package is installed and what serves: asked by every command, not only for a deploy.
ALWAYS_MODULES = (installation, serving)
# What opens a connection: asked only with --database, like Django's own of that kind.
DATABASE_MODULES = (migrations,)

E990 = Rule(
    "E990",
    "The check {check} failed with {error}: what it looks at is unknown, and may be unsafe.",
    "Repair the setting or the module that it reads. If they are right, report it to the authors "
    "of the check; ours: https://github.com/django-hardened/django-hardened/issues",
)
RULES: tuple[Rule, ...] = (
    *(
        rule
        for module in (
            *SETTINGS_MODULES,
            *PROJECT_MODULES,
            *ALWAYS_MODULES,
            *DATABASE_MODULES,
            waivers,  # which the gate judges
        )
        for rule in module.RULES
    ),
    E990,
)


def guarded(check: Check) -> Check:
    """Return ``check``, except that an exception in it is a finding too."""

    @wraps(check)
    def guard(**kwargs: Any) -> list[CheckMessage]:
        try:
            return list(check(**kwargs))
        except Exception as error:  # noqa: BLE001  # whatever it is, the other checks go on
            function = getattr(check, "__qualname__", type(check).__qualname__)
            name = f"{check.__module__.removeprefix('django_hardened.checks.')}.{function}"
            return [E990.found(subject=name, check=name, error=failures.describe(error))]

    return guard


def run_checks(**options: Any) -> list[CheckMessage]:
    """Do what ``django.core.checks.run_checks`` does, with every check guarded.

    Django's own and those of other apps raise where a backend is not installed, or the URLconf
    cannot be imported. Which of them run is left to the Django that is in use.
    """
    registered: Any = registry
    guards: Any = CheckRegistry()
    guards.registered_checks = {*map(guarded, registered.registered_checks)}
    guards.deployment_checks = {*map(guarded, registered.deployment_checks)}
    with one_run():
        found: list[Any] = guards.run_checks(**options)
    failed = sorted((m for m in found if m.id == E990.id), key=lambda m: str(m.subject))
    if any(message.id == setting_types.E906.id for message in found):
        failed = [message for message in failed if _cause(message) not in _OF_A_WRONG_KIND]
    groups: dict[str, list[Any]] = {}
    for message in failed:
        groups.setdefault(_cause(message), []).append(message)
    causes = [_merged(cause, group) for cause, group in groups.items()]
    return [*(message for message in found if message.id != E990.id), *causes]


# What Django's own checks meet in a setting of the wrong kind, which E906 has named.
_OF_A_WRONG_KIND = frozenset({"AttributeError", "TypeError"})
_PLACE = re.compile(r" (?:\(module |in )")


def _cause(message: CheckMessage) -> str:
    """Return what is broken: many checks read one URLconf, or one setting of the wrong type."""
    named = re.search(r" failed with (\w+(?: (?:\(module |in ).*)?)", str(message.msg))
    return named[1] if named else str(message.msg)


def _merged(cause: str, group: list[Any]) -> CheckMessage:
    """Return one message for all that have failed for one cause."""
    if len(group) == 1 or _PLACE.search(cause):
        first: CheckMessage = group[0]
        return first
    # By its type alone it may be two mistakes: all are named, so that a waiver covers no other.
    names = [str(message.subject) for message in group]
    check = f"{names[0]} and {len(names) - 1} more"
    return E990.found(subject=", ".join(names), check=check, error=cause)


def _checks(*modules: Any) -> tuple[Check, ...]:
    return tuple(guarded(check) for module in modules for check in module.CHECKS)


SETTINGS_CHECKS = _checks(*SETTINGS_MODULES)
DEPLOY_CHECKS = (*SETTINGS_CHECKS, *_checks(*PROJECT_MODULES))
ALWAYS_CHECKS = _checks(*ALWAYS_MODULES)
DATABASE_CHECKS = _checks(*DATABASE_MODULES)
