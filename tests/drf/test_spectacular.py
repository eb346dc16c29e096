"""The schema that drf-spectacular makes says how a key is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.test import modify_settings, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_hardened.drf.authentication import (
    APIKeyAuthentication,
    SessionAuthentication,
    TokenAuthentication,
)

pytest.importorskip("drf_spectacular", exc_type=ImportError)


class Bearer(APIKeyAuthentication):
    keyword = "Bearer"


def schema_of(*classes: Any) -> Any:
    with modify_settings(INSTALLED_APPS={"append": "drf_spectacular"}):
        apps.get_app_config("django_hardened").ready()  # as at the start, where it is installed
        from drf_spectacular.generators import SchemaGenerator
        from drf_spectacular.openapi import AutoSchema

        class View(APIView):
            authentication_classes = classes
            schema = AutoSchema()

            def get(self, request: Request) -> Response:
                """Says nothing."""
                return Response()

        class Urls:
            urlpatterns = [path("x/", View.as_view())]

        with override_settings(ROOT_URLCONF=Urls):
            schema = SchemaGenerator(urlconf=Urls).get_schema(request=None, public=True)
        return schema["components"]["securitySchemes"], schema["paths"]["/x/"]["get"]["security"]


def test_a_key_is_in_the_authorization_header() -> None:
    schemes, security = schema_of(APIKeyAuthentication)
    assert schemes == {
        "apiKeyAuth": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": 'Token-based authentication with required prefix "Api-Key"',
        }
    }
    assert security == [{"apiKeyAuth": []}]


def test_a_subclass_may_have_another_scheme() -> None:
    schemes, _ = schema_of(Bearer)
    assert schemes == {"apiKeyAuth": {"type": "http", "scheme": "bearer"}}


def test_beside_the_others() -> None:
    schemes, security = schema_of(APIKeyAuthentication, SessionAuthentication, TokenAuthentication)
    assert {*schemes} == {"apiKeyAuth", "cookieAuth", "tokenAuth"}
    assert len(security) == 3
