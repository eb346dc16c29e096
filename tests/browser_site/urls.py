"""The URLs of the example site, and those of the library."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("attack/", include("browser_site.attacked")),
    path("", include("browser_site.api")),
    path("", include("example.urls")),
]
