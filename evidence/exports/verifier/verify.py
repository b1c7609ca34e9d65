#!/usr/bin/env python3
"""Check a Watchlight export: python3 verify.py <zip file or folder> [--log-key VKEY]

Needs Python 3.9 or newer and nothing else: no network, no other package, no file besides the export. It
shares no code with the system that made the export.
Exit code 0: everything checks; 1: something does not; 2: usage.

Without --log-key it is checked that the package is whole under the key that it brought along: somebody who
forges all of a package brings a key of their own. The agency publishes the log's key.

What is checked: each file against the list (BagIt); the manifest against the entry of the log that states its
hash; each second of footage against the seal of its minute; each minute's entry against the signed log.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
import sys
import zipfile
from typing import IO, Any, Callable, Dict, List, Optional, Protocol, Tuple

AT_ONCE = 1 << 20
MEDIA = "data/media/"
TRUST = "data/trust.txt"
NOT_COMPARED = (
    "NOT COMPARED: the log's key came with the package, and a forger would bring a key of their own.\n"
    "Compare the key above with the one that the agency publishes, or run this again with --log-key."
)
Point = Tuple[int, int, int, int]
# Of each minute: the root that its entry states, the entry's place in the log, and its time.
Minutes = Dict[str, Tuple[bytes, int, str]]


class Wrong(Exception):
    """A check failed; the message says which and why."""


# -- Ed25519 (RFC 8032, section 5.1) --

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
BASE_Y = 4 * pow(5, P - 2, P) % P


def add(a: Point, b: Point) -> Point:
    """Sum of two points in extended coordinates."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    o, p = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, p - o, p + o, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(times: int, point: Point) -> Point:
    found = (0, 1, 1, 0)
    while times:
        if times & 1:
            found = add(found, point)
        point, times = add(point, point), times >> 1
    return found


