"""From the key S on the wall to the picture on an officer's telephone, over the real system in two browsers.

    python -m benchmarks.send_picture [--trials 5] [--kbit 1000] [--pictures FOLDER]

The telephone's network is slowed by Chromium's own emulation (Network.emulateNetworkConditions): so many
kilobits a second, and 200 ms there and back. A trial taps as soon as the row is there.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.words import machine, table
from tests import live_site
from tests.chromium import executable

CALL = "26-118402"
LATENCY_MS = 200
# Keys beside S, the digit and Enter; what the telephone then shows, and how wide it is.
SHAPES: dict[str, tuple[list[str], str, str, int]] = {
    "still": ([], "#viewer-image", "naturalWidth", 960),
    "live": (["ArrowRight", "ArrowRight"], "#viewer-image", "naturalWidth", 640),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--kbit", type=int, default=1000)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    print(machine())
    with live_site.standalone():
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        films = {"cam04": live_site.small_scene(4)}
        with live_site.site(films, for_browsers=True) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
            wall, phone = _wall(browser, site), _phone(browser, site, asked.kbit)
            rows = []
            for name, (keys, where, what, width) in SHAPES.items():
                taken = [_trial(site, wall, phone, keys, where, what, width) for _ in range(asked.trials)]
                rows.append(_row(name, len(keys) + 3, taken))
                if asked.pictures:
                    wall.screenshot(path=asked.pictures / f"wall-{name[:4]}.png")
                    phone.screenshot(path=asked.pictures / f"phone-{name[:4]}.png")
            browser.close()
    print(table(("what", "keys", "trials", "median s", "maximum s"), rows))


def _row(name: str, keys: int, seconds: list[float]) -> tuple[str, ...]:
    ordered = sorted(seconds)
    return name, str(keys), str(len(ordered)), f"{ordered[len(ordered) // 2]:.2f}", f"{ordered[-1]:.2f}"


def _sign_in(page: Page, site: live_site.Site, name: str) -> None:
    page.goto(f"{site.origin}/sign-in/")
    page.get_by_role("button", name=re.compile(name)).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def _wall(browser: Browser, site: live_site.Site) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    _sign_in(page, site, "Ana Mercer")
    page.goto(f"{site.origin}/incidents/")
    page.get_by_role("button", name=re.compile(CALL)).click()
    page.wait_for_url("**/wall/")
    tile = page.locator(".tile[data-state=live]").first
    tile.wait_for(timeout=30000)
    tile.focus()
    return page


def _phone(browser: Browser, site: live_site.Site, kbit: int) -> Page:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    _sign_in(page, site, "Caleb Marsh")
    page.goto(f"{site.origin}/inbox/")
    slow = {"offline": False, "latency": LATENCY_MS}
    slow |= {"downloadThroughput": kbit * 125, "uploadThroughput": kbit * 125}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    return page


def _trial(
    site: live_site.Site, wall: Page, phone: Page, keys: list[str], where: str, name: str, width: int
) -> float:
    """Seconds from S to a picture that the telephone has decoded."""
    phone.goto(f"{site.origin}/inbox/")
    before = phone.locator(".inbox-row.new").count()
    began = time.monotonic()
    for key in ("s", *keys, "2", "Enter"):
        wall.keyboard.press(key)
        if key == "s":
            wall.locator("#send-to li[aria-selected=true]").wait_for()
    row = phone.locator(".inbox-row.new").first
    expect(phone.locator(".inbox-row.new")).to_have_count(before + 1, timeout=60000)
    expect(row).to_contain_text("tap to open", timeout=60000)
    row.tap()
    expect(phone.locator(where)).to_have_js_property(name, width, timeout=60000)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
