from __future__ import annotations

import ssl
from typing import Any

import django
import pytest
from catalogue_support import ODD, codes, findings
from django.utils.functional import lazystr

from django_hardened.checks import tasks

REMOTE = "queue.example.com"
STRONG = "hT5-mB2_xQ8wZ1rK7nV4"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"CELERY_TASK_SERIALIZER": "pickle"}, ["E560"]),
        ({"CELERY_TASK_SERIALIZER": "json"}, []),
        ({"CELERY_TASK_SERIALIZER": lazystr("pickle")}, ["E560"]),
        ({"CELERY_RESULT_SERIALIZER": "pickle"}, ["E560"]),
        (
            {"CELERY_TASK_SERIALIZER": "pickle", "CELERY_BROKER_URL": "redis://localhost/0"},
            ["W567"],
        ),
        (
            {
                "CELERY_TASK_SERIALIZER": "pickle",
                "CELERY_BROKER_URL": "redis://redis:6379/0",
                "CELERY_RESULT_BACKEND": f"rediss://:{STRONG}@cache.example.com/0",
            },
            ["E560"],
        ),
        ({"CELERY_ACCEPT_CONTENT": ["json", "pickle"]}, ["E560"]),
        ({"CELERY_ACCEPT_CONTENT": {"application/x-python-serialize"}}, ["E560"]),
        ({"CELERY_ACCEPT_CONTENT": "pickle"}, ["E560"]),
        ({"CELERY_ACCEPT_CONTENT": ("json", "yaml")}, []),
        ({"CELERY_TASK_ALWAYS_EAGER": True}, ["W561"]),
        ({"CELERY_ALWAYS_EAGER": True}, ["W561"]),
        ({"CELERY_TASK_ALWAYS_EAGER": 1}, ["W561"]),
        ({"CELERY_TASK_ALWAYS_EAGER": "False"}, ["W561"]),  # Celery asks whether it is true
        ({"CELERY_TASK_ALWAYS_EAGER": False}, []),
        ({"CELERY_TASK_ALWAYS_EAGER": 0}, []),
        ({"CELERY_TASK_ALWAYS_EAGER": None}, []),
        ({"CELERY_BROKER_URL": f"redis://{REMOTE}:6379"}, ["W562"]),
        ({"BROKER_URL": f"amqp://shop:k3yZr8mQ1@{REMOTE}//"}, ["W562"]),
        ({"CELERY_BROKER_URL": f"amqps://shop:k3yZr8mQ1@{REMOTE}//"}, []),
        ({"CELERY_BROKER_URL": f"rediss://:k3yZr8mQ1@{REMOTE}"}, []),
        ({"CELERY_BROKER_URL": f"rediss://{REMOTE}"}, ["W562"]),
        ({"CELERY_RESULT_BACKEND": f"redis://{REMOTE}"}, ["W562"]),
        ({"CELERY_RESULT_BACKEND": "django-db"}, []),
        ({"CELERY_BROKER_URL": "redis://redis:6379/0"}, []),
        ({"CELERY_BROKER_URL": "redis://localhost:6379/0"}, []),
        ({"CELERY_BROKER_URL": "amqp://guest:guest@rabbitmq//"}, []),
        ({"CELERY_BROKER_URL": "sqs://"}, []),
        ({"CELERY_BROKER_URL": "redis://[bad"}, []),
        ({"CELERY_BROKER_URL": f"amqps://guest:guest@{REMOTE}//"}, ["E563"]),
        ({"CELERY_BROKER_URL": f"amqps://shop:shop@{REMOTE}//"}, ["E563"]),
        ({"CELERY_BROKER_URL": f"amqp://a:k3yZr8mQ1@rabbit;amqp://b@{REMOTE}"}, ["W562"]),
        ({"CELERY_BROKER_URL": [f"redis://{REMOTE}", "redis://b.example.com"]}, ["W562"]),
        ({"CELERY_BROKER_URL": f"rediss://:k3yZr8mQ1@{REMOTE}?ssl_cert_reqs=CERT_NONE"}, ["W564"]),
        ({"CELERY_BROKER_URL": f"rediss://:k3yZr8mQ1@{REMOTE}?ssl_cert_reqs=required"}, []),
        ({"CELERY_BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_NONE}}, ["W564"]),
        ({"CELERY_BROKER_USE_SSL": {"cert_reqs": ssl.CERT_NONE}}, ["W564"]),
        ({"CELERY_BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_REQUIRED}}, []),
        ({"CELERY_BROKER_USE_SSL": True}, []),
        (
            {
                "CELERY_BROKER_URL": f"redis://:k3yZr8mQ1@{REMOTE}",
                "CELERY_BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_REQUIRED},
            },
            [],
        ),
    ],
)
def test_celery(changes: dict[str, Any], found: list[str]) -> None:
    assert codes(tasks, **changes) == found


def test_what_is_missing_is_named_and_no_password() -> None:
    [message] = findings(tasks, CELERY_BROKER_URL=f"redis://:k3yZr8mQ1@{REMOTE}")
    assert "without TLS:" in message.msg
    assert "k3yZr8mQ1" not in f"{message.msg}{message.hint}"
    assert message.setting == "CELERY_BROKER_URL"  # type: ignore[attr-defined]
    [message] = findings(tasks, CELERY_BROKER_URL=f"amqp://{REMOTE}")
    assert "without TLS and a password" in message.msg
    assert f"amqps://<user>:<password>@{REMOTE} " in str(message.hint)


DJANGO = "django.tasks.backends."


@pytest.mark.skipif(django.VERSION < (6, 0), reason="TASKS are of Django 6.0")
@pytest.mark.parametrize(
    ("backend", "found"),
    [
        (f"{DJANGO}dummy.DummyBackend", ["W565"]),
        (f"{DJANGO}immediate.ImmediateBackend", ["I566"]),
        ("django_tasks.backends.database.DatabaseBackend", []),
    ],
)
def test_task_backends(backend: str, found: list[str]) -> None:
    assert codes(tasks, TASKS={"default": {"BACKEND": backend}}) == found


def test_that_django_has_tasks_is_no_finding() -> None:
    assert codes(tasks) == []


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize(
    "name",
    ["TASKS", "CELERY_ACCEPT_CONTENT", "CELERY_BROKER_URL"],
)
def test_what_is_no_setting(name: str, value: Any) -> None:
    assert codes(tasks, **{name: value}) == []
