"""What an outsider is given: checkpoint, tiles, keys and receipts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from audit import keyfiles, receipts, views
from audit.models import Leaf
from rtcc.config import config
from tests.conftest import Committed
from tests.log_machine import LogMachine, log_machine, say


@pytest.fixture
def machine(committed: Committed, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogMachine]:
    with log_machine(committed) as made:
        (made.folder / "keys").mkdir()
        (made.folder / "keys/log.vkey").write_text(f"{made.log.verifier}\n")
        given = {"data": made.folder, "keys_dir": made.folder / "keys"}
        given["witnesses"] = (f"{made.witness_key.verifier}@unix:{made.folder}/w.sock",)  # type: ignore[assignment]
        kept = {name: getattr(config, name) for name in given}
        for name, value in given.items():
            object.__setattr__(config, name, value)
        views._vkeys.cache_clear()
        yield made
        for name, value in kept.items():
            object.__setattr__(config, name, value)
        views._vkeys.cache_clear()


def root_by_proof(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Root that an inclusion path leads to, by the recursion of RFC 6962 section 2.1.1, unlike ours."""
    if size == 1:
        assert not path
        return leaf
    split = 1
    while split * 2 < size:
        split *= 2
    *rest, last = path
    if index < split:
        return hashlib.sha256(b"\1" + root_by_proof(index, split, leaf, rest) + last).digest()
    return hashlib.sha256(b"\1" + last + root_by_proof(index - split, size - split, leaf, rest)).digest()


def test_each_receipt_proves_its_entry_to_somebody_without_our_code(machine: LogMachine) -> None:
    with transaction.atomic():
        entries = [say() for _ in range(11)]
    assert receipts.receipt(entries[0].id) is None
    machine.sequence()
    for entry in entries:
        text = receipts.receipt(entry.id)
        assert text is not None
        head, _, note = text.partition("\n\n")
        first, index_line, *path = head.split("\n")
        assert first == "c2sp.org/tlog-proof@v1"
        index = int(index_line.removeprefix("index "))
        assert Leaf.objects.get(entry=entry.id).index == index
        _, size, root = note.split("\n")[:3]
        leaf = hashlib.sha256(b"\0" + entry.body).digest()
        found = root_by_proof(index, int(size), leaf, [base64.b64decode(line) for line in path])
        assert base64.b64encode(found).decode() == root
        assert note.count("— watchlight.example/") == 2
        assert note.endswith("\n")


def test_the_public_addresses_give_exactly_the_published_bytes(machine: LogMachine, client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    with transaction.atomic():
        say()
    machine.sequence()
    checkpoint = client.get("/log/checkpoint")
    assert checkpoint.content == (machine.tiles / "checkpoint").read_bytes()
    assert checkpoint["Content-Type"] == "text/plain; charset=utf-8"
    assert "max-age=2" in checkpoint["Cache-Control"]
    tile = client.get("/log/tile/entries/000.p/1")
    assert tile.content == (machine.tiles / "tile/entries/000.p/1").read_bytes()
    assert tile["Content-Type"] == "application/octet-stream"
    assert "immutable" in tile["Cache-Control"]
    assert client.get("/log/vkey").content.decode().splitlines() == [str(key) for key in keyfiles.verifiers()]
    assert client.post("/log/checkpoint").status_code in (403, 405)


@pytest.mark.parametrize(
    "path", ["0/000.p/2", "0/0", "entries/000.p/256", "../checkpoint", "%2e%2e/checkpoint", "0/.000.1.new"]
)
def test_nothing_else_of_the_folder_is_given(machine: LogMachine, client: Client, path: str) -> None:
    with transaction.atomic():
        say()
    machine.sequence()
    (machine.tiles / "tile/0/.000.1.new").write_text("half a tile")
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_keys_are_made_once_and_only_their_owner_reads_the_private_ones(
    machine: LogMachine, tmp_path: Path
) -> None:
    object.__setattr__(config, "keys_dir", tmp_path / "fresh")
    made = keyfiles.make_log_keys()
    assert [key.kind for key in made] == [1, 4]
    assert keyfiles.make_log_keys() == []
    assert (tmp_path / "fresh/log.key").stat().st_mode & 0o777 == 0o400
    (tmp_path / "fresh/log.vkey").unlink()
    keyfiles.make_log_keys()
    assert keyfiles.log_vkey() == made[0] == keyfiles.log_signer().verifier
