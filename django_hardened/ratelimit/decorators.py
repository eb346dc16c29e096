"""``@ratelimit``, in the vocabulary of django-ratelimit, and the two questions beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, NamedTuple, TypedDict, TypeVar, cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_ratelimit import ALL, UNSAFE

from django_hardened.ratelimit.answers import unavailable
from django_hardened.ratelimit.bodies import raise_problem
from django_hardened.ratelimit.decisions import LimiterUnavailable
from django_hardened.ratelimit.limiter import Limiter
from django_hardened.ratelimit.refusals import refuse
from django_hardened.ratelimit.told import remember, tell
from django_hardened.ratelimit.vocabulary import Key, Methods, Rate, Rule, counted

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "_hardened_ratelimit"


class Usage(TypedDict):
    """How a limit stands, in the shape that django-ratelimit has for it."""

    count: int
    limit: int
    should_limit: bool
    time_left: int


class _Layer(NamedTuple):
    """What a decorated view is made of, for the next decorator around it."""

    wrapper: Callable[..., Any]
    view: Callable[..., Any]
    rules: tuple[Rule, ...]


def ratelimit(
    group: str | None = None,
    key: Key | None = None,
    rate: Rate | None = None,
    method: Methods = ALL,
    block: bool = True,
) -> Callable[[View], View]:
    """Limit a view: sync, async, or a method of a class with ``method_decorator``.

    Several right above one another are decided together, all or nothing. ``request.limited`` says
    whether one has refused.

    Args:
        group: what is counted together; without it, the view.
        key: who is counted: ``"ip"``, ``"user"``, ``"user_or_ip"``, ``"get:NAME"``,
            ``"post:NAME"``, ``"json:NAME"``, ``"header:NAME"``, a callable that takes the group
            and the request, or the dotted path of one. Where it says nothing, the address is.
        rate: ``"5/m"``, ``(5, 60)``, a callable like that of ``key``, or the dotted path of one;
            None is no limit.
        method: ``"POST"``, a list, ``UNSAFE`` or ``ALL``.
        block: answer a refused request in the view's stead. Else the view has to look at
            ``request.limited``.

    Raises:
        ImproperlyConfigured: the key or the rate cannot be read.
    """
    rule = Rule(group, key, rate, method)

    def decorator(view: View) -> View:
        inner: _Layer | None = getattr(view, _MARK, None)
        # Other decorators copy the attribute. Behind them, and where the view goes on although it
        # is limited, each is counted on its own.
        if inner is None or inner.wrapper is not view or not block:
            inner = _Layer(view, view, ())
        layer = _Layer(view, inner.view, (rule, *inner.rules))
        wrapper = (_wrap_async if _is_async(layer.view) else _wrap)(layer, block=block)
        if block:
            setattr(wrapper, _MARK, layer._replace(wrapper=wrapper))
        return cast(View, wrapper)

    return decorator


def _wrap(layer: _Layer, *, block: bool) -> Callable[..., Any]:
    @wraps(layer.wrapper)
    def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = _ask(layer, request, block=block)
        if response is None:
            response = layer.view(request, *args, **kwargs)
            tell(request, response)
        return response

    return wrapper


def _wrap_async(layer: _Layer, *, block: bool) -> Callable[..., Any]:
    @wraps(layer.wrapper)
    async def wrapper(request: Any, *args: Any, **kwargs: Any) -> Any:
        # In a thread as a whole: the store may keep its caller waiting, and so may request.user.
        response = await sync_to_async(_ask)(layer, request, block=block)
        if response is None:
            response = await layer.view(request, *args, **kwargs)
            tell(request, response)
        return response

    return wrapper


def _is_async(view: Callable[..., Any]) -> bool:
    """Whether calling ``view`` gives something to await, as ``dispatch`` of an async class does."""
    owner = getattr(view.func if isinstance(view, partial) else view, "__self__", None)
    return iscoroutinefunction(view) or bool(getattr(owner, "view_is_async", False))


def _ask(layer: _Layer, request: Any, *, block: bool) -> HttpResponseBase | None:
    """Count ``request`` and return the answer that it gets in the view's stead, if any."""
    try:
        decision = Limiter().hit_all(counted(layer.rules, request, layer.view))
    except LimiterUnavailable:
        request.limited = True
        return unavailable() if block else None
    request.limited = not decision.allowed or getattr(request, "limited", False)
    remember(request, decision)
    if block and not decision.allowed:
        return refuse(request, decision)
    raise_problem(request)
    return None


def is_ratelimited(  # noqa: PLR0913, PLR0917  # the signature is django-ratelimit's
    request: HttpRequest,
    group: str | None = None,
    fn: Callable[..., Any] | None = None,
    key: Key | None = None,
    rate: Rate | None = None,
    method: Methods = ALL,
    increment: bool = False,
) -> bool:
    """Whether a limit refuses ``request``; see :func:`get_usage`."""
    usage = get_usage(request, group, fn, key, rate, method, increment)
    return usage is not None and usage["should_limit"]


def get_usage(  # noqa: PLR0913, PLR0917  # the signature is django-ratelimit's
    request: HttpRequest,
    group: str | None = None,
    fn: Callable[..., Any] | None = None,
    key: Key | None = None,
    rate: Rate | None = None,
    method: Methods = ALL,
    increment: bool = False,
) -> Usage | None:
    """Return how a limit stands, or None where there is none for this request.

    With ``increment`` the request is counted, and ``should_limit`` says that it was refused; its
    ``count`` is then one more than the limit. Without, nothing is counted, and ``should_limit``
    says that it would be. ``time_left`` is in seconds.
    """
    pairs = Rule(group, key, rate, method).counted(request, fn)
    try:
        deciding = Limiter().hit_all(pairs, cost=int(increment)).deciding
    except LimiterUnavailable:
        return Usage(count=0, limit=0, should_limit=True, time_left=-1)
    raise_problem(request)
    if deciding is None:
        return None
    is_refused = deciding.retry_after > 0
    return Usage(
        count=deciding.limit.amount - deciding.remaining + is_refused,
        limit=deciding.limit.amount,
        should_limit=is_refused if increment else deciding.remaining == 0,
        time_left=deciding.reset_after,
    )


_FUNCTIONS: Sequence[Callable[..., Any]] = (ratelimit, is_ratelimited, get_usage)
for _function in _FUNCTIONS:  # ratelimit.UNSAFE, as people write it
    vars(_function).update(ALL=ALL, UNSAFE=UNSAFE)
