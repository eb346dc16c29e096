"""The API. What a view does not say comes from the package: closed to strangers, and limited."""

from __future__ import annotations

from rest_framework import generics
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from blog.api.serializers import PostSerializer
from blog.models import Post, PostQuerySet


class PostListView(generics.ListCreateAPIView):
    """Closed and limited, without a line that says so."""

    serializer_class = PostSerializer

    def get_queryset(self) -> PostQuerySet:
        return Post.objects.published().select_related("author")

    def perform_create(self, serializer: BaseSerializer[Post]) -> None:
        serializer.save(author=self.request.user)


class LatestPostView(generics.RetrieveAPIView):
    """Public, which has to be said; still limited, which has not."""

    permission_classes = [AllowAny]
    serializer_class = PostSerializer

    def get_object(self) -> Post:
        return generics.get_object_or_404(Post.objects.published().select_related("author")[:1])


class HealthView(APIView):
    """For the load balancer: public and unlimited, and it tells nothing else."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})
