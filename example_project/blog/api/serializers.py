"""Posts as JSON."""

from __future__ import annotations

from rest_framework import serializers

from blog.models import Post


class PostSerializer(serializers.ModelSerializer):
    url = serializers.HyperlinkedIdentityField(view_name="post-detail", lookup_field="slug")
    author = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        model = Post
        fields = ["url", "title", "slug", "body", "author", "published"]
