"""5xx: background tasks: what a worker runs, and who can hand it work."""

from __future__ import annotations

from typing import Any

from django.conf import global_settings, settings
from django.core.checks import CheckMessage

from django_hardened.checks.classes import is_subclass
from django_hardened.checks.dictionaries import entries
from django_hardened.checks.redis_stores import Store, stores
from django_hardened.checks.rules import Rule
from django_hardened.checks.services import (
    UNREADABLE,
    Address,
    is_default_password,
    is_remote,
    parse_address,
    skips_verification,
)

E560 = Rule(
    "E560",
    "{setting} has 'pickle': whoever can write to the broker runs code in the workers.",
    "{setting} = {fix}",
    asvs="1.5.2",
    cwe=502,
)
W567 = Rule(
    "W567",
    "{setting} has 'pickle': whoever can write to the broker, which is on this machine or network, "
    "runs code in the workers.",
    "{setting} = {fix}",
    asvs="1.5.2",
    cwe=502,
)
W561 = Rule(
    "W561",
    "{setting} is on: tasks run inside the request that asks for them, and an error in one is an "
    "error of the page.",
    "Remove {setting} from the settings of production.",
)
W562 = Rule(
    "W562",
    "{where} is at {host}, without {missing}: whoever reaches it or listens on the way can hand "
    "work to the workers.",
    "{fix}  # {scheme}://<user>:<password>@{target}{path} there",
    asvs="12.3.1",
    cwe=319,
)
E563 = Rule(
    "E563",
    "{where} has a password for {host} that everybody tries first.",
    "Give the user of the broker a random password, and put the URL into the environment.",
    asvs="13.2.3",
    cwe=1392,
)
W564 = Rule(
    "W564",
    "{where} asks not to verify the certificate: anybody on the way can answer in place of the "
    "broker.",
    'Write "ssl_cert_reqs": ssl.CERT_REQUIRED, or ?ssl_cert_reqs=required in a URL.',
    asvs="12.3.2",
    cwe=295,
)
W565 = Rule(
    "W565",
    "The task queue {subject!r} is DummyBackend: tasks are stored and never run.",
    'Name the backend of a queue that has workers: TASKS[{subject!r}]["BACKEND"].',
    "TASKS",
)
I566 = Rule(
    "I566",
    "The task queue {subject!r} is ImmediateBackend: tasks run inside the request that asks for "
    "them.",
    'Name the backend of a queue that has workers: TASKS[{subject!r}]["BACKEND"].',
    "TASKS",
)
RULES = (E560, W567, W561, W562, E563, W564, W565, I566)

# Each name as Celery spells it with namespace="CELERY", and as before Celery 4.
_SERIALIZERS = (
    "CELERY_TASK_SERIALIZER",
    "CELERY_RESULT_SERIALIZER",
    "CELERY_EVENT_SERIALIZER",
    "CELERY_ACCEPT_CONTENT",
    "CELERY_RESULT_ACCEPT_CONTENT",
)
_EAGER = ("CELERY_TASK_ALWAYS_EAGER", "CELERY_ALWAYS_EAGER")
_URLS = (
    "CELERY_BROKER_URL",
    "BROKER_URL",
    "CELERY_BROKER_READ_URL",
    "CELERY_BROKER_WRITE_URL",
    "CELERY_RESULT_BACKEND",
)
_TLS = ("CELERY_BROKER_USE_SSL", "BROKER_USE_SSL", "CELERY_REDIS_BACKEND_USE_SSL")
_PICKLES = {"pickle", "application/x-python-serialize"}
# With TLS and without.
_SCHEMES = {
    "redis": False,
    "rediss": True,
    "sentinel": False,
    "redis-sentinel": False,
    "amqp": False,
    "pyamqp": False,
    "amqps": True,
}
# What a URL with TLS begins with, and how it ends.
_WITH_TLS = {
    # Celery's store for results refuses rediss:// that does not say it.
    "redis": {"scheme": "rediss", "path": ":6379/0?ssl_cert_reqs=required"},
    # A URL of sentinels has no place for it.
    "sentinel": {"scheme": "sentinel", "path": ":26379/0, and CELERY_BROKER_USE_SSL,"},
    "amqp": {"scheme": "amqps", "path": ""},
}


