"""System checks, one module per topic. This is their inventory.

Checks judge the effective settings, wherever they came from, and are pure predicates: no socket is
opened, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.checks import CheckMessage

from django_hardened.checks import (
    admin,
    api_output,
    api_packages,
    authentication,
    booleans,
    boot,
    browser_headers,
    caches,
    cookies,
    cors,
    csp,
    csp_sources,
    csrf,
    csrf_exempt,
    databases,
    env_file,
    environment,
    hosts,
    installation,
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
    rest_framework,
    secrets,
    serving,
    sessions,
    spelling,
    tasks,
    templates,
    throttles,
    tokens,
    transport,
    uploads,
    urls,
    versions,
    waivers,
)
from django_hardened.checks.rules import Rule

Check = Callable[..., list[CheckMessage]]

# What the settings alone decide: quick enough to be asked whenever a server process starts.
SETTINGS_MODULES = (
    *(environment, booleans, secrets, templates),  # 0xx
    *(hosts, pinning, proxies),  # 1xx
    *(transport, browser_headers, cookies, csrf, csp, csp_sources, cors),  # 2xx
    *(authentication, login_protection, passwords, sessions),  # 3xx
    *(tokens,),  # 4xx
    *(caches, databases, mail, tasks, uploads),  # 5xx
    *(process, logs, middleware, versions),  # 6xx
    *(spelling,),  # 9xx
)
# What takes the URLconf, or the files of the project.
PROJECT_MODULES = (
    *(literals, env_file),  # 0xx
    *(csrf_exempt,),  # 2xx
    *(admin,),  # 3xx
    *(rest_framework, throttles, api_output, api_packages),  # 4xx
    *(urls,),  # 6xx
    *(boot,),  # 9xx
)
# How this package is installed and what serves: asked by every command, not only for a deploy.
ALWAYS_MODULES = (installation, serving)
# What opens a connection: asked only with --database, like Django's own of that kind.
DATABASE_MODULES = (migrations,)

E990 = Rule(
    "E990",
    "The check {subject} failed with {error}: what it looks at is unknown, and may be unsafe.",
    "Repair the setting it reads, or report it: "
    "https://github.com/django-hardened/django-hardened/issues",
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
            return check(**kwargs)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other checks go on
            name = f"{check.__module__.removeprefix('django_hardened.checks.')}.{check.__name__}"
            # The type only: the message of an exception may quote a value.
            return [E990.found(subject=name, error=type(error).__name__)]

    return guard


def _checks(*modules: Any) -> tuple[Check, ...]:
    return tuple(guarded(check) for module in modules for check in module.CHECKS)


SETTINGS_CHECKS = _checks(*SETTINGS_MODULES)
DEPLOY_CHECKS = (*SETTINGS_CHECKS, *_checks(*PROJECT_MODULES))
ALWAYS_CHECKS = _checks(*ALWAYS_MODULES)
DATABASE_CHECKS = _checks(*DATABASE_MODULES)
