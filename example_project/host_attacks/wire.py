"""Bytes over a socket, and an answer as far as there is one."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

TIMEOUT = 3  # seconds for a server that neither answers nor closes the connection
_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})\b")


@dataclass(frozen=True)
class Reply:
    """What came back; the status of nothing at all is 0."""

    status: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_page(self) -> bool:
        return 200 <= self.status < 300


def exchange(port: int, request: bytes) -> Reply:
    """Send ``request``, whatever it is, and read until the server ends the connection."""
    answer = b""
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection,
    ):
        with suppress(OSError):  # a server may refuse before it has read all of it
            connection.sendall(request)
        while piece := connection.recv(65536):
            answer += piece
    return _parse(answer)


def _parse(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if status is None:
        return Reply()
    lines = head.decode("latin-1").split("\r\n")[1:]
    fields = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return Reply(int(status[1]), fields, body)
