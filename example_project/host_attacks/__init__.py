"""What attackers send as the host of a request, and a site that shows what comes of it."""

from __future__ import annotations
