"""A partner's day in a browser, beside the analyst who watches: a yes, taken back, and one camera paused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from policy.models import Grant
from tests.browser.axe import faults_of
from tests.city import camera, incident, person
from tests.live_site import Site, site, small_scene

# cam11 sees its place.
CALL = "26-118409"
# Where a person who changes these pages wants the pictures: a folder.
PICTURES = os.environ.get("PICTURES_INTO")


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    films = {"cam11": small_scene(11), "cam12": small_scene(12)}
    with django_db_blocker.unblock(), site(films, for_browsers=True) as made:
        yield made


@pytest.fixture
def marcus(running: Site, browser: Browser) -> Iterator[Page]:
    """The owner's own browser."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    sign_in(page, running, "Marcus Hale")
    yield page
    context.close()


def sign_in(page: Page, running: Site, name: str) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_load_state()


def look(page: Page, name: str) -> None:
    """Nothing stands in the way of anybody, on a wide screen and on a telephone."""
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    assert faults_of(page) == [], name


def tile(page: Page, code: str) -> str:
    number = page.locator(".tile", has_text=camera(code).name).first.get_attribute("data-tile")
    return f'.tile[data-tile="{number}"]'


def open_on_the_wall(page: Page, running: Site, code: str) -> None:
    """One more camera on the analyst's wall, under the grant that stands."""
    grant = Grant.objects.filter(person=person("ana.mercer"), ended_at=None).latest("starts_at")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    answer = page.request.post(
        f"{running.origin}/live/open/",
        form={"grant": str(grant.id), "camera": str(camera(code).id), "tile": "8"},
        headers={"X-CSRFToken": token, "Origin": running.origin, "Accept": "application/json"},
    )
    assert answer.status == 200, answer.text()
    page.goto(f"{running.origin}/wall/")


def test_an_owner_says_yes_takes_it_back_and_pauses_and_the_tiles_end(
    running: Site, page: Page, marcus: Page
) -> None:
    sign_in(page, running, "Ana Mercer")
    page.get_by_role("button", name=re.compile(CALL)).click()
    page.wait_for_url("**/wall/")
    page.wait_for_selector(f'{tile(page, "cam11")}[data-state="live"]', timeout=60_000)

    # She asks for the garage's other camera
    page.goto(f"{running.origin}/partner/asks/{incident(CALL).basis_id}/?camera={camera('cam12').id}#watch")
    expect(page.get_by_label(re.compile(camera("cam12").name)).first).to_be_checked()
    page.locator("#id_watch-note").fill("A grey car that left the scene")
    look(page, "asks")
    page.get_by_role("button", name="Ask to watch").click()
    expect(page.get_by_text("waits for the owner")).to_be_visible()

    # He reads who looks now, and says yes with one press
    marcus.goto(f"{running.origin}/partner/")
    expect(marcus.locator(".desk li", has_text=camera("cam11").name)).to_contain_text("Open now to")
    look(marcus, "desk-asked")
    marcus.get_by_role("link", name=re.compile("live until")).click()
    look(marcus, "ask-to-watch")
    marcus.goto(f"{running.origin}/partner/")
    marcus.get_by_role("button", name=re.compile("^Yes, until")).click()
    expect(marcus.get_by_role("heading", name="You said yes")).to_be_visible()
    open_on_the_wall(page, running, "cam12")
    page.wait_for_selector(f'{tile(page, "cam12")}[data-state="live"]', timeout=60_000)

    # Taken back, that tile ends and the other goes on; paused, the other ends too
    marcus.get_by_role("button", name=re.compile("Take it back")).click()
    page.wait_for_selector(f'{tile(page, "cam12")}[data-state="ended"]', timeout=60_000)
    expect(page.locator(tile(page, "cam12"))).to_contain_text("asked each time")
    expect(page.locator(tile(page, "cam11"))).to_have_attribute("data-state", "live")
    marcus.get_by_role("button", name=f"Pause {camera('cam11').name}").click()
    page.wait_for_selector(f'{tile(page, "cam11")}[data-state="ended"]', timeout=60_000)

    # What happened stands in his list, and goes home with him
    marcus.goto(f"{running.origin}/partner/accesses/")
    expect(marcus.locator("tbody tr").first).to_be_visible()
    marcus.goto(f"{running.origin}/partner/statement/")
    expect(marcus.get_by_text("took the yes back")).to_be_visible()
    with marcus.expect_download() as paper:
        marcus.get_by_role("link", name="PDF").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF-")
