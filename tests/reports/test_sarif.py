"""The reference is the JSON schema that OASIS publishes; tests/data says where it is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, Warning
from findings_support import Source
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from reports_support import SETTINGS, VERDICTS

from django_hardened.checks import RULES
from django_hardened.gate import Verdict
from django_hardened.reports import sarif

SCHEMA = Path(__file__).resolve().parent.parent / "data" / "sarif-schema-2.1.0.json"
VALIDATOR = Draft4Validator(
    json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=Draft4Validator.FORMAT_CHECKER
)


def _run(verdicts: list[Verdict]) -> Any:
    """Return the only run of the report, which is valid."""
    report = sarif.render(verdicts)
    report.encode("ascii")  # any stream can take it
    log = json.loads(report)
    VALIDATOR.validate(log)
    [run] = log["runs"]
    return run


def _rules(run: Any) -> dict[str, Any]:
    return {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}


@pytest.fixture
def in_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    return Source(tmp_path, monkeypatch).in_effect


def test_the_schema_is_one() -> None:
    Draft4Validator.check_schema(VALIDATOR.schema)
    assert not VALIDATOR.is_valid({"version": "2.1.0"})


def test_nothing() -> None:
    run = _run([])
    assert run["results"] == run["tool"]["driver"]["rules"] == []
    assert run["properties"] == {"edge": []}


def test_the_edge_is_told(settings: Any) -> None:
    settings.HARDENED_EDGE = {"ssl_redirect", "hsts"}
    assert _run([])["properties"] == {"edge": ["hsts", "ssl_redirect"]}


def test_each_finding_is_a_result(in_effect: Any) -> None:
    with in_effect(SETTINGS):
        run = _run(VERDICTS)
    assert [(result["level"], result["ruleId"]) for result in run["results"]] == [
        ("error", "security.E024"),
        ("error", "django_hardened.E001"),
        ("error", "x.E1"),
        ("warning", ""),
        ("warning", "django_hardened.W700"),
        ("warning", "django_hardened.W700"),
        ("note", "x.I1"),
        ("note", "x.D1"),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) == 7
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_it_points_to_the_line(in_effect: Any) -> None:
    with in_effect(SETTINGS) as path:
        results = _run(VERDICTS)["results"]
    uri = f"{path.parent.name}/production.py"
    [location] = results[1]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": 2},
    }
    # A code host wants a file for each result.
    [elsewhere] = results[2]["locations"]
    assert elsewhere["physicalLocation"] == {"artifactLocation": {"uri": uri}}


def test_without_a_settings_module_it_points_nowhere(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sarif, "settings_file", lambda: None)
    [result] = _run([Verdict(Warning("text", id="x.W1"))])["results"]
    assert result["locations"] == []


def test_paths_are_uris(in_effect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_effect(SETTINGS, "in a: b% c") as path:
        [inside] = _run(VERDICTS[2:3])["results"]
        monkeypatch.chdir("/")
        monkeypatch.setattr("django_hardened.repository.Path.cwd", lambda: tmp_path / "other")
        [outside] = _run(VERDICTS[2:3])["results"]
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in (inside, outside)
    ]
    assert uris == [f"{path.parent.name}/in%20a%3A%20b%25%20c.py", path.as_uri()]


def test_a_result() -> None:
    result = _run(VERDICTS)["results"][2]
    assert result["message"] == {"text": "fact\nof two lines\nhint e"}
    assert result["partialFingerprints"] == {"finding/v1": "x.E1/an object"}
    assert "suppressions" not in result


def test_a_waived_result_is_suppressed() -> None:
    result = _run(VERDICTS)["results"][5]
    why = "a reason: 100 %, honestly (ops@example.com, until 2027-03-31)"
    assert result["suppressions"] == [{"kind": "external", "justification": why}]


def test_a_rule_of_ours() -> None:
    [known] = [rule for rule in RULES if rule.code == "E103"]
    rule = _rules(_run([Verdict(known.found(subject="com"))]))[known.id]
    fact = "ALLOWED_HOSTS has \u2026, under which strangers can register names."
    assert rule["shortDescription"] == rule["fullDescription"] == {"text": fact}
    assert "\u2026" not in rule["help"]["text"]
    assert rule["helpUri"].endswith("checks.md#django_hardenede103")
    assert rule["properties"]["tags"][0] == "security"
    assert rule["defaultConfiguration"] == {"level": "error"}


def test_the_tags_of_a_rule() -> None:
    [known] = [rule for rule in RULES if rule.code == "E001"]
    rule = _rules(_run([Verdict(known.found())]))[known.id]
    tags = ["security", f"external/cwe/cwe-{known.cwe:03}", f"ASVS-5.0-{known.asvs}"]
    assert rule["properties"] == {"tags": tags}


def test_a_rule_of_another_app() -> None:
    found = [Warning("first", id="x.W1"), Warning("second", hint="hint", id="x.W2")]
    rules = _rules(_run([*map(Verdict, found)]))
    assert rules["x.W1"]["help"] == {"text": "first"}
    assert rules["x.W2"]["help"] == {"text": "hint"}
    assert rules["x.W2"]["fullDescription"] == {"text": "second"}
    assert "helpUri" not in rules["x.W1"]


def test_every_rule_of_ours_can_be_told() -> None:
    found = [Warning("text", id=rule.id) for rule in RULES]
    rules = _rules(_run([*map(Verdict, found)]))
    assert len(rules) == len(RULES)
    for rule in rules.values():
        for text in (rule["fullDescription"]["text"], rule["help"]["text"]):
            assert text.strip()
            assert "{{" not in text


_TEXT = st.text(st.characters(exclude_categories=()), max_size=10)


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.builds(
            CheckMessage,
            level=st.integers(-1, 60),
            msg=_TEXT,
            hint=st.none() | _TEXT,
            obj=st.none() | _TEXT,
            id=st.none() | _TEXT | st.sampled_from(["security.W008", "django_hardened.E001"]),
        ),
        max_size=4,
    )
)
def test_anything_is_valid(found: list[CheckMessage]) -> None:
    assert len(_run([*map(Verdict, found)])["results"]) == len(found)
