"""What the demonstration sends to the site, and what the site promises to answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode

HOST = "blog.example.com"
SECONDS = 30  # the first request waits until the site is up

# Addresses for documentation (RFC 5737), so that no client is anybody's.
CLIENT = "192.0.2.1"
# The minute that is counted may end within a burst. That of the other client ends at another time.
BURST_CLIENTS = ("198.51.100.1", "198.51.100.2")

OUR_LINKS = f"200, links to https://{HOST}"

# A form is sent back with the secret that its page came with. Any that browser and form agree on
# does; what keeps other sites out is that they cannot set the cookie.
SECRET = "0123456789abcdefghijklmnopqrstuv"

LINK = re.compile(r'href="(https?://[^/"]*)')


@dataclass(frozen=True)
class Promise:
    """A request as a reader sees it, what it consists of, and the answer in a few words."""

    sent: str
    answer: str
    path: str = "/"
    fields: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    clients: tuple[str, ...] = (CLIENT,)
    form: Mapping[str, str] | None = None


class Answer(NamedTuple):
    """What came back."""

    status: int
    reason: str
    fields: Mapping[str, str]
    body: str


def promises(token: str) -> list[Promise]:
    """Return the promises in order: a page that was asked for before comes from the cache."""
    return [
        with_field("Host", f"{HOST.upper()}.:8443", OUR_LINKS),
        Promise("the next reader, from the cache", OUR_LINKS),
        with_field("Host", f"{HOST}:1", OUR_LINKS, path="/posts/hello/"),
        with_field("Host", "evil.example", "421 Misdirected Request"),
        with_field("X-Forwarded-Host", "evil.example", "421 Misdirected Request"),
        with_field("Host", f"evil@{HOST}", "400 Bad Request"),
        with_field("X-Forwarded-Proto", "http", f"301, to https://{HOST}/"),
        Promise("GET /api/posts/", "401, asks for a Token", "/api/posts/"),
        Promise(
            "GET /api/posts/ with a token",
            "200 OK",
            "/api/posts/",
            {"Authorization": f"Token {token}"},
        ),
        Promise("GET /api/health/", "200 OK", "/api/health/"),
        Promise(
            "70 x GET, forged X-Forwarded-For",
            "60 x 200, 10 x 429",
            "/api/posts/latest/",
            times=70,
            clients=BURST_CLIENTS,
        ),
        Promise(
            "12 x a wrong password",
            "10 x 200, 2 x 429",
            "/accounts/login/",
            {"Origin": f"https://{HOST}", "Cookie": f"__Host-csrftoken={SECRET}"},
            times=12,
            form={"csrfmiddlewaretoken": SECRET, "username": "admin", "password": "letmein"},
        ),
    ]


def with_field(name: str, value: str, answer: str, path: str = "/") -> Promise:
    return Promise(f"{name}: {value}", answer, path, {name: value})


def ask(port: int, promise: Promise) -> str:
    """Send what is promised an answer, and describe the answer in the same words."""
    for client in promise.clients:
        answers = [send(port, promise, client, number) for number in range(promise.times)]
        came_back = describe(answers)
        if came_back == promise.answer:
            break
    return came_back


def send(port: int, promise: Promise, client: str, number: int) -> Answer:
    """Send one request as the proxy would: what a client claims to be stands before what it is."""
    fields = {
        "Host": HOST,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": f"203.0.113.{number}, {client}",
        **promise.fields,
    }
    method, body = "GET", None
    if promise.form is not None:
        method, body = "POST", urlencode(promise.form)
        fields["Content-Type"] = "application/x-www-form-urlencoded"
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, promise.path, body, headers=fields)
        response = connection.getresponse()
        text = response.read().decode()
        return Answer(response.status, response.reason, response.headers, text)
    finally:
        connection.close()


def describe(answers: list[Answer]) -> str:
    if len(answers) > 1:
        counts = Counter(answer.status for answer in answers)
        return ", ".join(f"{count} x {status}" for status, count in sorted(counts.items()))
    [answer] = answers
    if "Location" in answer.fields:
        return f"{answer.status}, to {answer.fields['Location']}"
    if "WWW-Authenticate" in answer.fields:
        return f"{answer.status}, asks for a {answer.fields['WWW-Authenticate'].split()[0]}"
    if links := sorted(set(LINK.findall(answer.body))):
        return f"{answer.status}, links to {' and '.join(links)}"
    return f"{answer.status} {answer.reason}"
