"""What the boot gate costs: `python benchmarks/boot.py`, in an environment that has the package.

Server processes start in turn, with Django's application and with ours, on the same safe settings.
Figures are medians over them, without the first, which compiles, and of processor time, which other
work on the machine disturbs less. Quote differences and ratios: absolute times are the machine's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Any

ROUNDS = 15
CALLS = 200_000

SETTINGS = """\
from django_hardened.env import Env
from django_hardened.settings import hardened_settings

globals().update(
    hardened_settings(
        Env(
            {
                "SECRET_KEY": "fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",
                "ALLOWED_HOSTS": "www.example.com",
                "DATABASE_URL": "postgres://u:dJ8sK2pQx4@db.example.com/site?sslmode=require",
                "EMAIL_URL": "smtp+tls://site:vR7tLm3qYz@mail.example.com:587",
            }
        )
    )
)
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
]
ROOT_URLCONF = "urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
"""
OURS = 'from plain import *\n\nINSTALLED_APPS = ["django_hardened", *INSTALLED_APPS]\n'

# What a server does up to its first request, and what the process takes then. Django's resolver
# is loaded in both: the first request would do it.
PROCESS = """\
import json, sys, time
from importlib import import_module
from pathlib import Path
import django.core.handlers.wsgi, django.urls
start = time.process_time()
getattr(import_module(sys.argv[1]), "get_wsgi_application")()
milliseconds = (time.process_time() - start) * 1000
status = Path("/proc/self/status").read_text()
peak = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
print(json.dumps({"ms": milliseconds, "mb": peak[0] / 1024}))
"""
# The part of it that the gate takes, in a process that has everything imported.
GATE = """\
import json, time
import django
django.setup()
start = time.process_time()
from django_hardened import boot
imported = time.process_time()
boot.require_safe()
judged = time.process_time()
print(json.dumps({"import": (imported - start) * 1000, "judge": (judged - imported) * 1000}))
"""


def main() -> None:
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "plain.py").write_text(SETTINGS)
        (folder / "ours.py").write_text(OURS)
        (folder / "urls.py").write_text("urlpatterns = []\n")
        django, hardened, parts = [], [], []
        for _ in range(ROUNDS + 1):
            django.append(run(folder, "plain", PROCESS, "django.core.wsgi"))
            hardened.append(run(folder, "ours", PROCESS, "django_hardened.wsgi"))
            parts.append(run(folder, "ours", GATE))
    print(f"{ROUNDS} rounds, medians\n\n{'':30}{'Django':>10}{'ours':>10}{'more':>10}{'ratio':>8}")
    for title, key in (("start of a process, ms", "ms"), ("its memory, MiB", "mb")):
        row(
            title,
            *(median(sample[key] for sample in samples[1:]) for samples in (django, hardened)),
        )
    for title, key in (("of which: imports, ms", "import"), ("          judgement, ms", "judge")):
        print(f"{title:30}{'':20}{_median(parts, key):10.2f}")
    row("handler per request, µs", *time_handlers())


def _median(samples: list[dict[str, float]], key: str) -> float:
    return median(sample[key] for sample in samples[1:])


def run(folder: Path, settings: str, code: str, *arguments: str) -> dict[str, float]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONDONTWRITEBYTECODE": "",  # an installed package is compiled
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        "PYTHONWARNINGS": "ignore",
    }
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: dict[str, float] = json.loads(process.stdout)
    return measured


def row(title: str, without: float, with_: float) -> None:
    more, ratio = with_ - without, with_ / without
    print(f"{title:30}{without:10.2f}{with_:10.2f}{more:10.2f}{ratio:8.2f}")


def time_handlers() -> tuple[float, float]:
    """Return what a call of Django's handler and of ours takes, where Django does nothing."""
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415  # not in the processes

    from django_hardened.wsgi import GuardedWSGIHandler  # noqa: PLC0415

    ignore: Any = None
    environ = {"SERVER_SOFTWARE": "gunicorn/27.0.1"}
    call: Callable[..., Any] = WSGIHandler.__call__
    WSGIHandler.__call__ = lambda self, environ, start_response: None  # type: ignore[method-assign,assignment,return-value]
    try:
        handlers = [object.__new__(kind) for kind in (WSGIHandler, GuardedWSGIHandler)]
        # As it is made where production is served, without the middleware that Django would load.
        vars(handlers[1]).update(_environment="production", _reason=None)
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for handler, measured in zip(handlers, times, strict=True):
                start = perf_counter_ns()
                for _ in range(CALLS):
                    handler(environ, ignore)
                measured.append((perf_counter_ns() - start) / CALLS / 1000)
    finally:
        WSGIHandler.__call__ = call  # type: ignore[method-assign]
    return median(times[0]), median(times[1])


if __name__ == "__main__":
    main()
