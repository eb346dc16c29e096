"""The settings of the example site, with static files from where they are written."""

from __future__ import annotations

from example.settings import *  # noqa: F403

WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
