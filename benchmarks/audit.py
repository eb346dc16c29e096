"""How long the audit takes for a router with 500 viewsets, and how much memory it holds on to.

python benchmarks/audit.py
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import Any

import django
from django.conf import settings

VIEWSETS = 500

settings.configure(
    SECRET_KEY="not-secret",  # noqa: S106
    ALLOWED_HOSTS=["example.com"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.contrib.auth.middleware.LoginRequiredMiddleware"],
    REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]},
)
django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from rest_framework import permissions, serializers, viewsets  # noqa: E402
from rest_framework.routers import DefaultRouter  # noqa: E402

from django_hardened.audit.inventory import audit  # noqa: E402


class GroupSerializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ("id", "name")


def viewset(number: int) -> type[viewsets.ModelViewSet[Group]]:
    """Return a viewset of its own class; every tenth one is open for reading."""
    attributes: dict[str, Any] = {
        "queryset": Group.objects.all(),
        "serializer_class": GroupSerializer,
    }
    if number % 10 == 0:
        attributes["permission_classes"] = [permissions.IsAuthenticatedOrReadOnly]
    return type(f"View{number}", (viewsets.ModelViewSet,), attributes)


router = DefaultRouter()
for each in range(VIEWSETS):
    router.register(f"things-{each}", viewset(each), basename=f"thing-{each}")
urlpatterns = router.urls


def main() -> None:
    for run in range(1, 4):
        started = time.process_time()
        endpoints = audit()
        taken = time.process_time() - started
        print(f"run {run}: {len(endpoints)} endpoints in {taken:.2f} s of CPU time")
    tracemalloc.start()
    held = []
    for _ in range(4):
        audit()
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0] // 1024)
    print("held after each further run, KiB:", *held)


if __name__ == "__main__":
    main()
