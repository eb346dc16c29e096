from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django_hardened

# -P would be lost on the way to a child, which must find the same package as its parent.
ROOT = Path(django_hardened.__file__).resolve().parent.parent

PROGRAM = """
import json, sys
import {module}
from django_hardened.env import Env
{use}
print(json.dumps(sorted(sys.modules)))
"""

USE = """
from django_hardened.settings import hardened_settings
given = hardened_settings(Env({"HARDENED_ENVIRONMENT": "build"}))
assert given["SECURE_SSL_REDIRECT"] is True
"""

SETTINGS_TIME = (
    "casting connection_urls csp defaults dotenv env forwarded from_env hosts origins proxies "
    "reads recording settings sources suffixes"
).split()


def modules_after(module: str, use: str = "") -> set[str]:
    """The modules loaded in a process that has no settings and imports ``module``."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    finished = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM.format(module=module, use=use)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stderr == ""
    loaded: Any = json.loads(finished.stdout)
    return set(loaded)


def test_settings_can_be_made_before_django_is_configured() -> None:
    loaded = modules_after("django_hardened.settings", USE)
    assert {f"django_hardened.{name}" for name in SETTINGS_TIME} <= loaded
    assert loaded.isdisjoint({"django.conf", "django.apps", "rest_framework"})


def test_settings_time_code_loads_no_run_time_code() -> None:
    loaded = modules_after("django_hardened.settings", USE)
    ours = {name for name in loaded if name.startswith("django_hardened.")}
    assert ours == {f"django_hardened.{name}" for name in SETTINGS_TIME}


def test_the_package_itself_loads_nothing() -> None:
    assert not vars(django_hardened).keys() & {"django", "environ", "rest_framework"}


def test_the_package_is_the_installed_one_where_the_wheel_is_tested() -> None:
    folder = Path(django_hardened.__file__).parent
    assert folder.name == "django_hardened"
    assert (folder / "settings.py").is_file()
    if os.environ.get("HARDENED_TEST_WHEEL") == "1":
        assert folder.parent.name == "site-packages"


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(django_hardened.__file__).parent / "py.typed").is_file()
