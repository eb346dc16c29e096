"""API views, permissions and throttles to judge; settings name them by their dotted path."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model, models
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import api_view, permission_classes
from rest_framework.generics import ListAPIView
from rest_framework.pagination import BasePagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.permissions import (
    AllowAny,
    BasePermission,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet


class Silent(APIView):
    """Says nothing of its own."""

    def get(self, request: Request) -> Response:
        return Response()


class SilentChild(Silent):
    pass


class Closed(APIView):
    permission_classes = [IsAuthenticated]


class ClosedChild(Closed):
    pass


class DecidesItself(APIView):
    def get_permissions(self) -> Any:
        return [IsAdminUser()]


class SilentViewSet(ViewSet):
    def list(self, request: Request) -> Response:
        return Response()


class ClosedViewSet(SilentViewSet):
    permission_classes = [IsAuthenticated]


@api_view(["GET"])
def silent_function(request: Request) -> Response:
    return Response()


@api_view(["GET"])
def other_silent_function(request: Request) -> Response:
    return Response()


@api_view(["GET"])
@permission_classes([AllowAny])
def public_function(request: Request) -> Response:
    return Response()


def plain_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class TeamPermission(IsAuthenticated):
    pass


class Everybody(AllowAny):
    pass


class ProjectsBasicAuthentication(BasicAuthentication):
    pass


class BurstThrottle(UserRateThrottle):
    scope = "burst"


class OwnRate(UserRateThrottle):
    scope = "own"
    rate = "5/min"


class OwnRates(UserRateThrottle):
    scope = "table"
    THROTTLE_RATES = {"table": "5/min"}  # type: ignore[assignment]


class ComputedRate(UserRateThrottle):
    scope = "computed"

    def get_rate(self) -> str:
        return "5/min"


class Yes(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return True


class YesToOwners(Yes):
    """As an "is owner" that leaves lists to everybody: which views have objects is not known."""

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return bool(obj.owner == request.user)


class YesToSome(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user)


def make_user() -> Any:
    return User()


def make_named_user() -> Any:
    return models.User(username="anonymous")


def make_any_user() -> Any:
    return get_user_model()()


def make_stranger() -> Any:
    return AnonymousUser()


def make_one_or_other() -> Any:
    return User() if User else AnonymousUser()


def make_unknown() -> Any:
    return NoSuchName()  # type: ignore[name-defined]  # noqa: F821


def make_nothing() -> Any:
    return None


YES_OR_ADMIN = Yes | IsAdminUser
EITHER = IsAuthenticated | IsAdminUser
NOBODY = ~AllowAny
ANYBODY_OR_ADMIN = AllowAny | IsAdminUser
ADMIN_OR_ANYBODY = IsAdminUser | AllowAny
ANYBODY_AND_ANYBODY = AllowAny & AllowAny
USER_AND_ANYBODY = IsAuthenticated & AllowAny
USER_AND_ANYBODY_OR_ADMIN = IsAuthenticated & (AllowAny | IsAdminUser)
READER_OR_ADMIN = IsAuthenticatedOrReadOnly | IsAdminUser


class UnrelatedThrottle:
    def allow_request(self, request: Request, view: APIView) -> bool:
        return True


class Reader(IsAuthenticatedOrReadOnly):
    pass


class NarrowedAnybody(AllowAny):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Stranger:
    """A user class that says yes, as a constant."""

    is_authenticated = True


class Guest(AnonymousUser):
    pass


class Careful:
    """A user class whose answer depends on the user."""

    @property
    def is_authenticated(self) -> bool:
        return bool(self.pk)  # type: ignore[attr-defined]


class ParsedThrottle(UserRateThrottle):
    scope = "parsed"

    def parse_rate(self, rate: str | None) -> tuple[int, int]:
        return 5, 60


class PropertyRate(UserRateThrottle):
    scope = "property"

    @property
    def rate(self) -> str:  # type: ignore[override]
        return "5/min"


class ByAccount(UserRateThrottle):
    """Tells clients apart by something that is not an address."""

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return "account"


class ByAddressOfItsOwn(UserRateThrottle):
    def get_ident(self, request: Request) -> str:
        return "address"


class Throttled(Closed):
    throttle_classes = [UserRateThrottle]


class UnthrottledView(Closed):
    throttle_classes = []


class Listing(ListAPIView[Any]):
    permission_classes = [IsAuthenticated]


class SmallListing(Listing):
    pagination_class = None


class OwnListing(Listing):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response()


class SizedPages(PageNumberPagination):
    page_size = 20


class AnySizePages(SizedPages):
    page_size_query_param = "size"


class LimitedPages(AnySizePages):
    max_page_size = 100


class LimitedOffset(LimitOffsetPagination):
    max_limit = 100


class ForeignPages(BasePagination):
    pass


class ForeignRate(UserRateThrottle):
    """Fails at the first request: the rate is no rate."""

    scope = "foreign"
    rate = "5 per minute"
