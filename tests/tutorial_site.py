"""The ``snippets`` project of REST framework's tutorial, each chapter below a path of its own.

https://www.django-rest-framework.org/tutorial/1-serialization/ and the five after it. What is
shown in one chapter and replaced in the next is there twice.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework import generics, mixins, permissions, renderers, serializers, status, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import DefaultRouter
from rest_framework.urlpatterns import format_suffix_patterns
from rest_framework.views import APIView


class Snippet(models.Model):
    title = models.CharField(max_length=100, blank=True, default="")
    code = models.TextField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="snippets")
    highlighted = models.TextField()

    class Meta:
        app_label = "snippets"

    def __str__(self) -> str:
        return self.title


class SnippetSerializer(serializers.ModelSerializer):
    owner = serializers.ReadOnlyField(source="owner.username")

    class Meta:
        model = Snippet
        fields = ("id", "title", "code", "owner")


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "username")


class IsOwnerOrReadOnly(permissions.BasePermission):
    def has_object_permission(self, request: Request, view: Any, obj: Snippet) -> bool:
        return request.method in permissions.SAFE_METHODS or obj.owner == request.user


# -- 1: views of Django alone ----------------------------------------------------------------------


@csrf_exempt
def plain_list(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return JsonResponse(SnippetSerializer(Snippet.objects.all(), many=True).data, safe=False)
    if request.method == "POST":
        serializer = SnippetSerializer(data=JSONParser().parse(request))
        if serializer.is_valid():
            serializer.save()
            return JsonResponse(serializer.data, status=201)
        return JsonResponse(serializer.errors, status=400)
    return HttpResponse(status=405)


@csrf_exempt
def plain_detail(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        snippet = Snippet.objects.get(pk=pk)
    except Snippet.DoesNotExist:
        return HttpResponse(status=404)
    if request.method == "PUT":
        serializer = SnippetSerializer(snippet, data=JSONParser().parse(request))
        if serializer.is_valid():
            serializer.save()
            return JsonResponse(serializer.data)
        return JsonResponse(serializer.errors, status=400)
    if request.method == "DELETE":
        snippet.delete()
        return HttpResponse(status=204)
    return JsonResponse(SnippetSerializer(snippet).data)


# -- 2: function views -----------------------------------------------------------------------------


@api_view(["GET", "POST"])
def function_list(request: Request, format: str | None = None) -> Response:  # noqa: A002
    if request.method == "GET":
        return Response(SnippetSerializer(Snippet.objects.all(), many=True).data)
    serializer = SnippetSerializer(data=request.data)
    if serializer.is_valid():
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)
    return Response(serializer.errors, status=status.HTTP_400_BAD_REQUEST)


@api_view(["GET", "PUT", "DELETE"])
def function_detail(
    request: Request,
    pk: int,
    format: str | None = None,  # noqa: A002
) -> Response:
    try:
        snippet = Snippet.objects.get(pk=pk)
    except Snippet.DoesNotExist:
        return Response(status=status.HTTP_404_NOT_FOUND)
    if request.method == "PUT":
        serializer = SnippetSerializer(snippet, data=request.data)
        if serializer.is_valid():
            serializer.save()
            return Response(serializer.data)
        return Response(serializer.errors, status=status.HTTP_400_BAD_REQUEST)
    if request.method == "DELETE":
        snippet.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
    return Response(SnippetSerializer(snippet).data)


# -- 3: class views, mixins and generic views ------------------------------------------------------


class ClassList(APIView):
    def get(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        return Response(SnippetSerializer(Snippet.objects.all(), many=True).data)

    def post(self, request: Request, format: str | None = None) -> Response:  # noqa: A002
        serializer = SnippetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class ClassDetail(APIView):
    def get_object(self, pk: int) -> Snippet:
        try:
            return Snippet.objects.get(pk=pk)
        except Snippet.DoesNotExist:
            raise Http404 from None

    def get(self, request: Request, pk: int) -> Response:
        return Response(SnippetSerializer(self.get_object(pk)).data)

    def put(self, request: Request, pk: int) -> Response:
        serializer = SnippetSerializer(self.get_object(pk), data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    def delete(self, request: Request, pk: int) -> Response:
        self.get_object(pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MixedList(mixins.ListModelMixin, mixins.CreateModelMixin, generics.GenericAPIView):
    queryset = Snippet.objects.all()
    serializer_class = SnippetSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.create(request, *args, **kwargs)


class GenericDetail(generics.RetrieveUpdateDestroyAPIView):
    queryset = Snippet.objects.all()
    serializer_class = SnippetSerializer


# -- 4 and 5: permissions, the root and the highlighted code ---------------------------------------


class OwnedList(generics.ListCreateAPIView):
    queryset = Snippet.objects.all()
    serializer_class = SnippetSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def perform_create(self, serializer: SnippetSerializer) -> None:
        serializer.save(owner=self.request.user)


class OwnedDetail(generics.RetrieveUpdateDestroyAPIView):
    queryset = Snippet.objects.all()
    serializer_class = SnippetSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly]


class UserList(generics.ListAPIView):
    queryset = User.objects.all()
    serializer_class = UserSerializer


class UserDetail(generics.RetrieveAPIView):
    queryset = User.objects.all()
    serializer_class = UserSerializer


@api_view(["GET"])
def root(request: Request, format: str | None = None) -> Response:  # noqa: A002
    return Response({"snippets": reverse("snippet-list", request=request, format=format)})


class Highlight(generics.GenericAPIView):
    queryset = Snippet.objects.all()
    renderer_classes = [renderers.StaticHTMLRenderer]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_object().highlighted)


# -- 6: viewsets -----------------------------------------------------------------------------------


class UserViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = User.objects.all().order_by("pk")
    serializer_class = UserSerializer


class SnippetViewSet(viewsets.ModelViewSet):
    queryset = Snippet.objects.all().order_by("pk")
    serializer_class = SnippetSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly]

    @action(detail=True, renderer_classes=[renderers.StaticHTMLRenderer])
    def highlight(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.get_object().highlighted)

    def perform_create(self, serializer: SnippetSerializer) -> None:
        serializer.save(owner=self.request.user)


router = DefaultRouter()
router.register("snippets", SnippetViewSet, basename="snippet")
router.register("users", UserViewSet, basename="user")

urlpatterns = [
    path("1/snippets/", plain_list),
    path("1/snippets/<int:pk>/", plain_detail),
    *format_suffix_patterns(
        [path("2/snippets/", function_list), path("2/snippets/<int:pk>", function_detail)]
    ),
    path("3/snippets/", ClassList.as_view()),
    path("3/snippets/<int:pk>/", ClassDetail.as_view()),
    path("3/mixed/", MixedList.as_view()),
    path("3/generic/<int:pk>/", GenericDetail.as_view()),
    path("5/", root),
    path("5/snippets/", OwnedList.as_view()),
    path("5/snippets/<int:pk>/", OwnedDetail.as_view()),
    path("5/snippets/<int:pk>/highlight/", Highlight.as_view()),
    path("5/users/", UserList.as_view()),
    path("5/users/<int:pk>/", UserDetail.as_view()),
    path("", include(router.urls)),
    path("api-auth/", include("rest_framework.urls")),
]
