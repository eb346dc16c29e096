"""The Atom feed."""

from __future__ import annotations

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.urls import reverse_lazy
from django.utils.feedgenerator import Atom1Feed

from blog.models import Post, PostQuerySet


class LatestPostsFeed(Feed):
    feed_type = Atom1Feed
    title = "The example blog"
    link = reverse_lazy("post-list")

    def items(self) -> PostQuerySet:
        return Post.objects.published().select_related("author")[:20]

    def item_description(self, item: Post) -> str:
        return item.body

    def item_author_name(self, item: Post) -> str:
        return item.author.get_username()

    def item_pubdate(self, item: Post) -> datetime:
        return item.published