def check_task_serializers(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    rule = W567 if _has_local_brokers() else E560
    for name in _SERIALIZERS:
        value = getattr(settings, name, None)
        is_list = name.endswith("_CONTENT")
        words = value if isinstance(value, list | tuple | set | frozenset) else [value]
        if _PICKLES & {str(word).lower() for word in words}:
            findings.append(rule.found(setting=name, fix='["json"]' if is_list else '"json"'))
    return findings


def _has_local_brokers() -> bool:
    """Whether settings name where the tasks come from, and all of that is near."""
    named = [address for name in _URLS for address in _addresses(getattr(settings, name, None))]
    return bool(named) and not any(is_remote(address.host) for address in named)


def check_eager_tasks(**kwargs: Any) -> list[CheckMessage]:
    return [W561.found(setting=name) for name in _EAGER if getattr(settings, name, False)]


def check_brokers(**kwargs: Any) -> list[CheckMessage]:
    findings = []
    for name in _URLS:
        for address in _addresses(getattr(settings, name, None)):
            finding = _check_address(name, address)
            if finding:
                findings.append(finding)
                break  # one finding for one setting, however many brokers it names
    unverified = [name for name in _TLS if skips_verification(getattr(settings, name, None))]
    return findings + [W564.found(setting=name, where=name) for name in unverified]


def _addresses(value: object) -> list[Address]:
    """Return what a broker setting names: a URL, several with ``;`` between them, or a list."""
    urls = value if isinstance(value, list | tuple) else str(value or "").split(";")
    found = [address for url in urls if (address := parse_address(url))]
    return [address for address in found if address.scheme in _SCHEMES]


def _check_address(name: str, address: Address) -> CheckMessage | None:
    has_tls = _SCHEMES[address.scheme] or any(getattr(settings, name, None) for name in _TLS)
    fix = f'{name} = os.environ["{name}"]'
    return _judge(Store(name, name, fix, address, has_tls, address.query))


def check_redis_stores(**kwargs: Any) -> list[CheckMessage]:
    """What Channels, RQ and Django-Q2 keep their messages and jobs in."""
    findings = {store.where: finding for store in stores() if (finding := _judge(store))}
    return [*findings.values()]


def _judge(store: Store) -> CheckMessage | None:
    address, where = store.address, {"setting": store.setting, "where": store.where}
    subject = store.where if store.where != store.setting else ""
    if store.options and skips_verification(store.options):
        return W564.found(**where, subject=subject)
    if not is_remote(address.host):
        return None
    if is_default_password(address.password, address.user):
        return E563.found(**where, subject=subject, host=address.host)
    checked = (("TLS", store.has_tls), ("a password", address.password))
    missing = " and ".join(word for word, there in checked if not there)
    if not missing:
        return None
    target = "<host>" if address.host == UNREADABLE else address.host
    kind = next((kind for kind in ("sentinel", "amqp") if kind in address.scheme), "redis")
    facts = {"host": address.host, "missing": missing, "fix": store.fix, "target": target}
    return W562.found(**where, subject=subject, **facts, **_WITH_TLS[kind])


def check_task_backends(**kwargs: Any) -> list[CheckMessage]:
    tasks = getattr(settings, "TASKS", None)
    if tasks is getattr(global_settings, "TASKS", None):
        return []  # nobody has asked for a queue
    backends = "django.tasks.backends."
    findings = []
    for alias, config in entries(tasks):
        if is_subclass(config.get("BACKEND"), f"{backends}dummy.DummyBackend"):
            findings.append(W565.found(subject=alias))
        elif is_subclass(config.get("BACKEND"), f"{backends}immediate.ImmediateBackend"):
            findings.append(I566.found(subject=alias))
    return findings


CHECKS = (
    check_task_serializers,
    check_eager_tasks,
    check_brokers,
    check_redis_stores,
    check_task_backends,
)
