"""Commands that create, rotate and revoke keys."""
