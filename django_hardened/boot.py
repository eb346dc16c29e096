"""The gate at the start of a server process: an unsafe one does not start.

Django runs no checks under a WSGI or ASGI server. Here the settings are judged once, when the
application is made, and by whom it is served.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.checks import ERROR
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from django_hardened import gate, servers
from django_hardened.conf import conf

_UNAVAILABLE = b"This server must not serve this site. Its log says why.\n"


class UnsafeDeployment(ImproperlyConfigured):
    """The process must not serve. The message lists every finding, with its cure."""


def require_safe() -> None:
    """Return if this process may serve this configuration.

    Raises:
        UnsafeDeployment: it may not. An exception, never ``SystemExit``, on which gunicorn would
            start one worker after the other for ever.
    """
    program = servers.serving_program()
    reason = servers.refusal(conf.environment, program, _dev_servers())
    if reason:
        log_critical("%s", reason)
        raise UnsafeDeployment(reason)
    if conf.environment == "production" and not servers.is_test_suite(program):
        _require_safe_settings()


def request_refusal() -> str | None:
    """Say why this process must answer no request, or return None.

    ``require_safe`` lets a program pass that it does not know. A request shows that it serves.
    """
    return servers.request_refusal(conf.environment, servers.serving_program(), _dev_servers())


def unavailable() -> HttpResponse:
    """Return the answer to each request of a server that must not serve: it tells nothing."""
    return HttpResponse(
        _UNAVAILABLE,
        status=503,
        headers={
            "Content-Type": "text/plain",
            "Content-Length": str(len(_UNAVAILABLE)),
            "Cache-Control": "no-store",
        },
    )


def _dev_servers() -> object:
    return getattr(settings, "HARDENED_DEV_SERVERS", ())


def _require_safe_settings() -> None:
    problems = _problems()
    for problem in problems:
        log_critical("%s", problem)
    override = _override_reason()
    if override:
        log_critical(
            "HARDENED_BOOT_OVERRIDE starts this process with %d unsafe settings: %s",
            len(problems),
            override,
        )
    elif problems:
        advice = 'In an emergency, HARDENED_BOOT_OVERRIDE = "the reason" starts it anyway.'
        raise UnsafeDeployment("\n".join(["unsafe to serve.", *problems, advice]))


def log_critical(message: str, *particulars: object) -> None:
    """Log to ``django_hardened.boot``.

    A logger that exists before LOGGING is applied is switched off by it, unless the project says
    ``"disable_existing_loggers": False``. This module is imported earlier, so that there is none.
    """
    logging.getLogger("django_hardened.boot").critical(message, *particulars)


def _override_reason() -> str:
    """Return the reason that ``HARDENED_BOOT_OVERRIDE`` gives, or "". Nothing else counts."""
    value = getattr(settings, "HARDENED_BOOT_OVERRIDE", "")
    return value.strip() if isinstance(value, str) else ""


def _problems() -> list[str]:
    """Return each open error as text, and log the waivers that a deploy would not accept."""
    try:
        verdicts, lapsed = gate.judge_boot()
    except Exception as error:  # noqa: BLE001  # what cannot be judged is not known to be safe
        # The type only: the message of an exception may quote a value.
        return [f"The gate failed with {type(error).__name__}. Run manage.py check --deploy."]
    for line in lapsed:
        log_critical("%s", line)
    return [
        f"{verdict.message.id}: {verdict.message.msg}\n    {verdict.message.hint or ''}".rstrip()
        for verdict in verdicts
        if verdict.is_open and verdict.message.level >= ERROR
    ]
