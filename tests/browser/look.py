"""`python -m tests.browser.look FOLDER [name ...]`: screenshots of the sample pages, wide and phone, with
axe's findings, for whoever changes how they look.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from playwright.sync_api import ConsoleMessage, sync_playwright

from tests import chromium, cluster

# `tests.cluster` has set the environment that the settings read; templates need them from here on.
os.environ["DJANGO_SETTINGS_MODULE"] = "rtcc.settings"
django.setup()

from tests.browser import samples  # noqa: E402
from tests.browser.axe import faults_of  # noqa: E402
from tests.browser.room import SampleRoom  # noqa: E402

SIZES = {"wide": (1440, 900), "phone": (390, 844)}
assert cluster.BOX  # loaded for its effect, which is above


def _say(message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        print("  console:", message.text[:300])


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with SampleRoom() as room, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.executable(), args=["--no-sandbox"])
        for name in names or list(samples.pages("ws://localhost")):
            for size, (width, height) in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
                page.on("console", _say)
                page.on("pageerror", lambda error: print("  fault:", error))
                page.goto(room.look(name))
                page.wait_for_timeout(1500 if name in ("wall", "player") else 400)
                page.screenshot(path=folder / f"{name}-{size}.png", full_page=size == "phone")
                print(name, size)
                overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if overflow > 0:
                    print("  wider than the screen by", overflow)
                for fault in faults_of(page):
                    print("  axe:", fault[:400])
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
