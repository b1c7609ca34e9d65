"""One day of everybody, on the whole running system (``./run``), each person in a browser of their own: a
call, a picture on an officer's telephone, an owner and a supervisor who see it, a request from the street,
its package under a second person's yes, its answer, and an auditor who proves the day.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.killing import System, running
from rtcc.config import config
from tests.browser.axe import faults_of

CALL = "26-118409"
CORNER = "cam01"
ASKED = timedelta(minutes=2)
WAITS_MS = 60_000
# Sealing a minute, and its root in the log.
SEALED_MS = 240_000


class Day:
    """The system, a browser, and what one person hands to the next."""

    def __init__(self, system: System, browser: Browser) -> None:
        self.origin = f"http://localhost:{system.port}"
        self._browser = browser
        self.took: dict[str, float] = {}

    @contextmanager
    def person(self, name: str, *, phone: bool = False) -> Iterator[Page]:
        """Somebody at a desk or with a telephone, signed in; nobody, where ``name`` is empty."""
        small = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
        wide = {"viewport": {"width": 1440, "height": 900}}
        context = self._browser.new_context(**(small if phone else wide), accept_downloads=True)
        page = context.new_page()
        page.set_default_timeout(WAITS_MS)
        if name:
            page.goto(f"{self.origin}/sign-in/")
            page.get_by_role("button", name=re.compile(name)).click()
            page.wait_for_url(lambda url: "/sign-in/" not in url)
        yield page
        assert page.evaluate("document.documentElement.scrollWidth") <= (390 if phone else 1440), page.url
        assert faults_of(page) == [], page.url
        context.close()

    @contextmanager
    def task(self, what: str) -> Iterator[None]:
        """How long a task takes is printed, never asserted."""
        began = time.monotonic()
        yield
        self.took[what] = time.monotonic() - began
        print(f"{what}: {self.took[what]:.1f} s", flush=True)


def local(at: datetime) -> str:
    return at.astimezone(config.city_zone).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.slow
def test_everybody_has_a_day_and_the_log_proves_it(tmp_path: Path, browser: Browser) -> None:
    with running(tmp_path / "data") as system:
        day = Day(system, browser)
        # Recording began within this minute or the last, so that what is asked for may begin with a gap.
        begins = datetime.now(UTC).replace(second=0, microsecond=0)
        a_call_is_watched_and_an_officer_is_sent_a_picture(day)
        its_owner_sees_who_watched(day)
        until = begins + ASKED + timedelta(seconds=2)
        time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))  # Nobody asks for what is to come.
        link, number = somebody_asks_for_the_footage(day, begins)
        package = a_records_officer_makes_the_package(day, number, tmp_path)
        the_request_is_answered(day, number)
        the_requester_reads_how_it_stands(day, link, number)
        an_auditor_proves_the_day(day)
        an_operator_looks_what_needs_care(day)
        faults = system.verify("verify_log") + system.verify("verify_footage", "--level", "hash")
    assert faults == []
    assert package.stat().st_size > 0


def a_call_is_watched_and_an_officer_is_sent_a_picture(day: Day) -> None:
    with day.person("Ana Mercer") as wall, day.person("Caleb Marsh", phone=True) as phone:
        phone.goto(f"{day.origin}/inbox/")
        wall.goto(f"{day.origin}/incidents/")
        with day.task("call to pictures"):
            wall.get_by_role("button", name=re.compile(CALL)).press("Enter")
            wall.wait_for_url("**/wall/")
            live = wall.locator(".tile[data-state=live]")
            expect(live.first).to_be_visible(timeout=WAITS_MS)
        live.first.focus()
        with day.task("picture to the telephone"):
            wall.keyboard.press("s")
            expect(wall.locator("#send-to li[aria-selected=true]")).to_be_visible()
            wall.keyboard.press("2")
            wall.keyboard.press("Enter")
            row = phone.locator(".inbox-row.new")
            expect(row).to_contain_text("tap to open", timeout=WAITS_MS)
            row.tap()
            expect(phone.locator("#viewer-image")).to_be_visible(timeout=WAITS_MS)
        phone.get_by_role("button", name="That is him").first.tap()
        expect(wall.locator("#sent-strip")).to_contain_text("That is him", timeout=WAITS_MS)
        a_supervisor_ends_it(day, wall)


def a_supervisor_ends_it(day: Day, wall: Page) -> None:
    with day.person("Ruth Okafor", phone=True) as board:
        board.goto(f"{day.origin}/board/")
        expect(board.get_by_role("heading", name=re.compile("Ana Mercer")).first).to_be_visible()
        board.get_by_role("button", name="Stop").first.tap()
        expect(wall.locator(".tile[data-state=ended]").first).to_be_visible(timeout=WAITS_MS)
        expect(board.get_by_text("Nobody watches anything just now")).to_be_visible(timeout=WAITS_MS)


def its_owner_sees_who_watched(day: Day) -> None:
    with day.person("Marcus Hale") as owner:
        owner.goto(f"{day.origin}/partner/accesses/")
        expect(owner.locator("tbody tr").first).to_be_visible()


def somebody_asks_for_the_footage(day: Day, begins: datetime) -> tuple[str, str]:
    """From the street, on a telephone, not signed in: the receipt's link and the number."""
    with day.person("", phone=True) as page, day.task("public request"):
        page.goto(f"{day.origin}/request/")
        page.get_by_label("At which corner?").select_option(CORNER)
        page.get_by_label("From when?").fill(local(begins))
        page.get_by_label("Until when?").fill(local(begins + ASKED))
        page.get_by_label("Why do you ask?").select_option("civil_claim")
        page.get_by_label("Your name").fill("Pat Doe")
        page.get_by_label("How do we reach you?").fill("pat@example.org")
        page.get_by_role("button", name="Send, and have it kept").click()
        title = page.get_by_role("heading", name=re.compile("Request R-"))
        expect(title).to_be_visible()
        page.wait_for_url(re.compile("#"))
        number = re.search(r"R-\d{4}-\d{4}", title.inner_text())
        assert number is not None
        return page.url, number[0]


