"""The blog's pages."""

from __future__ import annotations

from django.urls import path

from blog.feeds import LatestPostsFeed
from blog.views import PostDetailView, PostListView

urlpatterns = [
    path("", PostListView.as_view(), name="post-list"),
    path("feed/", LatestPostsFeed(), name="feed"),
    path("posts/<slug:slug>/", PostDetailView.as_view(), name="post-detail"),
]
