"""The API's URLs."""

from __future__ import annotations

from django.urls import path

from blog.api.views import HealthView, LatestPostView, PostListView

urlpatterns = [
    path("health/", HealthView.as_view(), name="api-health"),
    path("posts/", PostListView.as_view(), name="api-posts"),
    path("posts/latest/", LatestPostView.as_view(), name="api-latest-post"),
]