def a_records_officer_makes_the_package(day: Day, number: str, folder: Path) -> Path:
    with day.person("Grace Tamayo") as desk:
        open_request(day, desk, number)
        with day.task("request to 'waits for approval'"):
            desk.keyboard.press("e")
            desk.wait_for_url("**/exports/new/**")
            desk.get_by_label("Recipient is").select_option("court")
            desk.get_by_label("Recipient's name").fill("Circuit Court, A. Doe")
            desk.get_by_label("Legal standard").fill("Rule 57.03")
            desk.get_by_label("Why, in a sentence").fill("Subpoena of the claimant")
            _asked_until_it_is_sealed(desk)
        where = desk.url
        with day.person("Ruth Okafor", phone=True) as second:
            second.goto(where)
            second.get_by_role("button", name="Approve exactly this").tap()
            expect(second.get_by_text("Ruth Okafor").first).to_be_visible()
        with day.task("yes to a package"):
            download = desk.get_by_role("button", name=re.compile("Download the package"))
            expect(desk.locator("#state")).to_contain_text("ready", timeout=SEALED_MS, ignore_case=True)
            desk.reload()
            expect(download).to_be_visible()
        with desk.expect_download() as coming:
            download.click()
        package = folder / "package.zip"
        coming.value.save_as(package)
        verifier = folder / "verify.py"
        verifier.write_bytes(desk.request.get(f"{day.origin}/exports/verify.py").body())
    _verifies(verifier, package, folder)
    return package


def _asked_until_it_is_sealed(desk: Page) -> None:
    """What was recorded a minute ago is sealed in the log within a few; until then the form says so."""
    end = time.monotonic() + SEALED_MS / 1000
    while True:
        desk.get_by_role("button", name="Ask for approval").click()
        desk.wait_for_load_state()
        if "/exports/new/" not in desk.url:
            return
        expect(desk.get_by_role("alert")).to_contain_text("not sealed in the log yet")
        assert time.monotonic() < end, "the footage is not sealed"
        desk.wait_for_timeout(5000)


def _verifies(verifier: Path, package: Path, folder: Path) -> None:
    """For somebody who has nothing but Python, and not when one byte is another."""
    words = [sys.executable, "-I", "-S", str(verifier), str(package)]
    done = subprocess.run(words, env={}, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    real = package.read_bytes()
    changed = bytearray(real)
    changed[len(real) // 2] ^= 1
    package.write_bytes(changed)
    assert subprocess.run(words, env={}, cwd=folder, capture_output=True, check=False).returncode != 0
    package.write_bytes(real)


def the_request_is_answered(day: Day, number: str) -> None:
    """Records and counsel in turn; the one key `n` does what is next."""
    with day.task("answer, five turns"):
        for name, presses in (("Grace Tamayo", 4), ("Owen Birch", 1), ("Grace Tamayo", 1), ("Owen Birch", 1)):
            with day.person(name) as desk:
                open_request(day, desk, number)
                for _ in range(presses):
                    _press_n(desk)
        with day.person("Grace Tamayo") as desk:
            open_request(day, desk, number)
            expect(desk.get_by_text("Watchlight does not redact yet")).to_be_visible()
            expect(desk.get_by_role("link", name=re.compile("Circuit Court"))).to_be_visible()
            desk.get_by_label("What was handed over").first.fill("The package, to the court, on a disc.")
            _press_n(desk)
            _press_n(desk)
            expect(desk.get_by_text("it is closed")).to_be_visible()


def open_request(day: Day, desk: Page, number: str) -> None:
    desk.goto(f"{day.origin}/requests/")
    desk.get_by_role("link", name=number).click()
    expect(desk.get_by_role("heading", name=number)).to_be_visible()


def _press_n(desk: Page) -> None:
    """The page comes back with one more thing done."""
    done = desk.locator(".steps li").count()
    desk.locator("h1").click()
    desk.keyboard.press("n")
    expect(desk.locator(".steps li")).to_have_count(done + 1)


def the_requester_reads_how_it_stands(day: Day, link: str, number: str) -> None:
    with day.person("", phone=True) as page:
        page.goto(link)
        expect(page.get_by_role("heading", name=f"Request {number}")).to_be_visible()
        expect(page.get_by_text("The request is closed").first).to_be_visible()


def an_auditor_proves_the_day(day: Day) -> None:
    with day.person("Miriam Adler") as auditor:
        auditor.goto(f"{day.origin}/oversight/report/?number={CALL}")
        expect(auditor.locator("tbody tr[data-open]").first).to_be_visible()
        auditor.goto(f"{day.origin}/oversight/verify/")
        with day.task("verification"):
            auditor.get_by_role("button", name="Verify now").click()
            expect(auditor.locator("main")).to_contain_text("verifies", timeout=SEALED_MS)


def an_operator_looks_what_needs_care(day: Day) -> None:
    with day.person("Nadia Brandt", phone=True) as operator:
        operator.goto(f"{day.origin}/status/")
        expect(operator.get_by_role("heading", name="Witnesses")).to_be_visible()
