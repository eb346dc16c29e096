"""``.env`` and ``.env.example``, written from what the settings of a project really read."""
