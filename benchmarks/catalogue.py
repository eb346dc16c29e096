"""What the catalogue adds to `check --deploy`: `python benchmarks/catalogue.py`.

A project of 50 apps and 2,000 URL patterns, made in a temporary folder. Django's checks and all of
them run in turn, in this one process; then once each in a fresh process, where nothing has been
imported or cached yet, but Python has its bytecode, as it has of what is installed. The endpoint
checks (4xx) are counted apart.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

APPS = 50
PATTERNS_PER_APP = 40
ROUNDS = 15

SETTINGS = """
from django_hardened.env import Env
from django_hardened.settings import hardened_settings
globals().update(hardened_settings(Env({environment!r})))
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django_hardened", "django.contrib.admin", "django.contrib.auth",
    "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "django.contrib.staticfiles", "rest_framework", *{apps!r}]
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": ["django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}}}]
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
MODELS = """
from django.db import models
class Thing(models.Model):
    name = models.CharField(max_length=100)
    owner = models.ForeignKey("auth.User", models.CASCADE, related_name="+")
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
def view(request, **kwargs): return HttpResponse()
urlpatterns = [path(f"{{n}}/<int:pk>/", view, name=f"{name}-{{n}}") for n in range({patterns})]
"""
ROOT_URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls)]
urlpatterns += [path(f"{{app}}/", include(f"{{app}}.urls")) for app in {apps!r}]
"""
ENVIRONMENT = {
    "SECRET_KEY": "fu2Eb8oXe3yqQvB1h5gqkJm0sZr9tLwPn7cAd4iVx6KjUyGTRf",
    "ALLOWED_HOSTS": "www.example.com",
    "DATABASE_URL": "sqlite://:memory:",
}


def main() -> None:
    if len(sys.argv) > 1:
        print(first_run(sys.argv[1]))
        return
    with TemporaryDirectory() as directory:
        make_project(Path(directory))
        in_fresh_process(directory, "all")  # which writes the bytecode
        fresh = {
            which: median(in_fresh_process(directory, which) for _ in range(5)) for which in SETS
        }
        sys.path.insert(0, directory)
        set_up()
        warm = in_turn()
    print(f"{APPS} apps, {APPS * PATTERNS_PER_APP} URL patterns; ms, medians\n")
    print(f"{'':30}{'first run':>12}{'again':>10}")
    for which, title in SETS.items():
        print(f"{title:30}{fresh[which]:12.1f}{warm[which]:10.1f}")
    over = fresh["ours"] - fresh["django"]
    in_all = fresh["all"] - fresh["django"]
    print(f"\nOver Django's own: {in_all:.1f} ms in the first run; without 4xx: {over:.1f} ms")


SETS = {
    "django": "Django's checks",
    "ours": "all, without 4xx",
    "all": "all",
}


def make_project(directory: Path) -> None:
    apps = [f"app{number}" for number in range(APPS)]
    (directory / "settings.py").write_text(SETTINGS.format(environment=ENVIRONMENT, apps=apps))
    (directory / "urls.py").write_text(ROOT_URLS.format(apps=apps))
    for name in apps:
        (directory / name).mkdir()
        (directory / name / "__init__.py").touch()
        (directory / name / "models.py").write_text(MODELS)
        (directory / name / "urls.py").write_text(URLS.format(name=name, patterns=PATTERNS_PER_APP))


def set_up() -> None:
    import django  # noqa: PLC0415

    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()


def selected(which: str) -> Callable[[], object]:
    """Return a call that runs one set of checks and drops the twins, as the command does."""
    from django.core.checks.registry import registry  # noqa: PLC0415

    from django_hardened.checks.once import one_run  # noqa: PLC0415
    from django_hardened.checks.twins import without_twins  # noqa: PLC0415

    checks = [
        check
        for check in registry.get_checks(include_deployment_checks=True)
        if wanted(check, which)
    ]

    def run() -> None:
        with one_run():
            without_twins(
                finding for check in checks for finding in check(app_configs=None, databases=None)
            )

    return run


def wanted(check: Callable[..., Iterable[object]], which: str) -> bool:
    module = check.__module__
    if not module.startswith("django_hardened."):
        return True
    if module.endswith(".migrations") or which == "django":
        return False
    endpoints = ("rest_framework", "throttles", "api_output", "api_packages", "endpoints", "tokens")
    return which == "all" or not module.endswith(endpoints)


def in_turn() -> dict[str, float]:
    calls = {which: selected(which) for which in SETS}
    times: dict[str, list[float]] = {which: [] for which in SETS}
    for _ in range(ROUNDS):
        for which, call in calls.items():
            times[which].append(milliseconds(call))
    return {which: median(measured) for which, measured in times.items()}


def first_run(which: str) -> float:
    set_up()
    return milliseconds(selected(which))


def in_fresh_process(directory: str, which: str) -> float:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [directory, os.environ.get("PYTHONPATH")])),
        "PYTHONPYCACHEPREFIX": str(Path(directory) / "bytecode"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    output = subprocess.run(
        [sys.executable, __file__, which],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(output.stdout)


def milliseconds(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
