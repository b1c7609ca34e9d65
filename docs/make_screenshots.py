"""Pictures of a running demo for `docs/screenshots`: signs in as several people and looks at their pages.

    .venv/bin/python docs/make_screenshots.py [--address http://localhost:8000] [--into docs/screenshots]

Needs the packages of `./test` and Chromium. What it does is in the demo's log, like anybody's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

SIZE = {"width": 1440, "height": 900}
FIRST_PICTURE_MS = 40_000
# Who looks at which page, by the name of the picture.
PAGES = {
    "refusal": ("Ana Mercer", "/oversight/report/"),
    "cameras": ("Lena Fontaine", "/cameras/"),
    "camera": ("Lena Fontaine", "/cameras/cam09/"),
    "report": ("Miriam Adler", "/oversight/report/"),
    "report-under-pseudonyms": ("Jonah Reyes", "/oversight/report/"),
    "verify": ("Miriam Adler", "/oversight/verify/"),
    "retention": ("Owen Birch", "/retention/due/"),
    "dispositions": ("Owen Birch", "/retention/dispositions/"),
    "hold-form": ("Owen Birch", "/retention/holds/new/"),
    "incident-form": ("Ana Mercer", "/incidents/new/"),
    "board": ("Ruth Okafor", "/board/"),
}
# Pages for everybody, on a phone.
PHONE = {"width": 390, "height": 844}
PUBLIC = {
    "public": "/public/",
    "public-cameras": "/public/cameras/",
    "public-still-there": "/public/still-there/?camera=cam01",
    "public-rules": "/public/policy/",
    "public-log": "/public/log/",
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pictures of a running demo.")
    parser.add_argument("--address", default="http://localhost:8000")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "screenshots")
    return parser.parse_args()


@contextmanager
def _signed_in(browser: Browser, address: str, name: str) -> Iterator[Page]:
    """A page of somebody's own profile, after one click on their name."""
    context = browser.new_context(viewport=SIZE, color_scheme="dark")
    try:
        page = context.new_page()
        page.goto(f"{address}/sign-in/")
        page.locator("button[name=person]", has_text=name).click()
        page.wait_for_load_state()
        yield page
    finally:
        context.close()


def _wall(page: Page, into: Path) -> None:
    """The most urgent incident, and the pictures that move on the wall."""
    page.screenshot(path=into / "incidents.png")
    page.locator("#incidents button.incident").first.click()
    page.wait_for_url("**/wall/")
    page.wait_for_function(
        "() => [...document.querySelectorAll('#wall video')].filter(v => v.currentTime > 1).length >= 3",
        timeout=FIRST_PICTURE_MS,
    )
    page.screenshot(path=into / "wall.png")
    entry = page.locator("a.tile-entry").first.get_attribute("href")
    page.goto(page.url.removesuffix("/wall/") + (entry or "/"))
    page.screenshot(path=into / "entry.png")


def main() -> int:
    options = _options()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no Chromium on the path; add it with:  apt-get install chromium", file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    flags = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        people = browser.new_page(viewport=SIZE, color_scheme="dark")
        people.goto(f"{options.address}/sign-in/")
        people.screenshot(path=options.into / "sign-in.png", full_page=True)
        with _signed_in(browser, options.address, "Ana Mercer") as page:
            _wall(page, options.into)
        for picture, (name, path) in PAGES.items():
            with _signed_in(browser, options.address, name) as page:
                page.goto(options.address + path)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=options.into / f"{picture}.png")
        phone = browser.new_page(viewport=PHONE)
        for picture, path in PUBLIC.items():
            phone.goto(options.address + path)
            phone.wait_for_load_state("networkidle")
            phone.screenshot(path=options.into / f"{picture}.png")
        browser.close()
    print(f"{len(list(options.into.glob('*.png')))} pictures in {options.into}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
