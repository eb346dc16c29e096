from __future__ import annotations

import ast
import ssl
from types import MappingProxyType
from typing import Any

import django
import pytest
from catalogue_support import ODD, codes, findings
from django.utils.functional import lazystr

from django_hardened.checks import tasks

REMOTE = "queue.example.com"
STRONG = "hT5-mB2_xQ8wZ1rK7nV4"
NO_CERTIFICATE = {"ssl_cert_reqs": None}


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


def _layer(hosts: Any, backend: str = "channels_redis.core.RedisChannelLayer") -> dict[str, Any]:
    return {"CHANNEL_LAYERS": {"default": {"BACKEND": backend, "CONFIG": {"hosts": hosts}}}}


def _queue(**config: Any) -> dict[str, Any]:
    return {"RQ_QUEUES": {"high": config}}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (_layer([(REMOTE, 6379)]), ["W562"]),
        (_layer([[REMOTE, 6379], ("b.example.com", 6379)]), ["W562"]),
        (_layer([f"redis://:{STRONG}@{REMOTE}:6379/0"]), ["W562"]),
        (_layer(f"redis://{REMOTE}"), ["W562"]),
        (_layer([{"address": f"rediss://{REMOTE}:6379"}]), ["W562"]),
        (_layer([{"host": REMOTE, "password": STRONG}]), ["W562"]),
        (_layer([{"sentinels": [("s.example.com", 26379)], "master_name": "m"}]), ["W562"]),
        (_layer([f"rediss://:{STRONG}@{REMOTE}"], "channels_redis.pubsub.RedisPubSub"), []),
        (_layer([{"host": REMOTE, "password": STRONG, "ssl": True}]), []),
        (_layer([{"address": f"rediss://{REMOTE}", "password": STRONG}]), []),
        (_layer([f"rediss://:redis@{REMOTE}"]), ["E563"]),
        (_layer([f"rediss://:{STRONG}@{REMOTE}?ssl_cert_reqs=none"]), ["W564"]),
        (_layer([("redis", 6379), "redis://localhost", "unix:///run/redis.sock"]), []),
        (_layer([(REMOTE, 6379)], "myproject.layers.Layer"), []),
        (_layer(None), []),
        ({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.core.X", "CONFIG": 3}}}, []),
        (_queue(HOST=REMOTE, PORT=6379, DB=0), ["W562"]),
        (_queue(HOST=REMOTE, PASSWORD=STRONG), ["W562"]),
        (_queue(URL=f"redis://{REMOTE}:6379/0"), ["W562"]),
        (_queue(SENTINELS=[("s.example.com", 26736)], MASTER_NAME="m"), ["W562"]),
        (
            _queue(SENTINELS=[(REMOTE, 1)], PASSWORD=STRONG, CONNECTION_KWARGS={"ssl": True}),
            [],
        ),
        (_queue(HOST=REMOTE, PASSWORD=STRONG, SSL=True), []),
        (
            _queue(HOST=REMOTE, PASSWORD=STRONG, SSL=True, REDIS_CLIENT_KWARGS=NO_CERTIFICATE),
            ["W564"],
        ),
        (_queue(HOST=REMOTE, USERNAME="shop", PASSWORD="shop", SSL=True), ["E563"]),
        (_queue(URL=f"rediss://shop:{STRONG}@{REMOTE}"), []),
        (_queue(USE_REDIS_CACHE="default"), []),
        (_queue(UNIX_SOCKET_PATH="/run/redis.sock"), []),
        (_queue(HOST="redis", PORT=6379), []),
        (_queue(HOST="10.0.0.7"), []),
        ({"RQ_QUEUES": MappingProxyType({"low": MappingProxyType({"HOST": REMOTE})})}, ["W562"]),
        ({"RQ_QUEUES": {"a": {"HOST": REMOTE}, "b": {"HOST": REMOTE}}}, ["W562", "W562"]),
        ({"Q_CLUSTER": {"redis": {"host": REMOTE, "port": 6379}}}, ["W562"]),
        ({"Q_CLUSTER": {"redis": f"redis://{REMOTE}:6379/0"}}, ["W562"]),
        ({"Q_CLUSTER": {"redis": f"rediss://:{STRONG}@{REMOTE}"}}, []),
        ({"Q_CLUSTER": {"redis": {"host": REMOTE, "password": STRONG, "ssl": True}}}, []),
        ({"Q_CLUSTER": {"redis": {"host": "127.0.0.1"}}}, []),
        ({"Q_CLUSTER": {"redis": {"unix_socket_path": "/run/redis.sock"}}}, []),
        ({"Q_CLUSTER": {"orm": "default", "django_redis": "default"}}, []),
        ({"CELERY_BROKER_URL": f"sentinel://{REMOTE}:26379;sentinel://b:26379"}, ["W562"]),
        ({"CELERY_RESULT_BACKEND": f"sentinel://:{STRONG}@{REMOTE}:26379"}, ["W562"]),
        ({"CELERY_RESULT_BACKEND": "sentinel://sentinel-1:26379"}, []),
        (
            {
                "CELERY_BROKER_URL": f"sentinel://:{STRONG}@{REMOTE}:26379",
                "CELERY_BROKER_USE_SSL": {"ssl_cert_reqs": ssl.CERT_REQUIRED},
            },
            [],
        ),
    ],
)
def test_other_stores_of_jobs(changes: dict[str, Any], found: list[str]) -> None:
    assert codes(tasks, **changes) == found


@pytest.mark.parametrize(
    ("changes", "setting", "where"),
    [
        (_layer([(REMOTE, 6379)]), "CHANNEL_LAYERS", "CHANNEL_LAYERS['default']"),
        (_queue(HOST=REMOTE), "RQ_QUEUES", "RQ_QUEUES['high']"),
        ({"Q_CLUSTER": {"redis": f"redis://{REMOTE}"}}, "Q_CLUSTER", 'Q_CLUSTER["redis"]'),
    ],
)
def test_a_store_is_named(changes: dict[str, Any], setting: str, where: str) -> None:
    [message] = findings(tasks, **changes)
    assert message.msg.startswith(f"{where} is at {REMOTE}, without TLS and a password: ")
    assert (message.setting, message.subject) == (setting, where)  # type: ignore[attr-defined]
    code, _, remark = str(message.hint).partition("  # ")
    assert code.startswith(where)
    assert ast.parse(code)
    assert remark.startswith(f"rediss://<user>:<password>@{REMOTE}:6379/0")


def test_the_hint_for_sentinels() -> None:
    [message] = findings(tasks, CELERY_BROKER_URL=f"sentinel://{REMOTE}")
    url = f"sentinel://<user>:<password>@{REMOTE}:26379/0"
    assert str(message.hint).endswith(f"  # {url}, and CELERY_BROKER_USE_SSL, there")


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
    [
        *("TASKS", "CELERY_ACCEPT_CONTENT", "CELERY_BROKER_URL"),
        *("CHANNEL_LAYERS", "RQ_QUEUES", "Q_CLUSTER"),
    ],
)
def test_what_is_no_setting(name: str, value: Any) -> None:
    assert codes(tasks, **{name: value}) == []
