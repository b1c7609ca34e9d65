"""The wall alone, against a socket that speaks the recorder's frames."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.room import SampleRoom


@pytest.fixture
def room() -> Iterator[SampleRoom]:
    with SampleRoom() as room:
        yield room


def _state(page: Page, tile: int) -> str:
    return page.locator(f".tile[data-tile='{tile}']").get_attribute("data-state") or ""


def _wait_for(page: Page, tile: int, state: str, timeout_s: float = 60) -> float:
    """Seconds until the tile is in the state."""
    started = time.monotonic()
    page.wait_for_selector(f".tile[data-tile='{tile}'][data-state='{state}']", timeout=timeout_s * 1000)
    return time.monotonic() - started


def test_the_first_picture_comes_and_moves(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    at = page.evaluate("document.querySelector('.tile video').currentTime")
    page.wait_for_function("at => document.querySelector('.tile video').currentTime > at + 0.5", arg=at)
    expect(page.locator(".tile[data-tile='0'] .tile-note")).to_be_hidden()


def test_playback_stays_near_the_newest_frame(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    page.wait_for_function("() => document.querySelector('.tile video').currentTime > 4")
    behind = page.evaluate(
        "(v => v.buffered.end(v.buffered.length - 1) - v.currentTime)(document.querySelector('.tile video'))"
    )
    assert behind < 0.8


def test_a_frozen_picture_says_so_within_three_seconds_and_goes_on(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    room.live.silent.set()
    # Three seconds are promised; the rest is for a machine that does other things too.
    assert _wait_for(page, 0, "frozen") < 8
    expect(page.locator(".tile[data-tile='0'] .tile-note")).to_contain_text("Picture frozen, last at")
    room.live.silent.clear()
    _wait_for(page, 0, "live")


def test_a_network_that_is_gone_is_not_blamed_on_the_camera_and_is_tried_again(
    room: SampleRoom, page: Page
) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    opened = len(room.live.opened)
    room.live.away.set()
    note = page.locator(".tile[data-tile='0'] .tile-note")
    expect(page.locator("#link-state")).to_have_text("No answer")
    expect(note).to_contain_text("network to the server is away")
    # The socket is still open, as far as anybody knows; the page begins anew by itself.
    expect(page.locator("#link-state")).to_have_text("Connection lost")
    room.live.away.clear()
    expect(page.locator("#link-state")).to_have_text("Connected")
    _wait_for(page, 0, "live")
    assert len(room.live.opened) > opened


def test_an_ended_view_is_cleared_and_says_why(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 1, "live")
    room.live.end(1, "Gateway Parking paused this camera.")
    _wait_for(page, 1, "ended")
    tile = page.locator(".tile[data-tile='1']")
    expect(tile.locator(".tile-note")).to_contain_text("Gateway Parking paused this camera.")
    expect(tile.locator("video")).not_to_have_attribute("src", re.compile(""))
    expect(tile.locator("video")).to_be_hidden()
    _wait_for(page, 0, "live")


def test_a_codec_that_this_machine_cannot_play_is_named(room: SampleRoom, page: Page) -> None:
    room.live.codec = "hvc9.1.6.L93"
    page.goto(room.look("wall"))
    _wait_for(page, 0, "unplayable")
    expect(page.locator(".tile[data-tile='0'] .tile-note")).to_contain_text("cannot play hvc9.1.6.L93")


def test_keys_walk_the_tiles_and_change_the_layout(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tile.current")).to_have_attribute("data-tile", "1")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tile.current")).to_have_attribute("data-tile", "3")
    page.keyboard.press("9")
    expect(page.locator(".tile")).to_have_count(9)
    page.keyboard.press("1")
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("4")
    expect(page.locator(".tile")).to_have_count(4)
    _wait_for(page, 0, "live")


def test_a_refused_camera_shows_the_rule_its_citation_and_the_way_out(room: SampleRoom, page: Page) -> None:
    room.server.answers["/post/open"] = (
        403,
        {
            "sentence": "This camera is shared from 18:00 to 06:00 only.",
            "rule": "agreements.hours",
            "citation": "Agreement GP-2026-03, section 4",
            "way_out": "Watch it after 18:00.",
            "entry_id": "01935d3a-7c1e-7b52-9f0a-4be1c0d2a771",
        },
    )
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#picker.show #picker-search:focus")
    page.keyboard.type("gateway")
    page.keyboard.press("Enter")
    dialog = page.locator("#refusal.show")
    for words in ("18:00 to 06:00 only", "agreements.hours", "GP-2026-03", "after 18:00", "4be1c0d2a771"):
        expect(dialog).to_contain_text(words)
    assert _state(page, 3) == "empty"


def test_x_closes_a_tile_and_the_server_is_told_once_nobody_shares_the_view(
    room: SampleRoom, page: Page
) -> None:
    page.goto(room.look("wall"))
    _wait_for(page, 0, "live")
    with page.expect_response("**/post/close"):
        page.keyboard.press("x")
    _wait_for(page, 0, "empty")
    # The other tiles have views of their own: one close, of one view.
    assert room.server.posted == ["/post/close"]


def test_five_minutes_before_the_end_the_wall_warns(room: SampleRoom, page: Page) -> None:
    page.goto(room.look("wall"))
    expect(page.locator("#toasts")).to_contain_text("less than five minutes left")
    expect(page.locator(".grant.soon")).to_have_count(1)
