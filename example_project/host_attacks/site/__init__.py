"""A small site with every place in which Django keeps what a host was, for real servers.

Without us (``ATTACKS_STACK=stock``) or with both middlewares (``hardened``).
"""

from __future__ import annotations
