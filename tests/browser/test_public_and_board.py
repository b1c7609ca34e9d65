"""Pages for everybody, the supervisor's board, and the forms on which places and cameras are picked: in a
browser, against the running web process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from evidence.actions.place_hold import place_hold
from evidence.records.models import Request
from evidence.records.vocabulary import State
from policy.actions.propose import propose
from policy.models import Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.dispatch.models import Incident
from tests.browser.axe import faults_of
from tests.city import camera, incident, person
from tests.live_site import Site, surroundings

SIMULATOR_PORT = 18_574
PUBLIC = (
    "",
    "cameras/",
    "cameras/cam09/",
    "still-there/?camera=cam01&at=2026-11-20T10:00",
    "policy/",
    "numbers/",
    "log/",
)
# Where a person who changes these pages wants the pictures: a folder.
PICTURES = os.environ.get("PICTURES_INTO")


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    with django_db_blocker.unblock(), surroundings(SIMULATOR_PORT) as made:
        made.collect_static()
        made.start_log()
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


def fits(page: Page, name: str) -> None:
    """The page is no wider than its screen."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def look(page: Page, name: str) -> None:
    """The page fits its screen, and nothing stands in the way of anybody."""
    fits(page, name)
    assert faults_of(page) == [], name


def sign_in(page: Page, running: Site, name: str) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_load_state()


def test_pages_for_everybody_are_light_and_fit_any_screen(running: Site, page: Page, said: list[str]) -> None:
    for path in PUBLIC:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{running.origin}/public/{path}")
        name = path.split("?")[0].strip("/").replace("/", "-") or "home"
        look(page, f"public-{name}-390")
        page.set_viewport_size({"width": 1440, "height": 900})
        fits(page, f"public-{name}-1440")
    assert page.context.cookies() == []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{running.origin}/public/cameras/")
    page.wait_for_load_state("networkidle")
    # The page, its styles, the map's own small style and script, and the mark in the browser's tab.
    assert len(asked) <= 5, asked
    page.get_by_text("Show the map").click()
    expect(page.locator("#public-map path.leaflet-interactive").first).to_be_visible()
    look(page, "public-map-1440")


def test_everything_is_read_and_asked_without_a_script(running: Site, browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"{running.origin}/public/")
    page.get_by_role("link", name=re.compile("Is it still there")).first.click()
    page.get_by_label("Street corner").fill("8th & Market")
    page.get_by_label("Day and time there").fill("2026-11-20T10:00")
    page.get_by_role("button", name="Look").click()
    expect(page.locator(".still").first).to_be_visible()
    page.close()


def test_a_place_is_picked_on_the_public_map(running: Site, page: Page, said: list[str]) -> None:
    page.goto(f"{running.origin}/public/still-there/")
    page.get_by_text("Or pick the place on the map").click()
    page.locator("#public-map path.leaflet-interactive").first.wait_for()
    page.get_by_role("button", name="Take the middle").click()
    page.get_by_label("Day and time there").fill("2026-11-20T10:00")
    page.get_by_role("button", name="Look").click()
    page.wait_for_url("**lat=38.*")
    expect(page.locator(".still").first).to_be_visible()


def test_cameras_of_a_hold_are_chosen_by_words_and_on_the_map(
    running: Site, page: Page, said: list[str]
) -> None:
    sign_in(page, running, "Owen Birch")
    page.goto(f"{running.origin}/retention/holds/new/")
    page.get_by_label("Cameras").fill("8th")
    page.get_by_label(re.compile("Market St & S 8th St")).check()
    expect(page.locator(".picker [role=status]")).to_contain_text("1 of 12 chosen")
    page.get_by_text("Choose on the map").click()
    page.locator(".picker path.leaflet-interactive").nth(3).click(force=True)
    expect(page.locator(".picker [role=status]")).to_contain_text("2 of 12 chosen")
    assert page.evaluate("document.querySelector('[name=cameras]').selectedOptions.length") == 2
    look(page, "hold-form-1440")


def test_an_incident_is_put_on_the_map_by_a_click(running: Site, page: Page, said: list[str]) -> None:
    sign_in(page, running, "Ana Mercer")
    page.goto(f"{running.origin}/incidents/new/")
    page.locator("#incident-map path.leaflet-interactive").first.wait_for()
    page.get_by_role("button", name="Take the middle").click()
    expect(page.locator("#id_place")).not_to_have_value("")
    page.get_by_label("Type of call").fill("alarm")
    look(page, "incident-form-1440")
    page.get_by_role("button", name="Open the incident").click()
    page.wait_for_url("**/incidents/")
    made = Incident.objects.get(kind="alarm")
    assert abs(made.lat - 38.627) < 0.01


