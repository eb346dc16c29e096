"""System checks, one module per topic. This is their inventory.

Checks judge the effective settings, wherever they came from, and are pure predicates: no socket is
opened, nothing is written.
"""

from __future__ import annotations

from django_hardened.checks import environment, hosts, installation, rest_framework, secrets
from django_hardened.checks.rules import Rule

DEPLOY_MODULES = (environment, secrets, hosts, rest_framework)
ALWAYS_MODULES = (installation,)

RULES: tuple[Rule, ...] = tuple(
    rule for module in (*DEPLOY_MODULES, *ALWAYS_MODULES) for rule in module.RULES
)
DEPLOY_CHECKS = tuple(check for module in DEPLOY_MODULES for check in module.CHECKS)
ALWAYS_CHECKS = tuple(check for module in ALWAYS_MODULES for check in module.CHECKS)
