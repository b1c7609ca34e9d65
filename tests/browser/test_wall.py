"""The wall in a browser against the running system: pictures move, stand still and end as they should."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from policy.actions.end_grant import end_grant
from policy.models import Grant
from tests.city import camera, incident, person
from tests.live_site import Site, site, small_scene

# cam01, cam02 and cam11 see its place.
CALL = "26-118409"


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    films = {"cam01": small_scene(1), "cam02": small_scene(2), "cam11": small_scene(11)}
    with django_db_blocker.unblock(), site(films, for_browsers=True) as made:
        yield made


@pytest.fixture
def wall(running: Site, page: Page) -> Iterator[Page]:
    """Ana's wall after Enter on the collision, and no word on the browser's console."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile("Ana Mercer")).click()
    page.get_by_role("button", name=re.compile(incident(CALL).basis.number)).click()
    page.wait_for_url("**/wall/")
    yield page
    # A browser tells of every answer that says "later"; they are what a page gets while the database is away.
    assert [line for line in said if "503" not in line] == []


def tile(page: Page, code: str = "cam01") -> str:
    """A selector of the tile that shows a camera."""
    number = page.locator(".tile", has_text=camera(code).name).first.get_attribute("data-tile")
    return f'.tile[data-tile="{number}"]'


def wait_for(page: Page, shown: str, state: str, seconds: float) -> float:
    """Seconds until the tile is in a state."""
    began = time.monotonic()
    page.wait_for_selector(f'{shown}[data-state="{state}"]', timeout=seconds * 1000)
    return time.monotonic() - began


def moves(page: Page, shown: str) -> bool:
    """Whether the picture of a tile goes on; raises where it does not."""
    position = f"document.querySelector('{shown} video').currentTime"
    before = page.evaluate(position)
    return bool(page.wait_for_function(f"before => {position} > before", arg=before))


def test_two_keys_open_an_incident_and_its_picture_moves(wall: Page) -> None:
    shown = tile(wall)
    print(f"first picture {wait_for(wall, shown, 'live', 60):.2f} s after the page")
    assert moves(wall, shown)
    expect(wall.locator("#link-state")).to_have_text("Connected")
    expect(wall.locator(f"{shown} .tile-entry")).to_contain_text("this view is entry")


def test_a_camera_that_stalls_says_so_within_three_seconds_and_goes_on(running: Site, wall: Page) -> None:
    assert running.city is not None
    shown = tile(wall)
    wait_for(wall, shown, "live", 60)
    running.city.stall("cam01")
    try:
        took = wait_for(wall, shown, "frozen", 60)
    finally:
        running.city.resume("cam01")
    print(f"frozen said after {took:.2f} s")
    # Three seconds are promised; the rest is for a machine that does other things too.
    assert took < 8
    wait_for(wall, shown, "live", 60)
    assert moves(wall, shown)


def test_a_reload_finds_the_pictures_again_under_the_same_entries(wall: Page) -> None:
    wait_for(wall, tile(wall), "live", 60)
    entry = wall.locator(f"{tile(wall)} .tile-entry").get_attribute("href")
    assert entry
    wall.reload()
    shown = tile(wall)
    wait_for(wall, shown, "live", 60)
    expect(wall.locator(f"{shown} .tile-entry")).to_have_attribute("href", entry)


def test_without_the_database_the_citys_picture_is_marked_and_confirmed_again(
    running: Site, wall: Page
) -> None:
    shown = tile(wall)
    wait_for(wall, shown, "live", 60)
    with running.database_away():
        expect(wall.locator(f"{shown} .tile-live")).to_have_text("UNCONFIRMED", timeout=60_000)
        assert moves(wall, shown)
    expect(wall.locator(f"{shown} .tile-live")).to_have_text("LIVE", timeout=60_000)


def test_exigent_access_opens_by_its_key_and_names_what_is_owed(wall: Page) -> None:
    wait_for(wall, tile(wall), "live", 60)
    wall.keyboard.press("e")
    wall.get_by_label("Camera", exact=True).select_option(label=camera("cam02").name)
    wall.get_by_label("Offence class").select_option("weapons")
    wall.get_by_label("What is happening, in one sentence").fill("A man fires at people on the corner")
    wall.get_by_role("button", name="Open now").click()

    expect(wall.locator("#toasts")).to_contain_text("why it could not wait")
    expect(wall.locator("#grants")).to_contain_text("number follows")
    wait_for(wall, tile(wall, "cam02"), "live", 60)


def test_an_ended_grant_clears_the_picture_and_says_why(running: Site, wall: Page) -> None:
    shown = tile(wall)
    wait_for(wall, shown, "live", 60)
    began = time.monotonic()
    for grant in Grant.objects.filter(person=person("ana.mercer"), ended_at=None):
        end_grant(by=person("ruth.okafor"), grant=grant.id, why="not needed any more")
    wait_for(wall, shown, "ended", 60)
    print(f"cleared {time.monotonic() - began:.2f} s after the commits")

    expect(wall.locator(shown)).to_contain_text("not needed any more")
    expect(wall.locator(f"{shown} video")).not_to_have_attribute("src", re.compile(""))
