"""URLs of the test suite; tests that need others name their own module."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
