"""login_site with the admin, for which it has to be installed."""

from __future__ import annotations

import login_site
from django.contrib import admin
from django.urls import path

urlpatterns = [*login_site.urlpatterns, path("admin/", admin.site.urls)]
