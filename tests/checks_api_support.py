"""API views, permissions and throttles to judge; settings name them by their dotted path."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated
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


EITHER = IsAuthenticated | IsAdminUser
NOBODY = ~AllowAny


class UnrelatedThrottle:
    def allow_request(self, request: Request, view: APIView) -> bool:
        return True
