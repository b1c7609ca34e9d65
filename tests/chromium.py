"""The browser of the browser tests: the system's Chromium, driven by playwright, closed to everything but
loopback.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

_MISSING = "no Chromium on the path; add it with:  apt-get install chromium"
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--autoplay-policy=no-user-gesture-required",
)

# What is promised in seconds is measured in `benchmarks/`; a test waits until it comes.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


def executable() -> str | None:
    """The system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def flags() -> list[str]:
    """How it is started; as root it cannot have its sandbox."""
    return [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(_FLAGS)


@contextmanager
def django_beside() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, which Django takes for async code of ours."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        yield
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests: playwright keeps an event loop in this thread, and other tests start
    loops of their own. Skips the test where there is none; with ``CI=true`` that is a
    failure.
    """
    path = executable()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with django_beside(), sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags())
        yield started
        started.close()


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile, as of a new visitor."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """An empty page of a fresh profile."""
    return browser_context.new_page()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = sum(_MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.write_line(f"{skipped} browser tests were skipped: {_MISSING}", yellow=True)
