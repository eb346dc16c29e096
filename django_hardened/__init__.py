"""Hardened defaults for Django: install it, and an unsafe deploy cannot happen quietly."""
