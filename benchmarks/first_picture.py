"""From Enter on an incident to a moving picture in Chromium: the whole way of an analyst's two keys, and
where its time goes. A trial is over when every tile has shown two different pictures; between trials the
views are closed, so that each Enter is an act of its own.

    python -m benchmarks.first_picture [--trials 20]

The system is recorder, web process and simulated cameras of several sizes on one machine, with the browser
and its software decoding on the same machine too.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.recording import record_all, scenes, simulator
from benchmarks.words import machine, percentile, table
from tests import chromium, live_site

CAMERAS = 12
# Marks in milliseconds of Unix time. What the page does is watched from outside: nothing of it is changed.
WATCH = """
(() => {
  const at = () => performance.timeOrigin + performance.now();
  const marks = window.__marks = {page: at(), first: {}, moving: {}};
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") sessionStorage.setItem("enter", at());
  }, true);
  document.addEventListener("DOMContentLoaded", () => { marks.parsed = at(); });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...words) {
      super(...words);
      marks.socket ??= at();
      this.addEventListener("open", () => { marks.open ??= at(); });
      this.addEventListener("message", ({data}) => {
        if (typeof data === "string") return;
        if (new Uint8Array(data)[1] === 1) marks.init ??= at();
        if (new Uint8Array(data)[1] === 2) marks.chunk ??= at();
      });
    }
  };
  document.addEventListener("loadeddata", ({target}) => {
    const tile = target.closest(".tile").dataset.tile;
    let time = null;
    const look = (now, picture) => {
      marks.first[tile] ??= at();
      if (time !== null && picture.mediaTime !== time) { marks.moving[tile] ??= at(); return; }
      time = picture.mediaTime;
      target.requestVideoFrameCallback(look);
    };
    target.requestVideoFrameCallback(look);
  }, true);
})();
"""
DONE = "tiles => Object.keys(window.__marks.moving).length >= tiles"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    trials = parser.parse_args().trials
    print(machine(), flush=True)
    with live_site.standalone():
        from rtcc.onebox.seed import simulator_password

        with simulator(scenes(), CAMERAS, simulator_password()) as port:
            with live_site.surroundings(port, cameras=CAMERAS) as site:
                measured = measure(site, trials)
    print(table(("from Enter to", "p50 s", "p95 s", "maximum s"), report(measured)))


def measure(site: live_site.Site, trials: int) -> list[dict[str, float]]:
    """Seconds from Enter to each step, per trial."""
    from evidence.models import OpenFile

    record_all()
    site.collect_static()
    site.start_recorder()
    site.start_web()
    live_site.until(lambda: OpenFile.objects.count() >= CAMERAS, 120, "the recording of all cameras")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=chromium.flags())
        try:
            with chromium.django_beside():
                return go(browser, site, trials)
        finally:
            browser.close()


def go(browser: Browser, site: live_site.Site, trials: int) -> list[dict[str, float]]:
    from rtcc import clock
    from rtcc.dispatch.models import Incident
    from rtcc.dispatch.nearest import watchable

    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(WATCH)
    page.goto(f"{site.origin}/sign-in/")
    page.get_by_role("button", name=re.compile("Ana Mercer")).click()
    seen = {row.basis.number: len(watchable(row, clock.now())) for row in Incident.objects.for_list()}
    number = max(seen, key=lambda each: seen[each])
    print(f"incident {number}, {seen[number]} cameras", flush=True)
    # The first Enter finds nothing compiled and nothing cached; it is told apart.
    one(page, site, number, seen[number], name="the first of all")
    return [one(page, site, number, seen[number], name=str(n + 1)) for n in range(trials)]


def one(page: Page, site: live_site.Site, number: str, tiles: int, *, name: str) -> dict[str, float]:
    page.goto(f"{site.origin}/incidents/")
    page.get_by_role("button", name=re.compile(number)).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/wall/")
    page.wait_for_function(DONE, arg=tiles, timeout=30_000)
    marks: dict[str, Any] = page.evaluate("window.__marks")
    enter = float(page.evaluate("sessionStorage.getItem('enter')"))
    at = {word: marks[word] for word in ("page", "parsed", "socket", "open", "init", "chunk")}
    at["first picture"], at["first moving picture"] = (
        min(marks["first"].values()),
        min(marks["moving"].values()),
    )
    at["all moving"] = max(marks["moving"].values())
    took = {word: (when - enter) / 1000 for word, when in at.items()}
    print(f"  {name}: " + ", ".join(f"{word} {seconds:.2f}" for word, seconds in took.items()), flush=True)
    close_views()
    return took


def close_views() -> None:
    from rtcc.live.actions.close_viewing import close_viewing
    from rtcc.live.models import Viewing
    from tests.city import person

    ana = person("ana.mercer")
    for viewing in Viewing.objects.wanted().of_person(ana.id):
        close_viewing(by=ana, viewing=viewing.id)


def report(measured: list[dict[str, float]]) -> list[list[str]]:
    rows = []
    for word in measured[0]:
        values = [each[word] for each in measured]
        rows.append([word, *(f"{percentile(values, share):.2f}" for share in (0.5, 0.95, 1.0))])
    return rows


if __name__ == "__main__":
    main()
