"""The URLs of the example site, and the schema of its API."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny

urlpatterns = [
    path("api/schema/", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny])),
    path("", include("example.urls")),
]
