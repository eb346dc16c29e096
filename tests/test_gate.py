from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from checks_support import ids
from django.core.checks import CheckMessage, Critical, Debug, Error, Info, Warning
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from django_hardened import gate
from django_hardened.checks import RULES
from django_hardened.checks.rules import Rule
from django_hardened.gate import Verdict
from django_hardened.waivers import (
    Waiver,
    Waivers,
    append_waivers,
    read_waivers,
    says_something,
    today,
)

DAY = date(2027, 3, 31)
YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)

W700 = Rule("W700", "{setting} has {subject!r}.", "Repair it.", setting="SOME_SETTING")


def _messages(*found: str) -> list[CheckMessage]:
    return [Error(f"text of {id_}", id=id_) for id_ in found]


def _waiver(id_: str = "W700", expires: date = DAY, **changes: Any) -> Waiver:
    return Waiver(id_, "a reason", "ops@example.com", expires, **changes)


def _apply(messages: list[CheckMessage], *waivers: Waiver, **options: Any) -> list[Verdict]:
    return gate.apply_waivers(messages, Waivers(waivers), on=DAY, **options)


def _open(verdicts: list[Verdict]) -> list[str]:
    return ids(verdict.message for verdict in verdicts if verdict.is_open)


# -- Running -------------------------------------------------------------------------------------


def test_options_reach_the_checks_of_django(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def record(**options: Any) -> list[CheckMessage]:
        calls.append(options)
        return _messages("models.E001")

    monkeypatch.setattr(gate, "run_checks", record)
    assert ids(gate.run(tags=["security"], databases=["default"])) == ["models.E001"]
    assert calls == [{"tags": ["security"], "databases": ["default"]}]


def test_a_repetition_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = _messages("security.W018", "django_hardened.E001")
    monkeypatch.setattr(gate, "run_checks", lambda **options: messages)
    assert ids(gate.run()) == ["django_hardened.E001"]


def test_without_deployment_checks_there_is_nothing_to_say() -> None:
    assert ids(gate.run()) == []


# -- Silenced and waived -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "hidden"),
    [
        ("models.W042", True),
        ("rest_framework.W001", True),
        ("security.W008", False),
        ("django_hardened.E001", False),
        ("django_hardened.E910", False),
    ],
)
def test_nothing_about_security_can_be_silenced(settings: Any, id_: str, hidden: bool) -> None:
    [message] = _messages(id_)
    assert Verdict(message).is_open
    assert not Verdict(message).is_silenced
    settings.SILENCED_SYSTEM_CHECKS = [id_]
    assert message.is_silenced()
    assert Verdict(message).is_silenced is hidden
    assert Verdict(message).is_open is not hidden


def test_a_waived_finding_is_not_open() -> None:
    assert not Verdict(_messages("models.W042")[0], _waiver()).is_open