def recover(y: int, odd: int) -> Optional[int]:
    """The x of a point with this y, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    return P - x if x & 1 != odd else x


def decode(data: bytes) -> Optional[Point]:
    y = int.from_bytes(data, "little")
    odd, y = y >> 255, y & (1 << 255) - 1
    x = recover(y, odd)
    return None if x is None else (x, y, 1, x * y % P)


BASE_X = recover(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64-byte signature is this 32-byte key's on the message."""
    key, commitment = decode(public), decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= Q or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, BASE), add(commitment, multiply(h, key))
    return not (
        (left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P
    )


# -- the log: signed notes, checkpoints, receipts (C2SP), RFC 9162 inclusion --


def unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("something that should be base64 is not") from None


class Key:
    """A verifier key: name+hex(id)+base64(type || public key)."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.name, _, rest = self.text.partition("+")
        hexed, _, encoded = rest.partition("+")
        material = unb64(encoded)
        if len(material) != 33 or material[0] not in (1, 4):
            raise Wrong("a key of the trust list is not an Ed25519 key")
        self.kind, self.public = material[0], material[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + material).digest()[:4]
        if self.id.hex() != hexed:
            raise Wrong("a key of the trust list does not fit its own id")

    def signed(self, text: str, blob: bytes) -> bool:
        if self.kind == 1:
            return ed25519_verifies(self.public, text.encode(), blob)
        if len(blob) != 72:
            return False
        time_s = int.from_bytes(blob[:8], "big")
        return ed25519_verifies(self.public, f"cosignature/v1\ntime {time_s}\n{text}".encode(), blob[8:])


class Trust:
    """Who has to have signed: the log, and every witness of the list."""

    def __init__(self, text: str) -> None:
        log: Optional[Key] = None
        self.witnesses: List[Key] = []
        for line in text.splitlines():
            words = line.split()
            if words[:1] == ["log"]:
                log = Key(words[1])
            elif words[:1] == ["witness"]:
                self.witnesses.append(Key(words[2]))
        if log is None:
            raise Wrong("the trust list names no log")
        self.log = log
        self._checked: Dict[str, Tuple[int, bytes]] = {}

    def checkpoint(self, note: str) -> Tuple[int, bytes]:
        """(size, root) of a signed checkpoint; raises Wrong."""
        if note not in self._checked:
            self._checked[note] = self._check(note)
        return self._checked[note]

    def _check(self, note: str) -> Tuple[int, bytes]:
        text, gap, tail = note.rpartition("\n\n")
        if not gap or not tail.endswith("\n"):
            raise Wrong("a receipt holds no signed checkpoint")
        text += "\n"
        signatures = []
        for line in tail[:-1].split("\n"):
            if not line.startswith("\u2014 "):
                raise Wrong("a signature line of a checkpoint cannot be read")
            name, _, encoded = line[2:].partition(" ")
            signatures.append((name, unb64(encoded)))
        for key in [self.log, *self.witnesses]:
            mine = [blob[4:] for name, blob in signatures if (name, blob[:4]) == (key.name, key.id)]
            if not mine:
                raise Wrong(f"{key.name} did not sign the checkpoint")
            if not all(key.signed(text, blob) for blob in mine):
                raise Wrong(f"the signature of {key.name} on the checkpoint is not right")
        lines = text.split("\n")
        if len(lines) < 4 or lines[0] != self.log.name or not lines[1].isdigit():
            raise Wrong("the checkpoint is not this log's")
        return int(lines[1]), unb64(lines[2])


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_from(index: int, count: int, leaf: bytes, path: List[bytes]) -> bytes:
    """The root that a path leads to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < count:
        raise Wrong("a proof names a place that is not in its tree")
    number, last, found = index, count - 1, leaf
    for node in path:
        if last == 0:
            raise Wrong("a proof is too long")
        if number & 1 or number == last:
            found = sha(b"\x01" + node + found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = sha(b"\x01" + found + node)
        number, last = number >> 1, last >> 1
    if last:
        raise Wrong("a proof is too short")
    return found


def check_receipt(text: str, body: bytes, trust: Trust) -> int:
    """The leaf's index, if the receipt proves that these bytes are an entry of the log; raises Wrong."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 2 or not lines[1].startswith("index "):
        raise Wrong("a receipt cannot be read")
    try:
        index = int(lines[1][6:])
    except ValueError:
        raise Wrong("a receipt cannot be read") from None
    size, root = trust.checkpoint(note)
    if root_from(index, size, sha(b"\x00" + body), [unb64(line) for line in lines[2:]]) != root:
        raise Wrong("an entry is not in the log at the place that its receipt says")
    return index


def read_entry(said: Any, receipt: str, trust: Trust) -> Tuple[Dict[str, Any], int]:
    """The disclosed fields of an entry and its index; each disclosure has to be one that the entry fixes."""
    body = said["body"].encode()
    index = check_receipt(receipt, body, trust)
    fixed = set(json.loads(body)["_sd"])
    fields = {}
    for disclosure in said["disclosures"].values():
        digest = base64.urlsafe_b64encode(sha(disclosure.encode())).rstrip(b"=").decode()
        if digest not in fixed:
            raise Wrong("something that is said about an entry of the log is not what the entry fixes")
        _, name, value = json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))
        fields[name] = value
    return fields, index


# -- the package --


class Place(Protocol):
    """A package that can be read: its file names, and each file's bytes."""

    def names(self) -> List[str]:
        """Of all files, below the root."""

    def open(self, name: str) -> IO[bytes]:
        """One file."""


class Folder:
    """An unpacked package."""

    def __init__(self, path: str) -> None:
        below = [name for name in os.listdir(path) if os.path.exists(os.path.join(path, name, "bagit.txt"))]
        if os.path.exists(os.path.join(path, "bagit.txt")):
            self.root = path
        elif len(below) == 1:
            self.root = os.path.join(path, below[0])
        else:
            raise Wrong("this folder holds no export (no bagit.txt)")

    def names(self) -> List[str]:
        found = []
        for folder, _, files in os.walk(self.root):
            found += [
                os.path.relpath(os.path.join(folder, name), self.root).replace(os.sep, "/") for name in files
            ]
        return found

    def open(self, name: str) -> IO[bytes]:
        return open(os.path.join(self.root, *name.split("/")), "rb")


class Zip:
    """A package as it was delivered."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        roots = {name.split("/")[0] for name in self.zip.namelist()}
        if len(roots) != 1:
            raise Wrong("this zip file holds no export, or more than one")
        self.root = roots.pop() + "/"
        names = self.zip.namelist()
        if len(names) != len(set(names)):
            raise Wrong("the zip file holds two files of one name")

    def names(self) -> List[str]:
        return [name[len(self.root) :] for name in self.zip.namelist() if not name.endswith("/")]

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(self.root + name)


def hash_of(place: Place, name: str) -> str:
    found = hashlib.sha256()
    with place.open(name) as file:
        while True:
            chunk = file.read(AT_ONCE)
            if not chunk:
                return found.hexdigest()
            found.update(chunk)


def text_of(place: Place, name: str) -> str:
    with place.open(name) as file:
        return file.read().decode()


def json_of(place: Place, name: str) -> Any:
    return json.loads(text_of(place, name))


def listed(place: Place, name: str) -> Dict[str, str]:
    found = {}
    for line in text_of(place, name).splitlines():
        digest, _, path = line.partition("  ")
        found[path] = digest
    return found


def check_files(place: Place) -> int:
    """Every file is one of the lists, as listed, and nothing else is there."""
    payload, tags = listed(place, "manifest-sha256.txt"), listed(place, "tagmanifest-sha256.txt")
    lists = {**payload, **tags}
    there = set(place.names()) - {"tagmanifest-sha256.txt"}
    for name in sorted(set(lists) - there):
        raise Wrong(f"{name} is listed and is not there")
    for name in sorted(there - set(lists)):
        raise Wrong(f"{name} is there and is not listed")
    # Media are read once, together with their proofs.
    for name, digest in sorted(lists.items()):
        if not name.startswith(MEDIA) and hash_of(place, name) != digest:
            raise Wrong(f"{name} was changed: it does not have the hash that is listed")
    return len(lists)


def check_manifest(place: Place, trust: Trust) -> Tuple[Any, Dict[str, Any], int]:
    """The manifest is the one whose hash the log holds; it names every file of the payload."""
    said = json_of(place, "log/manifest.json")
    fields, index = read_entry(said, text_of(place, "log/manifest.tlog-proof"), trust)
    if (fields.get("detail") or {}).get("manifest_sha256") != hash_of(place, "data/manifest.json"):
        raise Wrong("data/manifest.json is not the manifest whose hash stands in the log")
    manifest = json_of(place, "data/manifest.json")
    payload = listed(place, "manifest-sha256.txt")
    payload.pop("data/manifest.json", None)
    if manifest["files"] != payload:
        raise Wrong("the files of the package are not those that the manifest names")
    media = {each["file"] for each in manifest["media"]}
    for name in payload:
        if name.startswith(MEDIA) != (name in media):
            raise Wrong(f"{name} is not a media file of the manifest")
    return manifest, fields, index


def check_minutes(place: Place, trust: Trust) -> Minutes:
    """Each minute's entry is in the log; returns its stated root and its place."""
    found = {}
    for minute, said in json_of(place, "data/proofs/minutes.json").items():
        receipt = text_of(place, said["receipt"])
        fields, index = read_entry(said, receipt, trust)
        if fields.get("event") != "footage.sealed":
            raise Wrong(f"the entry of {minute} is not one that seals footage")
        found[minute] = (bytes.fromhex(fields["detail"]["root"]), index, fields["time"])
    return found


def check_media(place: Place, media: Any, minutes: Minutes, progress: Callable[[int], None]) -> int:
    """Each fragment of one media file against its seal; each seal against its minute. Returns fragments."""
    proofs = json_of(place, media["proofs"])
    digest, count, previous = hashlib.sha256(), 0, None
    with place.open(media["file"]) as file:
        at = 0
        for said, segment in zip(proofs["segments"], media["segments"]):  # noqa: B905  Python 3.9 has no strict
            seal = json.loads(said["seal"])
            check_seal(said, segment, seal, media, minutes)
            if (
                previous is not None
                and seal["asset"]["lease_epoch"] == previous[1]
                and seal["previous"] != previous[0]
            ):
                raise Wrong(f"{media['file']}: a segment was left out before {segment['from']}")
            previous = (sha(said["seal"].encode()).hex(), seal["asset"]["lease_epoch"])
            for fragment in said["fragments"]:
                between = file.read(fragment["offset"] - at)
                digest.update(between)
                if at and between:
                    raise Wrong(f"{media['file']}: bytes stand between the fragments")
                entry = hashlib.sha256(bytes.fromhex(fragment["salt"]))
                left = fragment["length"]
                while left:
                    chunk = file.read(min(AT_ONCE, left))
                    if not chunk:
                        raise Wrong(f"{media['file']} is cut short")
                    left -= len(chunk)
                    entry.update(chunk)
                    digest.update(chunk)
                    progress(len(chunk))
                at = fragment["offset"] + fragment["length"]
                path = [bytes.fromhex(node) for node in fragment["path"]]
                leaf = sha(b"\x00" + entry.digest())
                if root_from(fragment["number"], said["count"], leaf, path).hex() != seal["merkle_root"]:
                    raise Wrong(f"{media['file']}: footage of about {segment['from']} is not what was sealed")
                count += 1
        while True:
            chunk = file.read(AT_ONCE)
            if not chunk:
                break
            digest.update(chunk)
    if len(proofs["segments"]) != len(media["segments"]):
        raise Wrong(f"{media['file']}: the proofs are not those of its segments")
    if digest.hexdigest() != media["sha256"]:
        raise Wrong(f"{media['file']} does not have the hash that the manifest says")
    return count


def check_seal(said: Any, segment: Any, seal: Any, media: Any, minutes: Minutes) -> None:
    """The seal is the one of the minute's list, and the manifest says of it what it says itself."""
    where = f"{media['file']}, {segment['from']}"
    line = json.loads(said["leaf"])
    if sha(said["seal"].encode()).hex() != line["seal"] or line["seal"] != segment["seal_sha256"]:
        raise Wrong(f"{where}: the seal is not the one that was entered")
    if said["minute"] not in minutes:
        raise Wrong(f"{where}: its minute has no entry")
    root = minutes[said["minute"]][0]
    path = [bytes.fromhex(node) for node in said["minute_path"]]
    if (
        root_from(said["minute_index"], said["minute_count"], sha(b"\x00" + said["leaf"].encode()), path)
        != root
    ):
        raise Wrong(f"{where}: its seal is not in the minute that the log entered")
    same = (
        (line["camera"], media["camera"]),
        (seal["asset"]["source"], media["camera"]),
        (seal["asset"]["id"], segment["asset"]),
        (seal["asset"]["starts_at"], segment["segment_from"]),
        (seal["ends_at"], segment["segment_to"]),
        (seal["ciphertext_sha256"], segment["ciphertext_sha256"]),
        (said["count"], seal["fragments"]),
    )
    if any(one != other for one, other in same):
        raise Wrong(f"{where}: the manifest says something else than the seal")
    numbers = [fragment["number"] for fragment in said["fragments"]]
    if numbers != list(range(segment["first_fragment"], segment["last_fragment"] + 1)):
        raise Wrong(f"{where}: fragments are missing")


def given_key(text: str) -> Key:
    """The key that somebody typed; raises Wrong."""
    try:
        return Key(text)
    except (Wrong, ValueError, IndexError):
        raise Wrong("the key that you gave is not a log's key: name+hex+base64, copied whole") from None


def check(place: Place, log_key: Optional[str], say: Callable[[str], None]) -> None:
    """All checks, each said in words; raises Wrong at the first that fails."""
    trust = Trust(text_of(place, TRUST))
    if log_key and given_key(log_key).text != trust.log.text:
        raise Wrong(f"{TRUST}: the log's key in this package is not the key that you gave")
    say(f"{check_files(place)} files: each is as listed, none is missing, none was put in.")
    manifest, fields, entered = check_manifest(place, trust)
    say(f"The manifest is the one whose hash was entered in the log at {fields['time']} (leaf {entered}).")
    say(f"The log signed, and so did {len(trust.witnesses)} witness(es) that watch that it only grows.")
    minutes = check_minutes(place, trust)
    say(f"{len(minutes)} minute entries: each is in the log.")
    asked = json_of(place, "data/proofs/asked.json")
    _, leaf = read_entry(asked, text_of(place, asked["receipt"]), trust)
    late = [minute for minute, (_, index, _) in minutes.items() if index > leaf]
    if late:
        raise Wrong(f"the footage of {late[0]} was sealed after this export had been asked for")
    say(f"All of it was sealed in the log before this export was asked for (leaf {leaf}).")
    total = sum(media["bytes"] for media in manifest["media"])
    done = [0]

    def progress(count: int) -> None:
        done[0] += count
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done[0] * 100 // max(1, total)} % of the footage")

    for media in manifest["media"]:
        count = check_media(place, media, minutes, progress)
        say(f"{media['file']}: {count} fragments, {media['from']} to {media['to']}, are as they were sealed.")
    for gap in manifest["gaps"]:
        say(f"Note: {gap['name']} has no footage from {gap['from']} to {gap['to']}: {gap['sentence']}.")
    say("Not checked by any mathematics: that the camera saw what happened, and that its clock was right.")
    if log_key:
        say("The log's key is the one that you gave:\n   " + trust.log.text)
    else:
        say("The log's key that came with the package:\n   " + trust.log.text)


def main(arguments: List[str]) -> int:
    log_key = None
    if "--log-key" in arguments:
        at = arguments.index("--log-key")
        log_key = "".join(arguments[at + 1 : at + 2]).strip()
        arguments = arguments[:at] + arguments[at + 2 :]
    if len(arguments) != 1 or log_key == "":
        print(__doc__)
        return 2
    try:
        place = Folder(arguments[0]) if os.path.isdir(arguments[0]) else Zip(arguments[0])
        check(place, log_key, lambda words: print("OK    " + words))
    except Wrong as wrong:
        print(f"WRONG {wrong}.\nThis package DOES NOT VERIFY. Do not rely on it.")
        return 1
    except (
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        OSError,
        struct.error,
        zipfile.BadZipFile,
        RecursionError,
    ) as error:
        print(
            f"WRONG the package cannot be read ({type(error).__name__}: {error}).\n"
            "This package DOES NOT VERIFY."
        )
        return 1
    print("This package verifies." if log_key else f"This package verifies.\n{NOT_COMPARED}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
