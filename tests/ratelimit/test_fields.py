from __future__ import annotations

import json

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from django_hardened.ratelimit import answers
from django_hardened.ratelimit.decisions import Decision, Status
from django_hardened.ratelimit.fields import fields
from django_hardened.ratelimit.rates import Limit

BURST, DAILY = Limit(100, 60, "burst"), Limit(1000, 86_400, "daily")
LEFT = Status(BURST, 50, 30, 0)
REFUSED = Status(DAILY, 0, 700, 700)


def test_what_an_admitted_client_is_told() -> None:
    assert fields([LEFT]) == {
        "RateLimit-Policy": '"burst";q=100;w=60',
        "RateLimit": '"burst";r=50;t=30',
    }


def test_what_a_refused_client_is_told() -> None:
    assert fields([LEFT, REFUSED]) == {
        "RateLimit-Policy": '"burst";q=100;w=60, "daily";q=1000;w=86400',
        "RateLimit": '"burst";r=50;t=30, "daily";r=0;t=700',
        "Retry-After": "700",
    }


def test_of_networks_with_one_limit_the_tightest_is_told() -> None:
    wide = Status(Limit(400, 60, "burst"), 20, 10, 0)
    assert fields([LEFT, wide])["RateLimit"] == '"burst";r=20;t=10'
    wider = Status(Limit(1600, 60, "burst"), 0, 9, 9)
    told = fields([LEFT, wide, wider])
    assert (told["RateLimit-Policy"], told["Retry-After"]) == ('"burst";q=1600;w=60', "9")


def test_names_that_look_the_same_to_a_client_are_one() -> None:
    odd = Status(Limit(7, 60, "b\u00fcurst"), 3, 10, 0)
    assert fields([LEFT, odd]) == {
        "RateLimit-Policy": '"burst";q=7;w=60',
        "RateLimit": '"burst";r=3;t=10',
    }


def test_without_limits_nothing_is_told() -> None:
    assert fields([]) == {}


@given(st.text(max_size=20))
def test_a_name_is_a_string_of_the_field_whatever_it_has_in_it(name: str) -> None:
    policy = fields([Status(Limit(1, 1, name), 1, 0, 0)])["RateLimit-Policy"]
    inner = policy.removesuffix(";q=1;w=1")[1:-1]
    assert policy.isascii()
    assert policy.isprintable()
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")


@given(
    st.lists(
        st.builds(
            Status,
            st.builds(Limit, st.integers(0, 2**31 - 1), st.integers(1, 366 * 86_400), st.text()),
            *(st.integers(0, 2**31 - 1),) * 3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_fields_are_structured_fields(statuses: list[Status]) -> None:
    """RFC 9651, by the parser of an editor of it."""
    http_sf = pytest.importorskip("http_sf", reason="needs http-sf")
    made = fields(statuses)
    policies = http_sf.parse(made["RateLimit-Policy"].encode(), tltype="list")
    standing = http_sf.parse(made["RateLimit"].encode(), tltype="list")
    names = [name for name, _ in policies]
    assert names == [name for name, _ in standing]
    assert len(names) == len(set(names))
    assert all(parameters.keys() == {"q", "w"} for _, parameters in policies)
    assert all(parameters.keys() == {"r", "t"} for _, parameters in standing)
    assert {(p["q"], p["w"]) for _, p in policies} <= {
        (status.limit.amount, status.limit.seconds) for status in statuses
    }
    assert {(p["r"], p["t"]) for _, p in standing} <= {
        (status.remaining, status.reset_after) for status in statuses
    }


# -- The answers ---------------------------------------------------------------------------------


def _answer(accept: str) -> tuple[str, str]:
    request = RequestFactory().get("/", headers={"accept": accept} if accept else {})
    response = answers.too_many(request, Decision((LEFT, REFUSED)))
    assert response.status_code == 429
    assert response["Retry-After"] == "700"
    assert response["Cache-Control"] == "no-store"
    assert response["RateLimit"] == '"burst";r=50;t=30, "daily";r=0;t=700'
    assert response["Vary"] == "Accept"
    return response["Content-Type"], response.text


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "\x00", "application/json, text/html;q=0.1"]
)
def test_programs_get_json(accept: str) -> None:
    content_type, text = _answer(accept)
    assert content_type == "application/json"
    assert json.loads(text) == {
        "detail": "Request was throttled. Expected available in 700 seconds."
    }


def test_browsers_get_a_page() -> None:
    content_type, text = _answer("text/html,application/xhtml+xml,*/*;q=0.8")
    assert content_type == "text/html; charset=utf-8"
    assert "Try again in 700 s." in text


def test_problem_details_are_for_who_asks() -> None:
    content_type, text = _answer("application/Problem+json, application/json")
    assert content_type == "application/problem+json"
    assert json.loads(text) == {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Request was throttled. Expected available in 700 seconds.",
        "violated-policies": ["daily"],
    }


def test_one_second_is_a_second() -> None:
    assert answers.detail(Decision((Status(BURST, 0, 1, 1),))).endswith("in 1 second.")


def test_where_nothing_can_be_counted() -> None:
    response = answers.unavailable()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response["Cache-Control"] == "no-store"
