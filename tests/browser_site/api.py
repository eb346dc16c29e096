"""The library as an API, with the pages that people see of it."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework import filters, routers, serializers, viewsets

from browser_site.models import Book


class BookSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["url", "title", "slug", "kind", "author", "tags", "printed", "is_lent"]


class BookViewSet(viewsets.ModelViewSet):
    """Books, to be read and written."""

    queryset = Book.objects.all()
    serializer_class = BookSerializer
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["title"]
    ordering_fields = ["title", "printed"]


router = routers.DefaultRouter()
router.register("books", BookViewSet)

urlpatterns = [
    path("library/", include(router.urls)),
    path("api-auth/", include("rest_framework.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("swagger/", SpectacularSwaggerSplitView.as_view(), name="swagger"),
    path("redoc/", SpectacularRedocView.as_view(), name="redoc"),
]
