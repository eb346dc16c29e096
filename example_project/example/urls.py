"""The URLs of the example site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("blog.account_urls")),
    path("api/", include("blog.api.urls")),
    path("csp-reports/", include("django_hardened.csp_reports")),
    path("", include("blog.urls")),
]
