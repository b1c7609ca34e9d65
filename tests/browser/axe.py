"""What axe finds on a page: WCAG 2.2 A and AA, and good practice."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.room import PAGES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults_of(page: Page) -> list[str]:
    """One line per finding."""
    page.evaluate((PAGES / "static/vendor/axe/axe.min.js").read_text("utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", RULES)
    return [
        f"{item['impact']}: {item['id']}: {item['help']}: {node['target']} {node.get('failureSummary', '')}"
        for item in found["violations"]
        for node in item["nodes"][:5]
    ]
