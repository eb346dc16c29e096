"""The settings of the example site, and what a scanner needs beside them.

A scanner asks as often as it can: with limits it would judge how they are answered, and nothing
else. Files of the apps are found where they are, because nothing collects them for a test.
"""

from __future__ import annotations

from example.settings import *  # noqa: F403
from example.settings import INSTALLED_APPS, REST_FRAMEWORK

INSTALLED_APPS = [*INSTALLED_APPS, "drf_spectacular"]
ROOT_URLCONF = "scanned_urls"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
HARDENED_ADDRESS_RATES = {"address": "100000/m"}
HARDENED_LOGIN_RATES = {"account": "100000/m", "address": "100000/m"}
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "100000/m"),
}
