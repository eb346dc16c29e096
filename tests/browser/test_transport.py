"""What holds between a browser and the site: https only, and reports of what was stopped."""

from __future__ import annotations

from time import monotonic
from urllib.parse import urlencode

from browser_support import Complaints, Site
from playwright.sync_api import Page

STYLE = "<link rel=stylesheet href=http://www.example.com/static/blog/site.css>"


def test_what_is_asked_for_over_http_is_upgraded(stranger: Page, complaints: Complaints) -> None:
    with stranger.expect_request_finished(
        lambda request: request.url.endswith("site.css")
    ) as asked:
        stranger.goto(f"/attack/nonce/?{urlencode({'markup': STYLE})}")
    assert asked.value.url == "https://www.example.com/static/blog/site.css"
    complaints.assert_none()
    # Without the policy it is not.
    with stranger.expect_event("requestfailed") as failed:
        stranger.goto(f"/attack/bare/?{urlencode({'markup': STYLE})}")
    assert failed.value.url == "http://www.example.com/static/blog/site.css"
    complaints.forget()


def test_the_browser_reports_and_the_receiver_logs(
    stranger: Page, library: Site, complaints: Complaints
) -> None:
    secret = "a-token-of-somebody"
    markup = f"<script>{secret}()</script>"
    stranger.goto(f"/attack/reported/?{urlencode({'markup': markup})}")
    assert complaints.directives == {"script-src-elem"}
    complaints.forget()
    told = '"directive": "script-src-elem", "page": "attack/reported/", "source": "inline"'
    end = monotonic() + 60
    while told not in (log := library.log.read_text()):
        assert monotonic() < end, f"no report came: {log[-2000:]}"
        stranger.wait_for_timeout(100)
    assert secret not in log
