"""Checks a published log from its public bytes alone. Shares no code with ``audit``; read it in one sitting.

    python independent_log_check.py FOLDER LOG_VKEY [WITNESS_VKEY]

FOLDER holds ``checkpoint`` and ``tile/`` as they are served under ``/log/``; it may hold ``minute/DAY/TIME``,
as served there too, each with what is disclosed of that minute's entry in ``minute/DAY/TIME.disclosed`` (one
disclosure a line, SD-JWT form): then the leaves of recorded footage are checked as well. Needs the openssl
program.
Prints what it found; exit code 1 where something does not fit. Standards: RFC 6962 section 2.1; C2SP
signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import NoReturn

Verifier = tuple[str, bytes, int, bytes]


def die(sentence: str) -> NoReturn:
    print(f"FAULT: {sentence}")
    raise SystemExit(1)


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        base = pathlib.Path(folder)
        der = bytes.fromhex("302a300506032b6570032100") + public
        (base / "k").write_bytes(der)
        (base / "m").write_bytes(message)
        (base / "s").write_bytes(signature)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "k", "-rawin"]
        command += ["-in", "m", "-sigfile", "s"]
        return subprocess.run(command, cwd=base, capture_output=True).returncode == 0


def vkey(text: str) -> Verifier:
    name, hint, key = text.strip().split("+", 2)
    raw = base64.b64decode(key)
    if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != hint:
        die(f"the key of {name} is misspelled")
    return name, bytes.fromhex(hint), raw[0], raw[1:]


def signature_of(note: str, key: Verifier) -> bytes | None:
    """The signature by ``key`` on the note, or None; dies if it is there and wrong."""
    name, hint, kind, public = key
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        _, signer, encoded = line.split(" ")
        blob = base64.b64decode(encoded)
        if (signer, blob[:4]) != (name, hint):
            continue
        message, signature = text.encode(), blob[4:]
        if kind == 4:
            seconds, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        if not ed25519(public, message, signature):
            die(f"the signature by {name} is wrong")
        return blob[4:]
    return None


def path_of(level: int | str, number: int, width: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = f"tile/{level}/" + "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return path if width == 256 else f"{path}.p/{width}"


def tile(folder: pathlib.Path, level: int | str, number: int, count: int) -> bytes:
    width = min(256, count - number * 256)
    path = folder / path_of(level, number, width)
    if not path.is_file():
        die(f"{path_of(level, number, width)} is missing")
    return path.read_bytes()


def entries(folder: pathlib.Path, size: int) -> Iterator[bytes]:
    for number in range(-(-size // 256)):
        data, at, found = tile(folder, "entries", number, size), 0, 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + length]
            at, found = at + 2 + length, found + 1
        if at != len(data) or found != min(256, size - number * 256):
            die(f"entry bundle {number} is torn")


def root(hashes: list[bytes]) -> bytes:
    """Bottom-up: pairs are joined, an odd one moves up unchanged, which gives the tree of RFC 6962."""
    if not hashes:
        return hashlib.sha256().digest()
    while len(hashes) > 1:
        joined = [
            hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2], strict=False)
        ]
        hashes = joined + hashes[len(joined) * 2 :]
    return hashes[0]


def minutes(folder: pathlib.Path, digests: list[set[str]]) -> int:
    """Leaf hashes of each minute lead to the root that one entry of the log fixes; how many minutes."""
    lists = sorted(path for path in folder.glob("minute/*/*") if path.suffix != ".disclosed")
    for path in lists:
        said, fixed = {}, set()
        for line in path.with_suffix(".disclosed").read_text().split():
            _, name, value = json.loads(base64.urlsafe_b64decode(line + "=" * (-len(line) % 4)))
            said[name] = value
            fixed.add(base64.urlsafe_b64encode(hashlib.sha256(line.encode()).digest()).decode().rstrip("="))
        if not any(fixed <= entry for entry in digests):
            die(f"no entry of the log fixes what is disclosed of minute {path.parent.name} {path.name}")
        began = "".join(letter for letter in said["footage_from"][:16] if letter.isdigit())
        leaves = [bytes.fromhex(line) for line in path.read_text().split()]
        if began != path.parent.name + path.name or root(leaves).hex() != said["detail"]["root"]:
            die(f"the leaves of minute {path.parent.name} {path.name} do not lead to the root of its entry")
    return len(lists)


def main(place: str, log: str, witness: str | None = None) -> None:
    folder = pathlib.Path(place)
    note = (folder / "checkpoint").read_text()
    origin, size_line, root_line = note.split("\n")[:3]
    size = int(size_line)
    key = vkey(log)
    if origin != key[0] or signature_of(note, key) is None:
        die("the log did not sign this checkpoint")
    leaves, digests = [], []
    for index, entry in enumerate(entries(folder, size)):
        content = json.loads(entry)
        if set(content) != {"v", "_sd_alg", "_sd"} or content["_sd"] != sorted(content["_sd"]):
            die(f"entry {index} says more than its digests")
        digests.append(set(content["_sd"]))
        leaves.append(hashlib.sha256(b"\0" + entry).digest())
    if base64.b64encode(root(leaves)).decode() != root_line:
        die(f"the {size} entries do not lead to the root of the checkpoint")
    level, hashes = 0, leaves
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            if tile(folder, level, number, len(hashes)) != b"".join(hashes[number * 256 :][:256]):
                die(f"hash tile {number} of level {level} is wrong")
        hashes = [root(hashes[i : i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    print(f"{origin}: {size} entries lead to the signed root, and so do {level} levels of hash tiles.")
    if checked := minutes(folder, digests):
        print(f"The leaves of {checked} minutes of footage lead to the roots of their entries.")
    if witness:
        cosignature = signature_of(note, vkey(witness))
        if cosignature is None:
            die("the witness did not cosign this checkpoint")
        print(f"The witness saw it at {int.from_bytes(cosignature[:8], 'big')} (seconds since 1970).")


if __name__ == "__main__":
    main(*sys.argv[1:])