def test_the_board_stops_a_viewing_and_says_yes_on_a_phone(
    running: Site, page: Page, said: list[str]
) -> None:
    now = clock.now()
    watcher = running.sign_in("ana.mercer")
    watcher.enter(incident().basis_id)
    keep = place_hold(
        by=person("owen.birch"), cameras=[camera("cam01").id], starts_at=now, ends_at=now.replace(year=2027),
        authority="Circuit Court", matter="2611-CC00042",
    )  # fmt: skip
    propose(
        by=person("owen.birch"), action=Action.RELEASE_HOLD, on=Ref(Kind.KEEP, keep.id),
        words={"why": "The matter has ended."}, reason="The matter has ended.",
    )  # fmt: skip
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, running, "Ruth Okafor")
    expect(page.get_by_role("heading", name=re.compile("Ana Mercer"))).to_be_visible()
    look(page, "board-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    look(page, "board-1440")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("approved by Ruth Okafor")).to_be_visible()
    assert Proposal.objects.get().approvals.count() == 1
    page.get_by_placeholder("Why (optional)").first.fill("typed while the board renews itself")
    page.wait_for_timeout(2500)
    assert page.get_by_placeholder("Why (optional)").first.input_value().startswith("typed")
    page.get_by_role("button", name="Stop").first.click()
    expect(page.get_by_text("Nobody watches anything just now")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Every word of it").click()
    look(page, "proposal-390")


def local_minutes_ago(minutes: int) -> str:
    at = clock.now().astimezone(config.city_zone) - timedelta(minutes=minutes)
    return f"{at:%Y-%m-%dT%H:%M}"


def test_asked_looked_at_by_the_link_and_taken_back_without_a_script(running: Site, browser: Browser) -> None:
    telephone = {"width": 390, "height": 844}
    page = browser.new_context(viewport=telephone).new_page()  # type: ignore[arg-type]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto(f"{running.origin}/request/")
    look(page, "request-form")
    # The map is fetched when it is opened, and a point on it stands for the corner.
    assert not any("leaflet" in url for url in sent)
    page.get_by_text("Mark the place on the map").click()
    page.get_by_role("button", name="Take the middle").click()
    expect(page.get_by_label("At which corner?")).to_have_value("map")
    page.get_by_label("At which corner?").select_option(camera("cam01").code)
    expect(page.locator("#id_lat")).to_have_value("")
    page.get_by_label("From when?").fill(local_minutes_ago(40))
    page.get_by_label("Until when?").fill(local_minutes_ago(30))
    page.get_by_label("Your name").fill("Pat Doe")
    page.get_by_label("How do we reach you?").fill("pat@example.org")
    page.get_by_role("button", name="Send, and have it kept").click()
    expect(page.get_by_role("heading", name=re.compile("Request R-"))).to_be_visible()
    row = Request.objects.get()
    # The page's script gives it its address after the heading is there.
    page.wait_for_url(re.compile("#"))
    link = page.url
    path, code = link.split("#")
    assert path == f"{running.origin}/request/receipt/"
    look(page, "request-receipt")
    # Loaded again, or opened elsewhere: the script sends what stands after `#`, and no address ever holds it.
    page.reload()
    expect(page.get_by_role("heading", name=f"Request {row.number}")).to_be_visible()
    elsewhere = browser.new_context(viewport=telephone).new_page()  # type: ignore[arg-type]
    elsewhere.on("request", lambda request: sent.append(request.url))
    elsewhere.goto(link)
    expect(elsewhere.get_by_role("heading", name=f"Request {row.number}")).to_be_visible()
    assert not [url for url in sent if code in url.split("#")[0]]
    assert "Pat Doe" not in elsewhere.content()

    plain = browser.new_context(viewport=telephone, java_script_enabled=False).new_page()  # type: ignore[arg-type]
    plain.goto(link)
    plain.get_by_label("The code of your receipt").fill(code.lower().replace("-", " "))
    plain.get_by_role("button", name="Show how it stands").click()
    plain.get_by_role("button", name="Take the request back").click()
    expect(plain.get_by_role("heading", name=f"Take request {row.number} back?")).to_be_visible()
    assert Request.objects.get().state == State.PRESERVED
    plain.get_by_role("button", name="Yes, take it back").click()
    expect(plain.get_by_text("The request was withdrawn.")).to_be_visible()
    assert Request.objects.get().state == State.WITHDRAWN
    for each in (page, elsewhere, plain):
        each.context.close()
