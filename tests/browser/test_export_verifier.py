"""The page that checks an export: opened from a file, with a package that the system made."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from audit.note import ED25519, SigningKey
from evidence.exports.package import VERIFY_HTML
from tests.browser.axe import faults_of
from tests.city import city
from tests.exporting import download, footage, machine, made
from tests.log_machine import LogMachine
from tests.recording import clip, vault

__all__ = ["city", "clip", "footage", "machine", "vault"]


def verdict(page: Page, picker: str, what: Path, key: str = "") -> str:
    page.goto(VERIFY_HTML.as_uri())
    page.fill("#key", key)
    page.set_input_files(picker, what)
    expect(page.locator("#verdict.good, #verdict.bad")).to_be_visible(timeout=30_000)
    return page.locator("#verdict").inner_text() + page.locator("#checks").inner_text()


def test_the_page_checks_a_package_from_a_file_address(
    page: Page, footage: LogMachine, tmp_path: Path
) -> None:
    packed = tmp_path / "export.zip"
    packed.write_bytes(content := download(made(footage)))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    assert "This package verifies." in (words := verdict(page, "#zip", packed))
    assert "30 fragments" in words
    assert "NOT COMPARED" in words
    own, forgers = (
        str(log.verifier) for log in (footage.log, SigningKey.generate(footage.log.name, ED25519))
    )
    words = verdict(page, "#zip", packed, own)
    assert ("This package verifies." in words, "NOT COMPARED" in words) == (True, False)
    for key, why in ((forgers, "not the key that you gave"), ("a+b+c", "is not a log's key")):
        words = verdict(page, "#zip", packed, key)
        assert "DOES NOT VERIFY" in words
        assert why in words
    assert faults_of(page) == []

    with zipfile.ZipFile(packed) as bag:
        bag.extractall(tmp_path / "folder")
        media = next(info for info in bag.infolist() if info.filename.endswith(".mp4"))
        receipt = next(info for info in bag.infolist() if "minute-" in info.filename)
    assert "This package verifies." in verdict(page, "#folder", tmp_path / "folder")

    for info in (media, receipt):
        changed = bytearray(content)
        changed[info.header_offset + 30 + len(info.filename) + info.file_size // 2] ^= 1
        packed.write_bytes(changed)
        assert "DOES NOT VERIFY" in verdict(page, "#zip", packed), info.filename
    assert said == []
