"""How long the audit takes for thousands of endpoints, and how much memory it holds on to.

python benchmarks/audit.py
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from typing import Any

import django
from django.conf import settings

RUNS = 5

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
from rest_framework.routers import DefaultRouter, SimpleRouter  # noqa: E402

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


def urlconf(viewsets: int, router: DefaultRouter | SimpleRouter) -> Any:
    """Return the URLs of as many viewsets; a ``DefaultRouter`` has each of them twice."""
    for each in range(viewsets):
        router.register(f"things-{each}", viewset(each), basename=f"thing-{each}")
    return type("Urls", (), {"urlpatterns": router.urls})


urlpatterns: list[Any] = []
SITES = [
    urlconf(334, SimpleRouter()),
    urlconf(667, SimpleRouter()),
    urlconf(500, DefaultRouter()),
]


def show_times() -> None:
    for site in SITES:
        taken = []
        for _ in range(RUNS):
            started = time.process_time()
            count = len(audit(site))
            taken.append(time.process_time() - started)
        times = " ".join(f"{each:.2f}" for each in taken)
        print(f"{count} endpoints, CPU time of each run in s: {times}")


def show_memory() -> None:
    for site in SITES:
        gc.collect()
        tracemalloc.start()
        held = []
        for _ in range(RUNS):
            tracemalloc.reset_peak()
            count = len(audit(site))
            peak = tracemalloc.get_traced_memory()[1]
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0] // 1024)
        tracemalloc.stop()
        runs = " ".join(map(str, held))
        print(f"{count} endpoints, at most {peak // count} bytes each; KiB held after runs: {runs}")


if __name__ == "__main__":
    show_times()
    show_memory()
