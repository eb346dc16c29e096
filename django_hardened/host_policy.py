"""What becomes of a request, by the host that it names: one decision for WSGI, ASGI and sockets.

Pure. A request is for one of ours, and then its host has one form whatever was sent; or it is
refused. Sources of the rules: RFC 9110 sections 7.2, 7.4 and 15.5.20, RFC 9112 section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from django_hardened.hosts import Host, HostTable, InvalidHost, parse_host
from django_hardened.origins import Origin
from django_hardened.tenants import UNAVAILABLE, Tenants

# Spellings of our own hosts that are remembered. Clients can invent any number of them.
_MAX_SPELLINGS = 256
# What a refusal is about.
HOST, PATH, TARGET = "Host header", "path", "request target"
# The fields besides Host in which something may look for a host or a port. None is ever believed:
# what a declared proxy says has become the Host before this is asked.
OTHER_SOURCES = (
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-host",
    "x-http-host-override",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
)
_DOT_SEGMENTS = {".", ".."}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Asked(NamedTuple):
    """Where a request says that it wants to go.

    Attributes:
        host: the Host header, "" where there is none.
        target: the request target, where the server tells it, or the path.
        path: the path of the request, percent-decoded.
    """

    host: str
    target: str
    path: str


class Pin(NamedTuple):
    """The one form of a host of ours.

    Attributes:
        host: without a port in production, unless the canonical origin has one.
        text: the same as a string.
        is_alias: whether a name was sent that stands for another.
        is_settled: whether the table alone decided. Otherwise a tenant resolver must know it.
    """

    host: Host
    text: str
    is_alias: bool = False
    is_settled: bool = True


class Refusal(NamedTuple):
    """The end of a request: 400 for what is no host, 421 for what is none of ours.

    For the log, ``problem`` completes a sentence that begins with ``what`` and its value.
    """

    status: int
    problem: str
    what: str = HOST


@dataclass(frozen=True, kw_only=True)
class HostPolicy:
    """Which hosts are ours, and which form each of them has.

    Attributes:
        table: ``ALLOWED_HOSTS``.
        admits: what Django says to a name: it has the last word.
        aliases: names that stand for others, both in canonical form.
        redirects_aliases: whether a browser is sent from an alias to its canonical name.
        origin: scheme, host and port of the site, if it is declared.
        keeps_port: whether the port is the client's, as on a developer's machine.
        tenants: knows the names that the table does not spell out; None: the table decides.
        health_paths: paths that are answered whatever the host.
    """

    table: HostTable
    admits: Callable[[str], bool]
    aliases: Mapping[str, str] = field(default_factory=dict)
    redirects_aliases: bool = False
    origin: Origin | None = None
    keeps_port: bool = False
    tenants: Tenants | None = None
    health_paths: frozenset[str] = frozenset()
    _spellings: dict[str, Pin] = field(default_factory=dict, compare=False, repr=False)

    def is_health_check(self, method: str | None, path: str) -> bool:
        """Whether a probe asks: load balancers name an address of their own as the host."""
        return path in self.health_paths and method in ("GET", "HEAD")

    def decide(self, asked: Asked) -> Pin | Refusal:
        """Return the form of the host that was asked for, or why the request ends here."""
        verdict = self._judge(*asked)
        if self.tenants is None or isinstance(verdict, Refusal) or verdict.is_settled:
            return verdict
        return self._settle(verdict, self.tenants.resolve(verdict.host.name))

    async def adecide(self, asked: Asked) -> Pin | Refusal:
        """As :meth:`decide`, waiting for the resolver of tenants."""
        verdict = self._judge(*asked)
        if self.tenants is None or isinstance(verdict, Refusal) or verdict.is_settled:
            return verdict
        return self._settle(verdict, await self.tenants.aresolve(verdict.host.name))

    def scheme(self, pin: Pin) -> str | None:
        """Return the scheme that is declared for ``pin``; None where it is the client's.

        On a developer's machine and in tests, other names than that of the origin are served
        besides, on plain http.
        """
        if self.origin is None or (self.keeps_port and pin.host.name != self.origin.host.name):
            return None
        return self.origin.scheme

    def _judge(self, sent: str, target: str, path: str) -> Pin | Refusal:
        pin = self._spellings.get(sent)
        if pin is None:
            try:
                pin = self._pin(parse_host(sent))
            except InvalidHost as error:
                return Refusal(400, str(error))
            if pin is None:
                return Refusal(421, "is not in ALLOWED_HOSTS")
            if len(self._spellings) < _MAX_SPELLINGS:
                self._spellings[sent] = pin
        problem = path_problem(path)
        if problem:
            return Refusal(400, problem, PATH)
        if not target.startswith("/"):
            problem = _target_problem(target, sent)
        return Refusal(400, problem, TARGET) if problem else pin

    def _settle(self, pin: Pin, tenant: str | None) -> Pin | Refusal:
        if tenant is None:
            return Refusal(421, "is no tenant")
        if tenant == UNAVAILABLE:
            return Refusal(503, "may be a tenant: the resolver failed")
        if not self.admits(tenant):
            return Refusal(421, "is a tenant whose name ALLOWED_HOSTS does not admit")
        is_alias = pin.is_alias or tenant != pin.host.name
        return self._formed(tenant, pin.host.port, is_alias=is_alias)

    def _pin(self, host: Host) -> Pin | None:
        name = self.aliases.get(host.name, host.name)
        if name not in self.table or not self.admits(name):
            return None
        is_settled = name in self.table.names or self.tenants is None
        pin = self._formed(name, host.port, is_alias=name != host.name)
        return pin._replace(is_settled=is_settled)

    def _formed(self, name: str, port: int | None, *, is_alias: bool) -> Pin:
        if not self.keeps_port:
            # Nobody but the one who declared the origin knows on which port visitors come in.
            port = self.origin.host.port if self.origin and self.origin.host.name == name else None
        host = Host(name, port)
        return Pin(host, str(host), is_alias)


def path_problem(path: str) -> str | None:
    """Say why ``path`` must not be made into a URL, or return None.

    ``urljoin``, of which Django makes absolute URLs, resolves dot segments and takes what follows
    two slashes for a host: such a path would share the cache key of another page, or name a host.
    """
    if not path.startswith("/"):
        return "does not begin with a slash"
    if path.startswith("//"):
        return "begins with two slashes"
    if "/." in path and not _DOT_SEGMENTS.isdisjoint(path.split("/")):
        return "has dot segments"
    return None


def _authority(netloc: str, scheme: str) -> Host:
    host = parse_host(netloc)
    return host._replace(port=None) if host.port == _DEFAULT_PORTS.get(scheme) else host


def _target_problem(target: str, sent: str) -> str | None:
    """Say why a target in absolute form contradicts the Host header, or return None.

    RFC 9112 section 3.2.2 has its authority win. Some servers follow that, some drop it.
    """
    try:
        scheme, netloc, *_ = urlsplit(target)
        same = _authority(netloc, scheme) == _authority(sent, scheme)
    except ValueError:  # InvalidHost is one
        return "names no host"
    return None if same else "names another host"
