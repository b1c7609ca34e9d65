"""Pages of oversight in a browser, against the running web process and three days of demo history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from policy.vocabulary import Purpose
from rtcc.onebox.history import live_through
from rtcc.partners.actions.ask_footage import ask_footage
from tests.browser.axe import faults_of
from tests.city import NOON, camera, incident, person
from tests.live_site import Site, surroundings
from tests.stories.test_partner_upload import video

SIMULATOR_PORT = 18_554


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    with django_db_blocker.unblock(), surroundings(SIMULATOR_PORT) as made:
        live_through()
        made.collect_static()
        made.start_web()
        yield made


@pytest.fixture
def said(page: Page) -> Iterator[list[str]]:
    """What the browser's console says; nothing, when the test is over."""
    lines: list[str] = []
    page.on("pageerror", lambda error: lines.append(str(error)))
    page.on("console", lambda line: lines.append(line.text) if line.type == "error" else None)
    yield lines
    assert lines == []


def sign_in(page: Page, running: Site, name: str) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile(name)).click()
    # An owner begins on its own desk, and reads the report too.
    page.wait_for_url(re.compile("/(oversight/report|partner)/$"))
    page.goto(f"{running.origin}/oversight/report/")


def test_an_auditor_draws_a_place_and_asks_who_watched_it(running: Site, page: Page, said: list[str]) -> None:
    sign_in(page, running, "Miriam Adler")
    page.get_by_text("Place on the map").click()
    page.get_by_role("button", name="Draw a box").click()
    map_box = page.locator("#report-map").bounding_box()
    assert map_box is not None
    for x, y in ((0.45, 0.4), (0.6, 0.6)):
        page.mouse.click(map_box["x"] + map_box["width"] * x, map_box["y"] + map_box["height"] * y)
    assert page.locator("#place").input_value().count(";") == 3
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/report/?place=*")

    assert "purpose=" not in page.url, "filters that say nothing stay out of the address"
    expect(page.locator("tbody tr[data-open]").first).to_be_visible()
    expect(page.locator("#report-map path.leaflet-interactive").first).to_be_visible()


def test_a_row_is_opened_by_keyboard(running: Site, page: Page, said: list[str]) -> None:
    sign_in(page, running, "Miriam Adler")
    page.locator("tbody tr[data-open]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/entries/*/")
    expect(page.locator(".says")).to_contain_text("live")


@pytest.mark.parametrize("name", ["Miriam Adler", "Jonah Reyes", "Lena Fontaine"])
def test_nothing_stands_in_the_way_of_who_reads_with_other_means(
    running: Site, page: Page, said: list[str], name: str
) -> None:
    sign_in(page, running, name)
    page.get_by_text("Place on the map").click()
    assert faults_of(page) == []
    page.locator("tbody a[data-open-link]").first.click()
    page.wait_for_url("**/entries/*/")
    assert faults_of(page) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(running: Site, page: Page, said: list[str], width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, running, "Miriam Adler")
    for path in ("/oversight/report/", "/oversight/verify/", "/oversight/now/", "/oversight/erasure/"):
        page.goto(f"{running.origin}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_verification_is_asked_for_and_its_page_waits(running: Site, page: Page, said: list[str]) -> None:
    sign_in(page, running, "Miriam Adler")
    page.goto(f"{running.origin}/oversight/verify/")
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Waits for a worker")).to_be_visible()
    with page.expect_response(lambda answer: answer.url == page.url, timeout=30_000) as polled:
        pass
    assert polled.value.status == 200


def test_an_owners_desk_is_worked_by_hand_on_a_wide_screen_and_a_telephone(
    running: Site, page: Page, said: list[str], tmp_path: Path
) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile("Marcus Hale")).click()
    page.wait_for_url("**/partner/")
    page.get_by_role("button", name="Pause all 2").click()
    expect(page.get_by_role("status").first).to_contain_text("2 cameras are paused")
    page.get_by_role("button", name="Let all 2 go on").click()
    expect(page.get_by_role("status").first).to_contain_text("2 cameras go on")

    page.goto(f"{running.origin}/partner/hours/riverbend-always/")
    page.get_by_label("Monday, opening 1").fill("08:00")
    page.get_by_label("Monday, closing 1").fill("18:00")
    page.get_by_role("button", name="Lend in these hours").click()
    expect(page.get_by_role("img", name="Monday: 08:00 to 18:00")).to_be_visible()
    page.get_by_role("button", name="Lend in all agreed hours again").click()
    expect(page.get_by_role("img", name="Monday: all day")).to_be_visible()

    asked = ask_marcus()
    film = video(tmp_path / "gate.mp4")
    page.goto(f"{running.origin}/partner/asked/{asked}/")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "gate.mp4", "mimeType": "video/mp4", "buffer": b"no video at all"}
    )
    page.get_by_label("It begins at").fill("2026-11-20T11:00:00")
    page.get_by_role("button", name="Hand it in").click()
    expect(page.locator("#hand-in-says")).to_contain_text("not a video")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "gate.mp4", "mimeType": "video/mp4", "buffer": film}
    )
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_text("you handed in footage")).to_be_visible()

    for path in ("", "accesses/", "copies/", "statement/", "hours/riverbend-always/", f"asked/{asked}/"):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{running.origin}/partner/{path}")
            assert faults_of(page) == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
    # The file that was none is answered 400, which the console tells too.
    assert [line for line in said if "400" not in line] == []
    said.clear()


def ask_marcus() -> UUID:
    """The agency asks Marcus Hale for ten minutes of his garage."""
    return ask_footage(
        by=person("ana.mercer"), basis=incident().basis_id, purpose=Purpose.INVESTIGATION,
        camera=camera("cam11").id, starts_at=NOON - timedelta(hours=1), ends_at=NOON,
        note="a white van at the gate",
    ).id  # fmt: skip
