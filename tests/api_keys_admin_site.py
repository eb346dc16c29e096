"""The admin, for which it has to be installed."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

admin.autodiscover()

urlpatterns = [path("admin/", admin.site.urls)]
