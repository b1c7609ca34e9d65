"""Signed notes, checkpoints and cosignatures, held against the specifications' examples and OpenSSL."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from audit.note import (
    COSIGNATURE,
    ED25519,
    BadNote,
    BadSignature,
    Checkpoint,
    Note,
    SigningKey,
    VerifierKey,
    cosigned_message,
    open_checkpoint,
)

# The example of C2SP signed-note v1.0.0, "Verifier keys".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1"
    "Yu72IneyaQM=\n"
).encode()
# The example of C2SP tlog-cosignature v1.0.1.
EXAMPLE_CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9"
    "nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1"
    "nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()

LOG = SigningKey.generate("watchlight.example/log", ED25519)
WITNESS = SigningKey.generate("watchlight.example/witness", COSIGNATURE)
CHECKPOINT = Checkpoint("watchlight.example/log", 7, bytes(range(32)))


def signed() -> Note:
    return Note(CHECKPOINT.text(), (LOG.sign(CHECKPOINT.text()),))


def test_the_specification_example_verifies_and_a_changed_letter_does_not() -> None:
    key = VerifierKey.parse(EXAMPLE_KEY)
    assert str(key) == EXAMPLE_KEY
    note = Note.parse(EXAMPLE_NOTE)
    assert note.text == "This is an example message.\n"
    assert [signature.name for signature in note.verified([key])] == ["example.com/foo"]
    with pytest.raises(BadSignature):
        Note.parse(EXAMPLE_NOTE.replace(b"This", b"Thus")).verified([key])


def test_the_example_checkpoint_is_read_and_its_cosignature_carries_its_time() -> None:
    note = Note.parse(EXAMPLE_CHECKPOINT)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(note).encode() == EXAMPLE_CHECKPOINT
    assert note.signatures[1].cosigned_s == 1679315147
    assert cosigned_message(note.text, 1679315147).startswith(
        b"cosignature/v1\ntime 1679315147\nexample.com/"
    )


def test_a_note_carries_the_signatures_of_log_and_witness() -> None:
    note = signed().with_signatures([WITNESS.cosign(CHECKPOINT.text(), 1_700_000_000)])
    again = Note.parse(str(note).encode())
    assert again == note
    assert len(again.verified([LOG.verifier, WITNESS.verifier])) == 2
    assert open_checkpoint(str(note).encode(), LOG.verifier)[0] == CHECKPOINT


def test_a_cosignature_does_not_verify_at_another_time() -> None:
    cosignature = WITNESS.cosign(CHECKPOINT.text(), 1_700_000_000)
    later = (1_700_000_001).to_bytes(8, "big") + cosignature.bytes[8:]
    assert WITNESS.verifier.verifies(CHECKPOINT.text(), cosignature.bytes)
    assert not WITNESS.verifier.verifies(CHECKPOINT.text(), later)


def test_unknown_keys_are_ignored_and_a_known_key_that_fails_rejects_the_whole_note() -> None:
    stranger = SigningKey.generate("stranger.example/log", ED25519)
    note = signed().with_signatures([stranger.sign(CHECKPOINT.text())])
    assert len(note.verified([LOG.verifier])) == 1
    with pytest.raises(BadSignature):
        note.verified([SigningKey.generate("nobody.example", ED25519).verifier])
    forged = note.with_signatures([type(note.signatures[0])(stranger.name, stranger.verifier.id, bytes(64))])
    with pytest.raises(BadSignature):
        forged.verified([LOG.verifier, stranger.verifier])


def test_a_checkpoint_of_another_log_is_not_ours() -> None:
    other = Checkpoint("elsewhere.example/log", 7, bytes(32)).text()
    with pytest.raises(BadNote):
        open_checkpoint(str(Note(other, (LOG.sign(other),))).encode(), LOG.verifier)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text without signatures\n",
        b"text\n\n",
        b"text\n\n- name AAAAAAAA\n",
        "text\n\n— name AAAAAAAA".encode(),
        "text\n\n— na me AAAAAAAA\n".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name ????\n".encode(),
        "te\txt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\xfe\n\n",
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(BadNote):
        Note.parse(data)


@pytest.mark.parametrize(
    "text", ["a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\n" + "A" * 43 + "=\n", "a\n1\n", "\n1\n\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


def test_keys_survive_being_written_down_and_never_print_themselves() -> None:
    for key in (LOG, WITNESS):
        assert SigningKey.parse(key.secret_text()) == key
        assert VerifierKey.parse(str(key.verifier)) == key.verifier
        assert base64.b64encode(key.seed).decode()[:20] not in repr(key)
    with pytest.raises(BadNote):
        VerifierKey.parse(str(LOG.verifier).replace("/log+", "/log2+"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl on the path")
def test_openssl_verifies_our_signature(tmp_path: Path) -> None:
    spki = bytes.fromhex("302a300506032b6570032100") + LOG.verifier.public
    (tmp_path / "key.pem").write_text(
        f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(spki).decode()}\n-----END PUBLIC KEY-----\n"
    )
    (tmp_path / "text").write_text(CHECKPOINT.text())
    (tmp_path / "signature").write_bytes(signed().signatures[0].bytes)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    command += ["-in", "text", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout
    (tmp_path / "text").write_text(CHECKPOINT.text().replace("7", "8", 1))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
