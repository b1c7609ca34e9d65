"""The player of recorded footage alone, against twelve seconds with a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import samples
from tests.browser.room import SampleRoom

TIME = "document.querySelector('#footage').currentTime"
READY = "document.querySelector('#footage').readyState"


@pytest.fixture
def room() -> Iterator[SampleRoom]:
    with SampleRoom() as room:
        yield room


def _wait_for_time(page: Page, at_least_s: float, below_s: float) -> None:
    page.wait_for_function(
        f"([low, high]) => {TIME} >= low && {TIME} < high && {READY} >= 2",
        arg=[at_least_s, below_s],
        timeout=60_000,
    )


def test_footage_plays_and_shows_the_time_it_was_recorded(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.5, 12)
    expect(page.locator("#footage-clock .time")).to_contain_text("14:03:2")


def test_a_gap_is_skipped_and_said(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.2, 5)
    page.locator("#timeline").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    _wait_for_time(page, 8, 12)
    expect(page.locator("#toasts")).to_contain_text("the camera did not answer in time")


def test_a_seek_asks_only_for_what_is_needed(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.2, 5)
    room.server.asked.clear()
    page.locator("#timeline").focus()
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    _wait_for_time(page, 2, 4)
    assert room.server.asked == []


def test_destroyed_footage_says_so_and_nothing_of_it_is_asked_for(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.2, 5)
    page.keyboard.press(" ")
    page.locator("#timeline").focus()
    page.keyboard.press("Home")
    room.server.asked.clear()
    page.locator("#lanes button").nth(1).click()
    expect(page.locator("#footage-note")).to_contain_text("destroyed on time")
    assert room.server.asked == []


def test_the_end_of_the_permit_clears_the_picture(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.2, 5)
    room.server.state = {"state": "ended", "sentence": "Your grant has ended."}
    expect(page.locator("#footage-note")).to_contain_text("Your grant has ended.")
    expect(page.locator("#footage")).not_to_have_attribute("src", re.compile(""))


def test_the_timeline_is_a_slider_that_says_its_time(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("player"))
    _wait_for_time(page, 0.2, 5)
    slider = page.get_by_role("slider", name="Time")
    expect(slider).to_have_attribute("aria-valuemax", "12")
    text = slider.get_attribute("aria-valuetext") or ""
    assert text.startswith("14:03:2")
    assert text.endswith("recorded")
    assert samples.NOW.isoformat().startswith("2026-11-22T20:03:22")
