"""Each page twice, sync and async."""

from __future__ import annotations

from django.urls import path, re_path
from django.views.decorators.cache import cache_page

from host_attacks.site import views

in_pages = cache_page(300, cache="pages")

urlpatterns = [
    path("report/", views.report),
    path("sync/page/", views.page),
    path("async/page/", views.apage),
    path("sync/cached/", in_pages(views.cached)),
    # As many of them as there are visits: what a cache in front keeps cannot be taken out of it.
    path("sync/page/<int:visit>/", views.page),
    path("sync/cached/<int:visit>/", in_pages(views.cached)),
    path("async/cached/", in_pages(views.acached)),
    re_path(r"(?s)^(?P<path>.*async.*)$", in_pages(views.aanything)),
    re_path(r"(?s)^(?P<path>.*)$", in_pages(views.anything)),
]
handler400 = handler404 = "host_attacks.site.views.error"
