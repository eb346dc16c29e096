"""The deploy gate: every system check, Django's and ours; each finding once; waivers applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.checks import WARNING, CheckMessage
from django.db import connections

from django_hardened.checks import DATABASE_MODULES, SETTINGS_CHECKS, run_checks
from django_hardened.checks.process import is_about_security
from django_hardened.checks.twins import replaced_by, without_twins
from django_hardened.checks.waivers import E910, E911, RULES, W912
from django_hardened.waivers import MAX_DAYS, Waiver, Waivers, encodable, read_waivers, today
from django_hardened.written_dates import written_dates

_ABOUT_WAIVERS = {rule.id for rule in RULES}
_DATABASE_IDS = [rule.id for module in DATABASE_MODULES for rule in module.RULES]


@dataclass(frozen=True)
class Verdict:
    """A finding, and the waiver that covers it, if one does and has not expired."""

    message: CheckMessage
    waiver: Waiver | None = None

    @property
    def is_open(self) -> bool:
        """Whether it counts: neither waived nor silenced."""
        return self.waiver is None and not self.is_silenced

    @property
    def is_silenced(self) -> bool:
        """Whether only ``SILENCED_SYSTEM_CHECKS`` hides it.

        That has no reason, no owner and no end, and so does not reach what is about security.
        """
        hideable = not is_about_security(str(self.message.id))
        return self.waiver is None and hideable and bool(self.message.is_silenced())


def run(**options: Any) -> list[CheckMessage]:
    """Run the checks with the ``options`` of ``django.core.checks.run_checks``.

    One that raises is a finding. Findings of Django's that another one restates are left out.
    """
    return without_twins(run_checks(**options))


def judge(
    messages: Sequence[CheckMessage],
    *,
    include_deployment_checks: bool = False,
    app_configs: Any = None,
    tags: Any = None,
    databases: Iterable[str] | None = None,
) -> list[Verdict]:
    """Return the verdict on each of ``messages``, which a ``run`` with the same options found.

    Waivers count before a deploy only, and are judged too: an expired one is an error of its own,
    next to what it no longer covers.
    """
    if not include_deployment_checks:
        return [Verdict(message) for message in messages]
    # Where only a part was looked at, an idle waiver proves nothing.
    complete = app_configs is None and tags is None
    every_database = {*connections} <= {*(databases or ())}
    day = today()
    return apply_waivers(
        messages,
        read_waivers(written_dates("HARDENED_WAIVERS")).limited(day),
        on=day,
        complete=complete,
        every_database=every_database,
    )


def judge_boot() -> tuple[list[Verdict], list[str]]:
    """Judge the settings alone, as a server process does when it starts.

    Returns the verdicts, and a line on each waiver that a deploy would not accept. These still
    cover what they waive, whether they have expired, or end in the far future or on a day that is
    computed: code that has not changed never stops booting because of a date.
    """
    messages = without_twins(message for check in SETTINGS_CHECKS for message in check())
    day = today()
    found = read_waivers()
    accepted = {waiver for waiver in found.limited(day).entries if not waiver.has_expired(day)}
    waivers = sorted(found.entries, key=lambda waiver: waiver not in accepted)
    verdicts = [Verdict(message, _find(waivers, message)) for message in messages]
    used = dict.fromkeys(verdict.waiver for verdict in verdicts if verdict.waiver)
    return verdicts, [_lapse(waiver, day) for waiver in used if waiver not in accepted]


def _lapse(waiver: Waiver, day: date) -> str:
    if waiver.has_expired(day):
        return f"A waiver has expired, and holds at boot only: {waiver}"
    return f"A waiver ends more than {MAX_DAYS} days ahead, and holds at boot only: {waiver}"


def apply_waivers(
    messages: Sequence[CheckMessage],
    waivers: Waivers,
    *,
    on: date,
    complete: bool = True,
    every_database: bool = True,
) -> list[Verdict]:
    """Return the verdict on each message, and those on the waivers themselves."""
    valid = [waiver for waiver in waivers.entries if not waiver.has_expired(on)]
    verdicts = [Verdict(message, _find(valid, message)) for message in messages]
    about = [E911.found(subject=problem) for problem in waivers.problems]
    for waiver in waivers.entries:
        covered = [verdict for verdict in verdicts if _covers(waiver, verdict.message)]
        if not covered and complete and (every_database or not _asks_databases(waiver)):
            about.append(W912.found(subject=waiver.target))
        # One that has expired, with a newer one in its place, is history.
        elif waiver not in valid and any(verdict.waiver is None for verdict in covered):
            about.append(_expired(waiver))
    return [*verdicts, *map(Verdict, about)]


def _expired(waiver: Waiver) -> CheckMessage:
    return E910.found(
        subject=waiver.target,
        expires=waiver.expires,
        owner=" ".join(waiver.owner.split()),
        reason=" ".join(waiver.reason.split()),
    )


def _asks_databases(waiver: Waiver) -> bool:
    """Whether what it waives may be found only if the database is named by ``--database``."""
    is_ours = any(waiver.covers(identifier, waiver.object or "") for identifier in _DATABASE_IDS)
    return is_ours or ("." in waiver.id and not is_about_security(waiver.id))


def draft_waivers(
    verdicts: Iterable[Verdict], *, owner: str, expires: date, ended: Sequence[Waiver] = ()
) -> list[Waiver]:
    """Return a waiver for each open finding that is a warning or worse.

    None for what one of ``ended`` covers: a draft that is made again each month never ends.
    """
    drafts = {
        Waiver(
            id=str(verdict.message.id),
            object=subject_of(verdict.message) or None,
            reason="Found when the gate was introduced; not looked into yet.",
            owner=encodable(owner),
            expires=expires,
        ): None
        for verdict in verdicts
        if verdict.is_open
        and verdict.message.level >= WARNING
        and verdict.message.id not in {*_ABOUT_WAIVERS, None, ""}
        and _find(ended, verdict.message) is None
    }
    return sorted(drafts, key=lambda draft: draft.target)


def subject_of(message: CheckMessage) -> str:
    """Return what a waiver may name as its ``object``, and "" for the finding as such.

    For messages of Django and of other apps it is the object, as Django prints it.
    """
    subject = getattr(message, "subject", "")
    if message.obj is not None and not subject:
        subject = str(CheckMessage(message.level, "", obj=message.obj)).removesuffix(": ")
    # An object that is known by its place in memory is another one in the next process.
    return "" if " at 0x" in subject else encodable(subject).strip()


def _find(waivers: Iterable[Waiver], message: CheckMessage) -> Waiver | None:
    return next((waiver for waiver in waivers if _covers(waiver, message)), None)


def _covers(waiver: Waiver, message: CheckMessage) -> bool:
    subject, finding_id = subject_of(message), str(message.id)
    return any(waiver.covers(name, subject) for name in (finding_id, *replaced_by(finding_id)))
