"""The inventory of checks, the pages that document it, and Django's ids that it speaks of."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from string import Formatter
from types import ModuleType

import pytest
from django.core.checks import ERROR, INFO, WARNING, CheckMessage
from django.core.checks.security import base, csrf, sessions

from django_hardened import checks
from django_hardened.checks.rules import Rule

DOCS_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"

MODULES = [
    import_module(f"{checks.__name__}.{module.name}") for module in iter_modules(checks.__path__)
]
# What several modules of checks share.
MODULES = [module for module in MODULES if hasattr(module, "CHECKS")]
LISTED = (
    *checks.SETTINGS_MODULES,
    *checks.PROJECT_MODULES,
    *checks.ALWAYS_MODULES,
    *checks.DATABASE_MODULES,
    checks.waivers,
)


def _codes(text: str) -> set[str]:
    return set(re.findall(r"\b[EWI]\d{3}\b", text))


def test_every_module_is_listed_once() -> None:
    assert len(LISTED) == len(set(LISTED))
    assert set(LISTED) == set(MODULES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_rule_and_check_of_a_module_is_listed(module: ModuleType) -> None:
    rules = {name: value for name, value in vars(module).items() if isinstance(value, Rule)}
    functions = [value for name, value in vars(module).items() if name.startswith("check_")]
    assert list(rules.values()) == list(module.RULES)
    assert [rule.code for rule in module.RULES] == list(rules)
    assert functions == list(module.CHECKS)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_ids_of_a_module_are_of_its_range(module: ModuleType) -> None:
    announced = re.match(r"(\d)xx: ", module.__doc__ or "")
    assert announced
    assert {rule.code[1] for rule in module.RULES} == {announced[1]}


def test_the_inventory_is_the_sum_of_the_modules() -> None:
    rules = [rule for module in LISTED for rule in module.RULES]
    assert [*rules, checks.E990] == list(checks.RULES)
    bound = (*checks.DEPLOY_CHECKS, *checks.ALWAYS_CHECKS, *checks.DATABASE_CHECKS)
    assert [check.__wrapped__ for check in bound] == [
        check for module in LISTED for check in module.CHECKS
    ]


def test_ids_and_numbers_are_unique() -> None:
    numbers = [rule.code[1:] for rule in checks.RULES]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"[EWI]\d{3}", rule.code) for rule in checks.RULES)
    assert all(rule.id == f"django_hardened.{rule.code}" for rule in checks.RULES)


def test_only_what_judges_the_installation_runs_always() -> None:
    assert {rule.code[1] for module in checks.ALWAYS_MODULES for rule in module.RULES} == {"9"}


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_is_wrong_and_what_to_type(rule: Rule) -> None:
    names = {name for _, name, _, _ in Formatter().parse(rule.fact + rule.hint) if name}
    particulars = {name: f"<{name}>" for name in names}
    message = rule.found(**particulars)
    assert message.level == {"E": ERROR, "W": WARNING, "I": INFO}[rule.code[0]]
    assert message.id == rule.id
    assert message.msg
    assert message.hint
    assert "{" not in message.msg
    assert str(message).count(rule.id) == 1


# -- Hints ---------------------------------------------------------------------------------------

# A sentence begins with a word; a shell reads "#" as Python does.
PROSE = re.compile(r"[A-Z][a-z]* ")
COMMANDS = ("chmod ", "echo ", "git ", "python ")


def _is_code_or_prose(rule: Rule) -> bool:
    names = {name for _, name, _, _ in Formatter().parse(rule.fact + rule.hint) if name}
    hint = str(rule.found(**{name: name for name in names}).hint)
    try:
        return bool(
            PROSE.match(hint)
            or (hint.startswith(COMMANDS) and shlex.split(hint, comments=True))
            or ast.parse(hint).body
        )
    except SyntaxError:
        return False


@pytest.mark.parametrize(
    "rule",
    checks.RULES,
    ids=lambda rule: rule.code,
)
def test_a_hint_that_begins_with_code_is_code(rule: Rule) -> None:
    assert _is_code_or_prose(rule)


# What may be typed into a settings module, wherever in a hint it stands.
ASSIGNMENT = re.compile(r"(?<![\w.'\"])[A-Z][A-Z_]+(?:\[[^\[\]]*\])* (?:[+|]?=) |urlpatterns \+= ")


def _pasted(hint: str) -> list[ast.AST | None]:
    """Return the code of each assignment in ``hint``, as much of it as compiles; None for none."""
    trees: list[ast.AST | None] = []
    for match in ASSIGNMENT.finditer(hint):
        code = hint[match.start() :].partition("  # ")[0]
        for end in range(len(code), match.end() - match.start(), -1):
            try:
                trees.append(ast.parse(code[:end]))
            except SyntaxError:
                continue
            break
        else:
            trees.append(None)
    return trees


@pytest.mark.parametrize("rule", checks.RULES, ids=lambda rule: rule.code)
def test_the_code_in_a_hint_can_be_pasted(rule: Rule) -> None:
    names = {name for _, name, _, _ in Formatter().parse(rule.fact + rule.hint) if name}
    hint = str(rule.found(**{name: name for name in names}).hint)
    assert "..." not in hint
    assert None not in _pasted(hint)


def test_what_cannot_be_pasted_is_seen() -> None:
    assert _pasted("Write NAMES = [") == [None]
    assert None not in _pasted('Write NAMES["a"] = ["b"]; or nothing.')
    assert _pasted("Set DEBUG=false in the environment.") == []


def test_the_code_of_the_page_compiles() -> None:
    page = DOCS_PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        ast.parse(textwrap.dedent(block))


def test_rules_are_told_apart_by_their_facts() -> None:
    assert len({rule.fact for rule in checks.RULES}) == len(checks.RULES)


def test_a_finding_has_no_braces_but_its_own() -> None:
    rule = Rule("E999", "Has {what}.", "Write {{}} for {what}.")
    message = rule.found(what="{0} {what}")
    assert message.msg == "Has {0} {what}."
    assert message.hint == "Write {} for {0} {what}."


def test_what_is_replaced_exists_in_django() -> None:
    known = {
        value.id
        for module in (base, csrf, sessions)
        for value in vars(module).values()
        if isinstance(value, CheckMessage)
    } | {"security.W027"}  # since Django 6.1
    assert {twin for rule in checks.RULES for twin in rule.replaces} <= known


# -- The reference -------------------------------------------------------------------------------


def test_references_are_well_formed() -> None:
    assert all(re.fullmatch(r"(\d+\.\d+\.\d+)?", rule.asvs) for rule in checks.RULES)
    assert all(rule.cwe >= 0 for rule in checks.RULES)


def test_the_page_has_the_references_of_the_rules_on_keys_and_hosts() -> None:
    page = DOCS_PAGE.read_text(encoding="utf-8")
    pattern = r"^### django_hardened\.(\w+)\n(.*?)(?=^##|\Z)"
    sections = dict(re.findall(pattern, page, re.MULTILINE | re.DOTALL))
    for rule in checks.RULES:
        if rule.code[1:] in {f"01{n}" for n in range(8)} | {"102", "103", "112", "205", "226"}:
            assert rule.cwe
            assert f"CWE-{rule.cwe}]" in sections[rule.code]
            assert not rule.asvs or f"ASVS {rule.asvs}" in sections[rule.code]


def test_every_rule_is_documented() -> None:
    page = DOCS_PAGE.read_text(encoding="utf-8")
    headings = "\n".join(re.findall(r"^(?:#+ .*|\(.*\)=)$", page, re.MULTILINE))
    assert {rule.code.lower() for rule in checks.RULES} - {
        code.lower() for code in re.findall(r"\b[EWIewi]\d{3}\b", headings)
    } == set()


def test_the_reference_has_no_rule_that_does_not_exist() -> None:
    page = DOCS_PAGE.read_text(encoding="utf-8")
    ours = re.sub(r"security\.[EWI]\d{3}|mail\.[EWI]\d{3}", "", page)
    known = {rule.code for rule in checks.RULES}
    known |= {twin.partition(".")[2] for rule in checks.RULES for twin in rule.replaces}
    assert _codes(ours) - known == set()
    assert set(re.findall(r"django_hardened\.([EWI]\d{3})", page)) <= {r.code for r in checks.RULES}


def test_what_a_rule_replaces_is_documented_with_it() -> None:
    page = DOCS_PAGE.read_text(encoding="utf-8")
    twins = {twin for rule in checks.RULES for twin in rule.replaces}
    assert {twin for twin in twins if twin not in page} == set()


def test_an_exception_in_a_check_is_a_finding_without_its_message() -> None:
    def check_something(**kwargs: object) -> list[CheckMessage]:
        raise ValueError("hunter2")

    [message] = checks.guarded(check_something)(app_configs=None)
    assert message.id == "django_hardened.E990"
    assert "check_something failed with ValueError" in message.msg
    assert "hunter2" not in str(message)
