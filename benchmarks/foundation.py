"""What the foundation costs: `python benchmarks/foundation.py`, in an environment that has it.

Each pair runs in turn, many times, in this one process; the figures are medians, and the ratio or
the difference is what to quote. Absolute times are those of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import django
import environ
from django.conf import settings
from django.core import checks
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from django_hardened import gate
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

ROUNDS = 300
DOTENV = """\
SECRET_KEY=fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf
ALLOWED_HOSTS=www.example.com,example.com
DATABASE_URL=postgres://user:password@db.example.com/site
CACHE_URL=redis://cache.example.com:6379/0
EMAIL_URL=smtp+tls://user:password@mail.example.com:587
"""

urlpatterns = [path("", lambda request: HttpResponse("ok"))]


def main() -> None:
    with TemporaryDirectory() as directory:
        dotenv = Path(directory) / ".env"
        dotenv.write_text(DOTENV)
        dotenv.chmod(0o600)
        values = hardened_settings(Env.from_file(dotenv, {}))
        settings.configure(
            **(values | {"DATABASES": {}, "CACHES": {}, "SECURE_SSL_REDIRECT": False}),
            ROOT_URLCONF=__name__,
            INSTALLED_APPS=[
                "django_hardened",
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.sessions",
                "django.contrib.messages",
            ],
        )
        django.setup()
        print(f"Django {django.__version__}, {ROUNDS} rounds, medians in µs\n")
        print(f"{'':34}{'without':>10}{'with':>10}{'more':>10}{'ratio':>8}")
        compare(
            "settings from a .env (environ / us)",
            lambda: read_with_environ(dotenv),
            lambda: hardened_settings(Env.from_file(dotenv, {})),
        )
        ours = "django_hardened."
        hardened = [name for name in settings.MIDDLEWARE if name.startswith(ours)]
        plain = [name for name in settings.MIDDLEWARE if not name.startswith(ours)]
        compare("request, no middleware", request_through([]), request_through(hardened))
        compare(
            "request, Django's stack", request_through(plain), request_through(hardened + plain)
        )
        compare("check --deploy (Django / us)", run_djangos_checks, run_all_checks)


def compare(
    title: str, without: Callable[[], object], with_: Callable[[], object], batch: int = 10
) -> None:
    """Time both in turn, and print the medians of one call."""
    for warm_up in (without, with_):
        warm_up()
    times: dict[Callable[[], object], list[float]] = {without: [], with_: []}
    for _ in range(ROUNDS):
        for call, measured in times.items():
            start = perf_counter_ns()
            for _ in range(batch):
                call()
            measured.append((perf_counter_ns() - start) / batch / 1000)
    a, b = median(times[without]), median(times[with_])
    print(f"{title:34}{a:10.1f}{b:10.1f}{b - a:10.1f}{b / a:8.2f}")


def read_with_environ(dotenv: Path) -> dict[str, object]:
    """Read the same variables as a settings module with django-environ does."""
    env = type("PlainEnv", (environ.Env,), {"ENVIRON": {}})()
    env.read_env(dotenv)
    return {
        "SECRET_KEY": env.str("SECRET_KEY"),
        "DEBUG": env.bool("DEBUG", default=False),
        "ALLOWED_HOSTS": env.list("ALLOWED_HOSTS"),
        "DATABASES": {"default": env.db()},
        "CACHES": {"default": env.cache()},
        "EMAIL": env.email(),
    }


def request_through(middleware: list[str]) -> Callable[[], object]:
    """Return a call that sends one request through a handler with ``middleware``."""
    handler = BaseHandler()
    configured, settings.MIDDLEWARE = settings.MIDDLEWARE, middleware
    handler.load_middleware()
    settings.MIDDLEWARE = configured
    factory = RequestFactory(
        HTTP_HOST="WWW.example.com:443", HTTP_X_FORWARDED_FOR="192.0.2.1", HTTP_ACCEPT="*/*"
    )

    def call() -> object:
        request: HttpRequest = factory.get("/")
        response = handler.get_response(request)
        if response.status_code != 200:
            raise RuntimeError(f"{response.status_code} instead of 200")
        return response

    return call


def run_djangos_checks() -> object:
    registry = checks.registry.registry
    return [
        finding
        for check in registry.get_checks(include_deployment_checks=True)
        if not check.__module__.startswith("django_hardened.")
        for finding in check(app_configs=None, databases=None)
    ]


def run_all_checks() -> object:
    return gate.run(include_deployment_checks=True)


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main()
