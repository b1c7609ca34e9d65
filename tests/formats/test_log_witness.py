"""The witness answers as C2SP tlog-witness v1.0.0 says, and remembers before it answers."""

from __future__ import annotations

import base64
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit.cosigning import SplitView, WitnessAhead, WitnessAway, WitnessClient
from audit.merkle import Tree, leaf_hash, prove_consistency
from audit.note import COSIGNATURE, ED25519, Checkpoint, Note, SigningKey
from audit.witness.server import Answer, Witness, make_server
from audit.witness.store import Store
from tests.log_machine import PATIENCE_S

LOG = SigningKey.generate("watchlight.example/log", ED25519)
KEY = SigningKey.generate("watchlight.example/witness", COSIGNATURE)
TREE = Tree(leaf_hash(b"%d" % number) for number in range(40))
OTHER = Tree(leaf_hash(b"other %d" % number) for number in range(40))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "witness")
    yield made
    made.close()


@pytest.fixture
def witness(store: Store) -> Witness:
    return Witness(store, KEY, {LOG.name: LOG.verifier}, lambda: 1_700_000_000)


def note_of(size: int, tree: Tree = TREE, *, by: SigningKey = LOG, origin: str = LOG.name) -> Note:
    text = Checkpoint(origin, size, tree.root(size)).text()
    return Note(text, (by.sign(text),))


def ask(witness: Witness, old: int, note: Note, proof: list[bytes] | None = None) -> Answer:
    size = Checkpoint.parse(note.text).size
    if proof is None:
        proof = prove_consistency(old, size, TREE.node) if old <= size else []
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), "", str(note)]
    return witness.add_checkpoint("\n".join(lines).encode())


def test_a_growing_log_is_cosigned(witness: Witness) -> None:
    for old, size in [(0, 0), (0, 3), (3, 3), (3, 17), (17, 40)]:
        answer = ask(witness, old, note_of(size))
        assert answer.status == 200
        note = Note.parse((str(note_of(size)) + answer.body).encode())
        assert len(note.verified([LOG.verifier, KEY.verifier])) == 2
        assert note.signatures[1].cosigned_s == 1_700_000_000


def test_what_it_cosigned_is_on_disk_when_it_answers(tmp_path: Path) -> None:
    for old, size, status in [(0, 5, 200), (0, 40, 409), (5, 40, 200)]:
        store = Store(tmp_path)
        answer = ask(Witness(store, KEY, {LOG.name: LOG.verifier}, lambda: 0), old, note_of(size))
        assert answer.status == status
        store.close()


def test_another_old_size_is_answered_with_the_size_it_has(witness: Witness) -> None:
    ask(witness, 0, note_of(17))
    for old in (0, 3, 18):
        answer = ask(witness, old, note_of(40))
        assert (answer.status, answer.body, answer.kind) == (409, "17\n", "text/x.tlog.size")


def test_a_split_view_is_not_cosigned(witness: Witness) -> None:
    ask(witness, 0, note_of(17))
    assert ask(witness, 17, note_of(17, OTHER)).status == 409
    assert ask(witness, 17, note_of(40, OTHER)).status == 422
    assert ask(witness, 17, note_of(40), proof=[]).status == 422
    assert ask(witness, 17, note_of(40)).status == 200


def test_wrong_requests_are_answered_with_the_specified_status(witness: Witness) -> None:
    stranger = SigningKey.generate("stranger.example/log", ED25519)
    assert ask(witness, 0, note_of(3, by=stranger, origin=stranger.name)).status == 404
    assert ask(witness, 0, note_of(3, by=stranger)).status == 403
    forged = replace(note_of(3).signatures[0], bytes=bytes(64))
    assert ask(witness, 0, Note(note_of(3).text, (forged,))).status == 403
    assert ask(witness, 4, note_of(3)).status == 400
    assert ask(witness, 0, note_of(3), proof=[bytes(32)]).status == 422
    text = Checkpoint(LOG.name, 0, bytes(32)).text()
    assert ask(witness, 0, Note(text, (LOG.sign(text),))).status in (409, 422)
    for body in (b"", b"old 01\n\n", b"old 0\n!!\n\nx", b"old 0\n" + b"AAAA\n" * 64 + b"\n", b"\xff" * 99):
        assert witness.add_checkpoint(body).status == 400
    assert ask(witness, 0, note_of(3)).status == 200


def test_a_second_witness_on_the_same_folder_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="another witness"):
        Store(tmp_path / "witness")


@pytest.fixture
def client(witness: Witness) -> Iterator[WitnessClient]:
    with tempfile.TemporaryDirectory(prefix="wl-w-") as folder:
        server = make_server(witness, f"unix:{folder}/s")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield WitnessClient(KEY.verifier, f"unix:{folder}/s", timeout_s=PATIENCE_S)
        server.shutdown()
        thread.join()
        server.server_close()


def prove(old: int, size: int) -> list[bytes]:
    return prove_consistency(old, size, TREE.node)


def test_the_log_finds_out_what_the_witness_has_and_proves_its_way_from_there(
    client: WitnessClient, witness: Witness
) -> None:
    ask(witness, 0, note_of(5))
    assert client.cosign(note_of(17), prove).name == KEY.name
    assert client.size == 17
    assert client.cosign(note_of(40), prove).cosigned_s == 1_700_000_000


def test_the_log_learns_that_the_witness_has_seen_more_or_something_else(
    client: WitnessClient, witness: Witness
) -> None:
    ask(witness, 0, note_of(17))
    with pytest.raises(WitnessAhead) as ahead:
        client.cosign(note_of(5), prove)
    assert ahead.value.size == 17
    for size in (17, 40):
        with pytest.raises(SplitView):
            client.cosign(note_of(size, OTHER), lambda old, size: prove_consistency(old, size, OTHER.node))
    with pytest.raises(WitnessAway):
        client.cosign(note_of(40, by=SigningKey.generate(LOG.name, ED25519)), prove)


def test_a_cosignature_by_another_key_counts_for_nothing(client: WitnessClient, witness: Witness) -> None:
    client.key = SigningKey.generate(KEY.name, COSIGNATURE).verifier
    with pytest.raises(WitnessAway, match="without a good cosignature"):
        client.cosign(note_of(3), prove)


def test_over_tcp_on_loopback_it_answers_too_and_shows_its_latest_note(witness: Witness) -> None:
    import hashlib
    import http.client

    server = make_server(witness, "127.0.0.1:0")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    port = int(server.server_address[1])
    address = f"http://127.0.0.1:{port}"
    WitnessClient(KEY.verifier, address, timeout_s=PATIENCE_S).cosign(note_of(3), prove)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", f"/{hashlib.sha256(LOG.name.encode()).hexdigest()}/checkpoint")
    note = Note.parse(connection.getresponse().read())
    assert len(note.verified([LOG.verifier, KEY.verifier])) == 2
    connection.request("GET", "/elsewhere")
    assert connection.getresponse().status == 404
    connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_witness_loads_neither_django_nor_a_database_driver() -> None:
    code = "import audit.witness.__main__, sys; print({'django', 'psycopg', 'rtcc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
