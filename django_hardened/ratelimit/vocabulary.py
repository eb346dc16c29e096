"""What people write into ``@ratelimit``: groups, keys, rates and methods of django-ratelimit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django_ratelimit import ALL

from django_hardened.ratelimit.bodies import form_field, json_field, query_field
from django_hardened.ratelimit.identity import Client, by_address, by_user, by_value
from django_hardened.ratelimit.limiter import Counted, is_enabled
from django_hardened.ratelimit.rates import InvalidRate, Limit

Key = str | Callable[[str, Any], Any]
Rate = str | tuple[int, int] | Limit | Callable[[str, Any], Any]
Methods = str | Sequence[str | None]

_USERS = ("user", "user_or_ip")
_FOLDED_LENGTH = 4096  # of normalising, a megabyte takes a while
_ACCESSORS: dict[str, Callable[[HttpRequest, str], object]] = {
    "get": lambda request, name: _folded(query_field(request, name)),
    "post": lambda request, name: _folded(form_field(request, name)),
    "json": lambda request, name: _folded(json_field(request, name)),
    "header": lambda request, name: request.META.get(f"HTTP_{name.replace('-', '_').upper()}"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit of a view, as it is written down.

    Raises:
        ImproperlyConfigured: at once, for what can be judged without a request.
    """

    group: str | None = None
    key: Key | None = None
    rate: Rate | None = None
    method: Methods = ALL

    def __post_init__(self) -> None:
        if self.rate is None:
            return
        _check_key(self.key)
        if not callable(self.rate) and not _is_path(self.rate):
            _parse(self.rate, "default")

    def counted(self, request: HttpRequest, view: Callable[..., Any] | None) -> list[Counted]:
        """Return who is counted, and against which limit; nothing where none is meant."""
        if self.rate is None or not is_enabled() or not self._is_for(request.method):
            return []
        group = self.group if self.group is not None else group_of(view)
        rate: Any = import_string(str(self.rate)) if _is_path(self.rate) else self.rate
        if callable(rate):
            rate = rate(group, request)
        if rate is None:
            return []
        limit = _parse(rate, group if self.group is not None else group.rpartition(".")[2])
        about = ("view", group, self._methods())
        return [
            (Client((*about, *client.parts), client.multiple), limit)
            for client in _clients(self.key, group, request)
        ]

    def _is_for(self, method: str | None) -> bool:
        # Django answers HEAD by what it does for GET: it is no way around a limit.
        asked = "GET" if method == "HEAD" else method
        return self.method == ALL or not {method, asked}.isdisjoint(self._methods().split())

    def _methods(self) -> str:
        if self.method == ALL:
            return ""
        methods = [self.method] if isinstance(self.method, str) else self.method
        return " ".join(sorted(str(method).upper() for method in methods))


def counted(
    rules: Iterable[Rule], request: HttpRequest, view: Callable[..., Any] | None
) -> list[Counted]:
    """Return what all ``rules`` count for ``request``."""
    return [pair for rule in rules for pair in rule.counted(request, view)]


def group_of(view: Callable[..., Any] | None) -> str:
    """Return the group of a view that has been given none: where it is defined.

    Of a method, with the class that it was called on: subclasses are counted apart.
    """
    if view is None:
        raise ImproperlyConfigured("A limit needs a group, or the function that it is for.")
    view = view.func if isinstance(view, partial) else view
    parts = [getattr(view, "__module__", "")]
    if hasattr(view, "__self__"):
        parts.append(type(view.__self__).__name__)
    return ".".join([*parts, getattr(view, "__qualname__", type(view).__qualname__)])


def _check_key(key: Any) -> None:
    if not key:
        raise ImproperlyConfigured('A limit needs a key, such as "ip", "user_or_ip" or a callable.')
    if callable(key) or key == "ip" or key in _USERS:
        return
    accessor, colon, _ = str(key).partition(":")
    if accessor not in _ACCESSORS if colon else "." not in accessor:
        raise ImproperlyConfigured(
            f"{key!r} is no key of a limit: write 'ip', 'user', 'user_or_ip', 'get:NAME', "
            "'post:NAME', 'json:NAME', 'header:NAME', a callable, or the dotted path of one."
        )


def _clients(key: Any, group: str, request: HttpRequest) -> list[Client]:
    """Return who ``key`` counts; the address where it says nothing: no bucket is of nobody."""
    by_address_of_it = by_address(request.META.get("REMOTE_ADDR"))
    if key == "ip":
        return by_address_of_it
    if key in _USERS:
        primary_key = getattr(getattr(request, "user", None), "pk", None)
        return by_address_of_it if primary_key is None else by_user(primary_key)
    kind, value = _value(key, group, request)
    is_empty = value is None or not str(value).strip()
    return by_address_of_it if is_empty else by_value(kind, value)


def _value(key: Any, group: str, request: HttpRequest) -> tuple[str, object]:
    """Return where the value of ``key`` is from, and the value."""
    accessor, colon, name = ("", "", "") if callable(key) else key.partition(":")
    if colon:
        return key, _ACCESSORS[accessor](request, name)
    function = key if callable(key) else import_string(key)
    value = function(group, request)
    if isawaitable(value):
        raise ImproperlyConfigured(f"The key {key!r} of a limit is asynchronous: make it a def.")
    where = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '')}.{where}", value


def _folded(text: str) -> str:
    """Return what somebody has typed in one spelling: a login may take "Ada" and "ada " for one."""
    text = text.strip()
    head, rest = text[:_FOLDED_LENGTH], text[_FOLDED_LENGTH:]
    return unicodedata.normalize("NFKC", head).casefold().strip() + rest


def _is_path(rate: object) -> bool:
    return isinstance(rate, str) and "." in rate and "/" not in rate


def _parse(rate: object, name: str) -> Limit:
    try:
        return Limit.parse(rate, name)
    except InvalidRate as error:
        raise ImproperlyConfigured(str(error)) from error
