"""An ASGI application that says which host it sees, as it is and inside the pin."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

settings.configure(
    HARDENED_ENVIRONMENT="production",
    ALLOWED_HOSTS=["example.test"],
    CSRF_TRUSTED_ORIGINS=["https://app.test"],
)

from django_hardened.asgi import HostPinning  # noqa: E402  # reads settings when it is imported

started = False


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request or a WebSocket with the facts, and then each message with itself."""
    kinds = {"lifespan": _start, "http": _answer, "websocket": _echo}
    await kinds[scope["type"]](scope, receive, send)


pinned = HostPinning(plain)


async def _start(scope: Any, receive: Any, send: Any) -> None:
    global started  # noqa: PLW0603  # as the life of a server is global
    while True:
        message = await receive()
        started = message["type"] == "lifespan.startup"
        await send({"type": f"{message['type']}.complete"})
        if not started:
            return


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    body = _facts(scope).encode()
    fields = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "websocket.accept"})
    text = _facts(scope)
    while message["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": text})
        message = await receive()
        text = message.get("text")


def _facts(scope: Any) -> str:
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return json.dumps({"hosts": hosts, "started": started})
