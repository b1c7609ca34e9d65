"""Each sample page alone, on a wide screen and on a phone: it fits, breaks no rule, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.browser import samples
from tests.browser.axe import faults_of
from tests.browser.room import SampleRoom

NAMES = sorted(samples.pages("ws://localhost"))
SIZES = {"wide": (1440, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def room() -> Iterator[SampleRoom]:
    with SampleRoom() as room:
        yield room


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_its_screen_keeps_the_policy_and_axe_finds_nothing(
    room: SampleRoom, browser: Browser, name: str, size: str
) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(room.look(name))
    page.wait_for_load_state("networkidle")
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults_of(page) == []
    page.close()
