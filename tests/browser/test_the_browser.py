"""The browser that the browser tests use."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Page


def test_the_browser_plays_what_our_cameras_send(page: Page) -> None:
    """Chromium without H.264 would make every test of the wall fail for a reason that is not ours."""
    assert page.evaluate("MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.64001f\"')")


def test_the_browser_reaches_nothing_outside_this_machine(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://watchlight.example/")
