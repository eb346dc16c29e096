"""API keys: an app of its own, the only one here that has a model. Nothing imports it unasked."""
