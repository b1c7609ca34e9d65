"""Whatever bytes come in, the log's parsers answer with their own errors and nothing else."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from audit.disclosures import EMPTY, Row, pack, unpack
from audit.encoding import BadEntry, canonical, disclose, entry_body, read_body
from audit.note import BadNote, Checkpoint, Note, Signature, SigningKey, VerifierKey
from audit.tiles import BadTile, is_tile_path, pack_bundle, unpack_bundle
from audit.vocabulary import FIELDS_V1
from audit.witness.server import Request

LINES = st.lists(
    st.one_of(
        st.text(max_size=40), st.sampled_from(["", "old 3", "— a AAAAAAAA", "a.example/log", "7", "AAAA"])
    ),
    max_size=12,
).map("\n".join)
BYTES = st.one_of(st.binary(max_size=300), LINES.map(lambda text: text.encode("utf-8", "surrogatepass")))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(BYTES)
def test_notes_and_requests(data: bytes) -> None:
    with suppress(BadNote):
        assert Note.parse(str(Note.parse(data)).encode()) == Note.parse(data)
    with suppress(BadNote):
        Request.parse(data)


@given(st.text(max_size=80))
def test_lines_of_notes_and_paths(text: str) -> None:
    for parse in (Checkpoint.parse, Signature.parse, VerifierKey.parse, SigningKey.parse):
        with suppress(BadNote):
            parse(text)
    is_tile_path(text)


@given(BYTES)
def test_bundles_and_entries(data: bytes) -> None:
    with suppress(BadTile):
        assert pack_bundle(unpack_bundle(data)) == data
    with suppress(BadEntry):
        read_body(data)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS_V1)), VALUES, max_size=8))
def test_what_is_disclosed_is_what_was_said(fields: dict[str, object]) -> None:
    disclosed = disclose(fields)
    body = read_body(entry_body(disclosed))
    again = unpack(pack(disclosed))
    assert sorted(field.digest() for field in again) == list(body.digests)
    assert {field.name: field.value for field in again} == {
        name: canonical(fields.get(name)) for name in FIELDS_V1
    }


@given(st.binary(max_size=64), st.text(max_size=40))
def test_a_torn_row_of_empty_fields(salt: bytes, value: str) -> None:
    with suppress(BadEntry):
        unpack([Row(EMPTY, salt, value)])
