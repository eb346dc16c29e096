"""Asserting that a host which a client makes up ends up nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.test.client import Client

from django_hardened.audit import requests

EVIL_HOST = "evil.example"


def poison_host(client: Client, path: str = "/", *, method: str = "GET", **extra: Any) -> None:
    """Assert that a host which a client makes up ends up in no link, redirect or header.

    Args:
        client: the test client that asks.
        path: what is asked for: the start of a password reset, say.
        method: with which method.
        extra: what else ``client.generic`` takes, such as ``data`` and ``content_type``.

    Raises:
        AssertionError: an answer repeats the host, and says by which header it came.
    """
    for headers in _poisons(str(extra.pop("host", "") or requests.host())):
        token = uuid.uuid4().hex[:12]
        sent = {name: value.replace("TOKEN", token) for name, value in headers.items()}
        response = client.generic(method, path, headers=sent, **extra)
        where = _repeated(response, token)
        if where:
            described = ", ".join(f"{name}: {value}" for name, value in sent.items())
            raise AssertionError(f"{method} {path} with {described} repeats the host in {where}.")


def _poisons(own: str) -> Sequence[dict[str, str]]:
    evil = f"TOKEN.{EVIL_HOST}"
    return (
        {"host": evil},
        {"host": f"{own}:80@{evil}"},
        {"host": f"{own}.{evil}"},
        {"host": own, "x-forwarded-host": evil},
        {"host": own, "x-forwarded-host": f"{own}, {evil}"},
        {"host": own, "x-forwarded-server": evil},
        {"host": own, "x-host": evil},
        {"host": own, "x-original-host": evil},
        {"host": own, "forwarded": f"host={evil}"},
        {"host": own, "x-http-host-override": evil},
    )


def _repeated(response: Any, token: str) -> str:
    """Return where ``token`` is in a response: the name of a header, or "the body"."""
    for name, value in response.headers.items():
        if token in value:
            return str(name)
    content = b"" if response.streaming else response.content
    return "the body" if token.encode() in content else ""
