"""`python -m tests.browser.look FOLDER [name ...]`: screenshots of the sample pages, wide and phone, with axe's findings."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.pages_samples import pages
from tests.browser.pages_server import PAGES, SampleServer, use_templates_alone

CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome") if Path(p).exists()), None)
SIZES = {"wide": (1440, 900), "phone": (390, 844)}


def faults_of(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, one line per finding."""
    page.evaluate((PAGES / "static/vendor/axe/axe.min.js").read_text())
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    return [
        f"{item['impact']}: {item['id']}: {item['help']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for item in found["violations"]
        for node in item["nodes"][:3]
    ]


def main(folder: Path, names: list[str]) -> None:
    use_templates_alone()
    folder.mkdir(parents=True, exist_ok=True)
    with SampleServer() as origin, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name in names or list(pages()):
            for size, (width, height) in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", bypass_csp=False)
                page.on("console", lambda m: print("  console:", m.text[:300]) if m.type in ("error", "warning") else None)
                page.on("pageerror", lambda e: print("  fault:", e))
                page.goto(f"{origin}/look/{name}")
                page.wait_for_timeout(400)
                page.screenshot(path=folder / f"{name}-{size}.png", full_page=size == "phone")
                print(name, size)
                overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if overflow > 0:
                    print("  wider than the screen by", overflow)
                for fault in faults_of(page):
                    print("  axe:", fault)
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