def test_a_waived_finding_is_not_counted_as_silenced_too(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = ["models.W042"]
    assert not Verdict(_messages("models.W042")[0], _waiver()).is_silenced


def test_a_message_without_an_id_is_open() -> None:
    assert Verdict(Warning("text")).is_open


# -- Waivers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["django_hardened.W700", "W700"])
@pytest.mark.parametrize("object_", [None, "x"])
def test_a_waiver_covers_a_finding(id_: str, object_: str | None) -> None:
    waiver = _waiver(id_, object=object_)
    [verdict] = _apply([W700.found(subject="x")], waiver)
    assert verdict.waiver is waiver


@pytest.mark.parametrize("id_", ["security.W008", "models.W042", "W042"])
def test_a_waiver_covers_findings_of_others(id_: str) -> None:
    [verdict] = _apply(_messages(id_), _waiver(id_))
    assert verdict.waiver


@pytest.mark.parametrize(
    ("ours", "twin"), [(rule.id, twin) for rule in RULES for twin in rule.replaces]
)
def test_the_waiver_of_a_twin_covers_what_replaces_it(ours: str, twin: str) -> None:
    [verdict] = _apply(_messages(ours), _waiver(twin))
    assert verdict.waiver


def test_an_object_is_about_one_subject_only() -> None:
    found = [W700.found(subject=subject) for subject in ("x", "y", "")]
    verdicts = _apply(found, _waiver(object="y"))
    assert [verdict.is_open for verdict in verdicts] == [True, False, True]


@pytest.mark.parametrize("id_", ["W70", "W7000", "700", "django_hardened", "x.W700", ""])
def test_another_id_covers_nothing(id_: str) -> None:
    verdicts = _apply([W700.found()], _waiver(id_), complete=False)
    assert _open(verdicts) == ["django_hardened.W700"]


def test_the_last_day_still_counts() -> None:
    assert _open(_apply([W700.found()], _waiver(expires=DAY))) == []


def test_an_expired_waiver_is_an_error_next_to_what_it_no_longer_covers() -> None:
    waiver = _waiver(expires=YESTERDAY, object="x")
    found, about = _apply([W700.found(subject="x")], waiver)
    assert found.waiver is None
    assert _open([found, about]) == ["django_hardened.W700", "django_hardened.E910"]
    assert about.message.level == 40
    assert about.message.msg == (
        "The waiver of W700 (x) expired on 2027-03-30; ops@example.com gave as its reason: a reason"
    )


@pytest.mark.parametrize("first", [0, 1])
def test_an_expired_waiver_with_a_successor_is_history(first: int) -> None:
    waivers = [_waiver(expires=YESTERDAY), _waiver(expires=TOMORROW)]
    [verdict] = _apply([W700.found()], waivers[first], waivers[1 - first])
    assert verdict.waiver == waivers[1]


def test_an_expired_waiver_half_of_which_has_a_successor() -> None:
    waivers = [_waiver(expires=YESTERDAY), _waiver(expires=TOMORROW, object="x")]
    found = [W700.found(subject="x"), W700.found(subject="y")]
    verdicts = _apply(found, *waivers)
    assert _open(verdicts) == ["django_hardened.W700", "django_hardened.E910"]


@pytest.mark.parametrize("expires", [YESTERDAY, TOMORROW])
def test_an_idle_waiver(expires: date) -> None:
    [about] = _apply([], _waiver(expires=expires, object="x"))
    assert _open([about]) == ["django_hardened.W912"]
    assert about.message.level == 30
    assert "W700 (x)" in about.message.msg


def test_a_waiver_of_a_waivers_own_finding_is_idle() -> None:
    verdicts = _apply([W700.found()], _waiver(expires=YESTERDAY), _waiver("E910"))
    assert _open(verdicts) == [f"django_hardened.{code}" for code in ("W700", "E910", "W912")]


def test_what_was_not_looked_at_may_be_there() -> None:
    assert _apply([], _waiver(), complete=False) == []


@pytest.mark.parametrize("id_", ["E670", "django_hardened.W671", "mysql.W002", "fields.W161"])
def test_what_a_database_was_not_asked_may_be_there(id_: str) -> None:
    assert _apply([], _waiver(id_), every_database=False) == []
    assert _apply([], _waiver(id_, object="default"), every_database=False) == []
    assert _open(_apply([], _waiver(id_))) == ["django_hardened.W912"]


@pytest.mark.parametrize("id_", ["W201", "W999", "django_hardened.E001", "security.W008"])
def test_what_no_database_is_asked_for_is_not_there(id_: str) -> None:
    assert _open(_apply([], _waiver(id_), every_database=False)) == ["django_hardened.W912"]


def test_what_is_no_waiver_is_an_error() -> None:
    waivers = Waivers(problems=("here, entry 1: has no owner",))
    [about] = gate.apply_waivers([], waivers, on=DAY)
    assert _open([about]) == ["django_hardened.E911"]
    assert about.message.level == 40
    assert "here, entry 1: has no owner." in about.message.msg


# -- Judging a run -------------------------------------------------------------------------------


def _declared(expires: date, id_: str = "W700") -> list[dict[str, Any]]:
    return [{"id": id_, "reason": "r", "owner": "o", "expires": expires}]


def test_waivers_count_before_a_deploy_only(settings: Any) -> None:
    settings.HARDENED_WAIVERS = [*_declared(today()), *_declared(today(), "W701"), "nonsense"]
    found = [W700.found()]
    assert _open(gate.judge(found)) == ["django_hardened.W700"]
    assert sorted(_open(gate.judge(found, include_deployment_checks=True))) == [
        "django_hardened.E911",
        "django_hardened.W912",
    ]


def test_a_waiver_for_ever_is_none(settings: Any) -> None:
    settings.HARDENED_WAIVERS = [*_declared(date(9999, 12, 31)), *_declared(today(), "W701")]
    found = [W700.found(), Warning("text", id="W701")]
    verdicts = gate.judge(found, include_deployment_checks=True)
    assert _open(verdicts) == ["django_hardened.W700", "django_hardened.E911"]
    assert "W700: its 'expires', 9999-12-31, is more than 366 days" in verdicts[-1].message.msg


@pytest.mark.parametrize("options", [{"tags": ["models"]}, {"app_configs": ["an app"]}])
def test_a_part_says_nothing_of_idle_waivers(settings: Any, options: Any) -> None:
    settings.HARDENED_WAIVERS = _declared(today())
    assert gate.judge([], include_deployment_checks=True, **options) == []


@pytest.mark.parametrize(
    ("databases", "found"), [(None, []), ([], []), (["default"], ["django_hardened.W912"])]
)
def test_the_databases_that_are_named(settings: Any, databases: Any, found: list[str]) -> None:
    settings.HARDENED_WAIVERS = _declared(today(), "W671")
    verdicts = gate.judge([], include_deployment_checks=True, databases=databases)
    assert _open(verdicts) == found


# -- Boot ----------------------------------------------------------------------------------------


@pytest.fixture
def two_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [W700.found(subject="x"), W700.found(subject="y")]
    monkeypatch.setattr(gate, "SETTINGS_CHECKS", (lambda: found[:1], lambda: found[1:]))


@pytest.mark.usefixtures("two_findings")
def test_boot_without_waivers() -> None:
    verdicts, lapsed = gate.judge_boot()
    assert _open(verdicts) == ["django_hardened.W700", "django_hardened.W700"]
    assert lapsed == []


@pytest.mark.usefixtures("two_findings")
def test_boot_with_a_waiver(settings: Any) -> None:
    settings.HARDENED_WAIVERS = [{**_declared(today())[0], "object": "y"}, *_declared(DAY, "W701")]
    verdicts, lapsed = gate.judge_boot()
    assert [verdict.is_open for verdict in verdicts] == [True, False]
    assert lapsed == []


@pytest.mark.usefixtures("two_findings")
def test_a_date_never_stops_a_boot(settings: Any) -> None:
    settings.HARDENED_WAIVERS = [*_declared(date(2020, 1, 1)), *_declared(date(2020, 1, 1), "W701")]
    verdicts, lapsed = gate.judge_boot()
    assert _open(verdicts) == []
    assert lapsed == ["A waiver has expired, and holds at boot only: W700 until 2020-01-01, o: r"]


@pytest.mark.usefixtures("two_findings")
def test_a_distant_date_stops_no_boot(settings: Any) -> None:
    """The clock of a server may be wrong."""
    settings.HARDENED_WAIVERS = _declared(date(9999, 12, 31))
    verdicts, lapsed = gate.judge_boot()
    assert _open(verdicts) == []
    assert lapsed == [
        "A waiver ends more than 366 days ahead, and holds at boot only: "
        "W700 until 9999-12-31, o: r"
    ]


@pytest.mark.usefixtures("two_findings")
def test_boot_does_not_speak_of_an_expired_waiver_with_a_successor(settings: Any) -> None:
    settings.HARDENED_WAIVERS = [*_declared(date(2020, 1, 1)), *_declared(today())]
    verdicts, lapsed = gate.judge_boot()
    assert _open(verdicts) == []
    assert lapsed == []


@pytest.mark.usefixtures("two_findings")
def test_silencing_has_no_effect_at_boot(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = ["django_hardened.W700"]
    assert len(_open(gate.judge_boot()[0])) == 2


# -- Drafts --------------------------------------------------------------------------------------


def _draft(*messages: CheckMessage) -> list[Waiver]:
    return gate.draft_waivers(map(Verdict, messages), owner="ops", expires=DAY)


def test_drafts_are_about_warnings_and_worse() -> None:
    messages = [kind("text", id="x.X1") for kind in (Debug, Info, Warning, Error, Critical)]
    assert [len(_draft(message)) for message in messages] == [0, 0, 1, 1, 1]


def test_a_draft_is_as_narrow_as_the_finding() -> None:
    found = [W700.found(subject="x"), W700.found(), Error("text", id="x.E1", obj="an object")]
    assert [draft.target for draft in _draft(*found)] == [
        "django_hardened.W700",
        "django_hardened.W700 (x)",
        "x.E1 (an object)",
    ]
    assert _draft(*reversed(found)) == _draft(*found)
    assert {(draft.owner, draft.expires) for draft in _draft(*found)} == {("ops", DAY)}


def test_nothing_is_drafted_twice_nor_without_need(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = ["models.W042"]
    [silenced] = _messages("models.W042")
    waived = Verdict(W700.found(subject="y"), _waiver())
    found = [W700.found(subject="x"), W700.found(subject="x"), silenced]
    drafts = gate.draft_waivers([*map(Verdict, found), waived], owner="ops", expires=DAY)
    assert [draft.target for draft in drafts] == ["django_hardened.W700 (x)"]


def test_waivers_and_what_has_no_id_cannot_be_waived() -> None:
    verdicts = _apply([], _waiver())
    problems = gate.apply_waivers([], Waivers(problems=("x",)), on=DAY)
    assert gate.draft_waivers([*verdicts, *problems], owner="ops", expires=DAY) == []
    assert _draft(Warning("text"), Warning("text", id="")) == []


class Thing:
    pass


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@given(
    found=st.lists(
        st.builds(
            lambda id_, subject, obj: (
                W700.found(subject=subject) if id_ is None else Warning("text", id=id_, obj=obj)
            ),
            st.sampled_from([None, "x.W1", "W1", "security.W008"]),
            ANY_TEXT,
            st.none() | ANY_TEXT | st.builds(Thing) | st.just(Thing) | st.just(5),
        ),
        max_size=6,
    ),
    owner=ANY_TEXT.filter(says_something),
)
def test_what_was_drafted_is_read_and_covers_all(
    tmp_path_factory: pytest.TempPathFactory, found: list[CheckMessage], owner: str
) -> None:
    path = tmp_path_factory.mktemp("drafts") / "waivers.toml"
    drafts = gate.draft_waivers(map(Verdict, found), owner=owner, expires=DAY)
    append_waivers(path, drafts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_hardened.waivers.waivers_file", lambda: path)
        waivers = read_waivers()
    assert waivers == Waivers(tuple(drafts))
    assert _open(gate.apply_waivers(found, waivers, on=DAY)) == []


# -- Subjects ------------------------------------------------------------------------------------


class SubjectModel(models.Model):
    class Meta:
        app_label = "auth"
        managed = False

    def __str__(self) -> str:
        return "a row"


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (W700.found(), ""),
        (W700.found(subject=0), "0"),
        (W700.found(subject="a\udc80b"), "a?b"),
        (Error("text", id="x.E1"), ""),
        (Error("text", id="x.E1", obj="an object"), "an object"),
        (Error("text", id="x.E1", obj=SubjectModel), "auth.SubjectModel"),
        (Error("text", id="x.E1", obj=Path("/here")), str(Path("/here"))),
        (Error("text", id="x.E1", obj=Thing()), ""),
    ],
)
def test_the_subject(message: CheckMessage, subject: str) -> None:
    assert gate.subject_of(message) == subject
