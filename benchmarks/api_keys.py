# ruff: noqa: PLC0415  # nothing of Django can be imported before settings are configured
"""What an API key costs: `python benchmarks/api_keys.py [SECTION ...]`.

Sections: peers, sizes, refusals, cached (which needs redis-server). What is compared runs in turn,
many times, in this one process, on SQLite in a file; the figures are medians, and the ratios are
what to quote.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Any

import django
from django.conf import settings

ROUNDS = 2_000
SIZES = (1_000, 100_000, 1_000_000)
SEED = 50_000  # rows in one INSERT batch
TARGET = 1.2

Ask = Callable[[], Any]


def main(sections: list[str]) -> None:
    known = {"peers": peers, "sizes": sizes, "refusals": refusals, "cached": cached}
    with TemporaryDirectory() as directory:
        configure(Path(directory))
        print(f"Django {django.__version__}, Python {sys.version.split()[0]}, {ROUNDS} rounds\n")
        for name in sections or known:
            known[name]()


def configure(directory: Path) -> None:
    settings.configure(
        SECRET_KEY="benchmark",  # noqa: S106
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": directory / "keys.sqlite3"}
        },
        INSTALLED_APPS=[
            "django_hardened",
            "django_hardened.api_keys",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "rest_framework.authtoken",
        ],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


# -- Measuring -----------------------------------------------------------------------------------


def measured(asks: Mapping[str, Ask], rounds: int = ROUNDS) -> dict[str, float]:
    """The median of each in µs of this process; once each in every round, in changing order.

    Processor time: what else the machine does meanwhile is no part of it, and waiting for a cache
    neither.
    """
    taken: dict[str, list[int]] = {name: [] for name in asks}
    for number in range(rounds + 50):
        names = list(asks)
        names = names[number % len(names) :] + names[: number % len(names)]
        for name in names:
            start = process_time_ns()
            asks[name]()
            if number >= 50:  # the first ones fill caches of Django
                taken[name].append(process_time_ns() - start)
    return {name: median(times) / 1000 for name, times in taken.items()}


def queries(ask: Ask) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def table(title: str, asks: Mapping[str, Ask], base: str) -> dict[str, float]:
    took = measured(asks)
    print(title)
    print(f"  {'':32}{'µs':>9}{'ratio':>8}{'queries':>9}")
    for name, microseconds in took.items():
        ratio = microseconds / took[base]
        print(f"  {name:32}{microseconds:9.1f}{ratio:8.2f}{queries(asks[name]):9}")
    print()
    return took


def authentication(header: str, authenticator: type[Any]) -> Ask:
    """A request of REST framework that asks who has made it."""
    from rest_framework.exceptions import AuthenticationFailed
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    plain = APIRequestFactory().get("/", HTTP_AUTHORIZATION=header)

    def ask() -> Any:
        try:
            return Request(plain, authenticators=[authenticator()]).user.pk
        except AuthenticationFailed:
            return None

    return ask


def through_a_view(header: str, authenticator: type[Any]) -> Ask:
    """The same, with what a view of REST framework does besides."""
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.renderers import JSONRenderer
    from rest_framework.response import Response
    from rest_framework.test import APIRequestFactory
    from rest_framework.views import APIView

    class View(APIView):
        authentication_classes = [authenticator]
        permission_classes = [IsAuthenticated]
        renderer_classes = [JSONRenderer]

        def get(self, request: Any) -> Response:
            return Response({"user": request.user.pk})

    plain, view = APIRequestFactory().get("/", HTTP_AUTHORIZATION=header), View.as_view()
    return lambda: view(plain).render()


# -- What there is -------------------------------------------------------------------------------


def owner() -> Any:
    from django.contrib.auth.models import User

    return User.objects.get_or_create(username="ada")[0]


def issue() -> str:
    from django_hardened.api_keys.models import APIKey

    return APIKey.objects.issue(name="ci", owner=owner(), scopes="posts:read posts:write")[1]


def a_token() -> str:
    from rest_framework.authtoken.models import Token

    return f"Token {Token.objects.get_or_create(user=owner())[0].key}"


def wrong_key(text: str) -> str:
    """The key with another secret, and the checksum of that."""
    from django_hardened.api_keys.key_format import checksum

    body = f"dhk_{text.split('_')[1]}_{'0' * 43}"
    return body + checksum(body)


def fill(size: int) -> None:
    """Add keys until there are ``size``."""
    from django_hardened.api_keys.hashes import hash_key
    from django_hardened.api_keys.models import APIKey

    missing = size - APIKey.objects.count()
    user, text = owner(), hash_key("none")
    while missing > 0:
        batch = [
            APIKey(identifier=token_hex(8), hash=text, name="other", owner=user)
            for _ in range(min(missing, SEED))
        ]
        APIKey.objects.bulk_create(batch, batch_size=1000)
        missing -= len(batch)


# -- Sections ------------------------------------------------------------------------------------


def peers() -> None:
    from rest_framework.authentication import TokenAuthentication

    from django_hardened.drf.authentication import APIKeyAuthentication

    key = f"Api-Key {issue()}"
    token = a_token()
    fill(10_000)
    for title, made in (("Authentication alone", authentication), ("A whole view", through_a_view)):
        asks = {
            "TokenAuthentication": made(token, TokenAuthentication),
            "APIKeyAuthentication": made(key, APIKeyAuthentication),
        }
        took = table(title, asks, "TokenAuthentication")
        ratio = took["APIKeyAuthentication"] / took["TokenAuthentication"]
        print(f"  {ratio:.2f}, to be at most {TARGET}: {'yes' if ratio <= TARGET else 'NO'}\n")


def sizes() -> None:
    """Beside a token, whose table stays what it is: so that a bad moment is one of both."""
    from rest_framework.authentication import TokenAuthentication

    from django_hardened.drf.authentication import APIKeyAuthentication

    key, token = f"Api-Key {issue()}", a_token()
    asks = {
        "token": authentication(token, TokenAuthentication),
        "key": authentication(key, APIKeyAuthentication),
    }
    print(f"Number of keys\n  {'':32}{'µs':>9}{'ratio':>8}{'queries':>9}")
    for size in SIZES:
        fill(size)
        took = measured(asks)
        ratio = took["key"] / took["token"]
        print(f"  {size:<32,}{took['key']:9.1f}{ratio:8.2f}{queries(asks['key']):9}")
    print()


def refusals() -> None:
    from django_hardened.api_keys.key_format import generate
    from django_hardened.drf.authentication import APIKeyAuthentication

    fill(10_000)
    key = issue()
    unknown = generate("dhk").text
    asks = {
        "unknown": unknown,
        "another unknown": generate("dhk").text,
        "wrong": wrong_key(key),
        "malformed": key[:-1] + ("0" if key[-1] != "0" else "1"),
        "nonsense": "nonsense",
    }
    made = {
        name: authentication(f"Api-Key {text}", APIKeyAuthentication) for name, text in asks.items()
    }
    table("Refused", made, "unknown")


def cached() -> None:
    from django.test import override_settings

    from django_hardened.drf.authentication import APIKeyAuthentication

    if which("redis-server") is None:
        print("Cached: there is no redis-server\n")
        return
    fill(10_000)
    header = f"Api-Key {issue()}"
    plain = authentication(header, APIKeyAuthentication)
    with redis() as url:
        caches = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
        override = override_settings(CACHES={"default": caches})

        def ask() -> Any:
            settings.HARDENED_API_KEY_CACHE = "default"
            try:
                return plain()
            finally:
                settings.HARDENED_API_KEY_CACHE = None

        with override:
            table("Cached in Redis", {"not cached": plain, "cached": ask}, "not cached")


@contextmanager
def redis() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(which("redis-server")), "--port", str(port), "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + timedelta(seconds=10).total_seconds()
            while time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
