"""From the wall to the telephone in a browser: keys, the officer's page at 390 px, the answer, the end."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.axe import faults_of
from tests.city import incident
from tests.live_site import Site, site, small_scene

CALL = "26-118402"


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    with django_db_blocker.unblock(), site({"cam04": small_scene(4)}, for_browsers=True) as made:
        yield made


def sign_in(page: Page, running: Site, name: str) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


@pytest.fixture
def wall(running: Site, page: Page) -> Page:
    """Ana's wall with one moving picture in focus."""
    sign_in(page, running, "Ana Mercer")
    page.goto(f"{running.origin}/incidents/")
    page.get_by_role("button", name=re.compile(incident(CALL).basis.number)).click()
    page.wait_for_url("**/wall/")
    tile = page.locator(".tile", has_text="Olive").first
    expect(tile).to_have_attribute("data-state", "live", timeout=60_000)
    tile.focus()
    return page


@pytest.fixture
def telephone(running: Site, browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    yield made
    made.close()


def test_three_keys_send_and_one_tap_opens_answers_and_the_sender_sees_it(
    running: Site, wall: Page, telephone: BrowserContext
) -> None:
    # Given an officer whose list of pictures is open
    phone = telephone.new_page()
    said: list[str] = []
    phone.on("pageerror", lambda error: said.append(str(error)))
    sign_in(phone, running, "Caleb Marsh")
    phone.goto(f"{running.origin}/inbox/")
    expect(phone.locator("#inbox-list")).to_contain_text("Nothing was sent to you yet")

    # When the analyst presses three keys
    began = time.monotonic()
    wall.keyboard.press("s")
    expect(wall.locator("#send-to li[aria-selected=true]")).to_contain_text("All 2 units")
    wall.keyboard.press("2")
    wall.keyboard.press("Enter")

    # Then the picture waits on the telephone, and a tap opens it
    row = phone.locator(".inbox-row.new")
    expect(row).to_contain_text("tap to open", timeout=60_000)
    row.tap()
    image = phone.locator("#viewer-image")
    expect(image).to_be_visible(timeout=60_000)
    expect(image).to_have_js_property("naturalWidth", 960)
    print(f"from S to the picture: {time.monotonic() - began:.2f} s")
    expect(phone.locator("#viewer-basis")).to_contain_text(CALL)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(wall.locator("#sent-strip")).to_contain_text("Opened", timeout=60_000)

    # And the answer is one tap
    phone.get_by_role("button", name="That is him").tap()
    expect(phone.locator("#answer-said")).to_contain_text("Sent: that is him", timeout=60_000)
    expect(wall.locator("#sent-strip")).to_contain_text("That is him", timeout=60_000)
    assert [fault for fault in faults_of(phone) if fault.startswith(("serious", "critical"))] == []

    # And taking it back clears the telephone
    wall.locator("#sent-strip").get_by_role("button", name="Take back").click()
    expect(image).to_be_hidden(timeout=60_000)
    expect(phone.locator("#viewer-note")).to_contain_text("taken back")
    wall.goto(f"{running.origin}/bulletins/")
    expect(wall.locator("main")).to_contain_text("That is him, taken back")
    assert said == []


def test_a_link_outlives_signing_in_and_opens_only_for_its_officer(
    running: Site, wall: Page, browser: Browser
) -> None:
    # Given a link that was copied after sending a live picture to one officer
    wall.keyboard.press("s")
    expect(wall.locator("#send-to li[aria-selected=true]")).to_be_visible()
    wall.keyboard.press("ArrowRight")
    wall.keyboard.press("ArrowRight")
    wall.keyboard.press("2")
    with wall.expect_response("**/bulletins/send/") as sent:
        wall.keyboard.press("Enter")
    link = sent.value.json()["sent"][0]["link"]

    for name, opens in (("Rosa Delgado", False), ("Caleb Marsh", True)):
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        phone = context.new_page()
        asked: list[str] = []
        phone.on("request", partial(_note, asked))
        # When it is opened by somebody who is not signed in yet
        phone.goto(link)
        expect(phone.get_by_role("link", name="Sign in first")).to_be_visible()
        assert "#" not in phone.url
        phone.get_by_role("link", name="Sign in first").tap()
        phone.get_by_role("button", name=re.compile(name)).tap()
        # Then the page is there again and still knows the link
        phone.wait_for_url("**/p/")
        phone.get_by_role("button", name="Open the picture").tap()
        if opens:
            shown = phone.locator("#viewer-image")
            expect(shown).to_have_js_property("naturalWidth", 640, timeout=60_000)
            expect(phone.locator("#viewer-when")).to_contain_text("live")
        else:
            expect(phone.locator("#ask-note")).to_contain_text("sent to somebody else", timeout=60_000)
        token = link.split("#")[1]
        assert not [each for each in asked if token in each]
        context.close()


def _note(asked: list[str], request: Request) -> None:
    asked.append(f"{request.url} {request.headers}")
