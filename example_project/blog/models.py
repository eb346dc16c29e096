"""Posts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class PostQuerySet(models.QuerySet["Post"]):
    def published(self) -> PostQuerySet:
        """Return what everybody may read: posts whose date has come."""
        return self.filter(published__lte=timezone.now())


class Post(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    body = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts"
    )
    published = models.DateTimeField(
        default=timezone.now,
        db_index=True,
        help_text="A post with a date in the future stays hidden until then.",
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-published", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("post-detail", kwargs={"slug": self.slug})
