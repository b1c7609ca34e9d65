"""Stored footage is Tink's AES-GCM-HKDF streaming format: PyPI `tink`, which is not ours, reads it and we
read its.
"""

from __future__ import annotations

import io
import os

import pytest
import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from evidence.vault.errors import NotPublished, Tampered
from evidence.vault.tink import (
    BLOCK_BYTES,
    FIRST_PLAIN_BYTES,
    PLAIN_BYTES,
    BlockReader,
    BlockWriter,
    plaintext_of,
    seal,
)
from tests.vault_footage import Bytes

KEY = bytes(range(32))
ASSET = b'{"id":"x"}'
EXACT = FIRST_PLAIN_BYTES + 2 * PLAIN_BYTES
LENGTHS = [0, 1, 15, 16, 17, FIRST_PLAIN_BYTES - 1, FIRST_PLAIN_BYTES, FIRST_PLAIN_BYTES + 1]
LENGTHS += [FIRST_PLAIN_BYTES + PLAIN_BYTES, EXACT - 1, EXACT, EXACT + 1, 1_000_003]


def other_program() -> streaming_aead.StreamingAead:
    """Tink's own implementation with the same key and parameters."""
    streaming_aead.register()
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0,
        key_value=KEY,
        params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
            ciphertext_segment_size=BLOCK_BYTES, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
        ),
    )
    keyset = tink_pb2.Keyset(primary_key_id=1)
    keyset.key.add(
        key_data=tink_pb2.KeyData(
            type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
            value=key.SerializeToString(),
            key_material_type=tink_pb2.KeyData.SYMMETRIC,
        ),
        status=tink_pb2.ENABLED,
        key_id=1,
        output_prefix_type=tink_pb2.RAW,
    )
    handle = proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class Sink(io.BytesIO):
    """Keeps what was written when the other program closes it."""

    kept = b""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


@pytest.mark.parametrize("length", LENGTHS)
def test_what_we_seal_the_other_program_opens(length: int) -> None:
    plaintext = os.urandom(length)
    with other_program().new_decrypting_stream(io.BytesIO(seal(KEY, ASSET, plaintext)), ASSET) as stream:
        assert stream.read() == plaintext


@pytest.mark.parametrize("length", LENGTHS)
def test_what_the_other_program_seals_we_open(length: int) -> None:
    plaintext, sink = os.urandom(length), Sink()
    with other_program().new_encrypting_stream(sink, ASSET) as stream:
        stream.write(plaintext)
    reader = BlockReader(Bytes(sink.kept), KEY, ASSET)
    assert reader.length == length
    assert reader.read(0, length) == plaintext
    assert len(sink.kept) == len(seal(KEY, ASSET, plaintext))


def test_the_other_program_refuses_another_asset() -> None:
    with pytest.raises(tink.TinkError):
        with other_program().new_decrypting_stream(
            io.BytesIO(seal(KEY, ASSET, b"street")), b"other"
        ) as stream:
            stream.read()


@pytest.mark.parametrize("step", [1, 777, 65_480, 65_520, 65_536, 400_000])
def test_pieces_of_any_size_give_the_same_stream(step: int) -> None:
    plaintext = os.urandom(3 * PLAIN_BYTES if step > 1 else FIRST_PLAIN_BYTES + 2)
    writer = BlockWriter(KEY, ASSET)
    stream = writer.header
    for start in range(0, len(plaintext), step):
        stream += writer.append(plaintext[start : start + step])
    stream += writer.finish()
    reader = BlockReader(Bytes(stream), KEY, ASSET)
    assert reader.read(0, reader.length) == plaintext
    assert len(stream) == len(seal(KEY, ASSET, plaintext))


def test_any_range_reads_the_same_bytes() -> None:
    plaintext = os.urandom(EXACT + 100)
    reader = BlockReader(Bytes(seal(KEY, ASSET, plaintext)), KEY, ASSET)
    edges = [
        0,
        1,
        FIRST_PLAIN_BYTES - 1,
        FIRST_PLAIN_BYTES,
        FIRST_PLAIN_BYTES + 1,
        EXACT - 1,
        EXACT,
        EXACT + 100,
    ]
    for start in edges:
        for end in edges:
            if start <= end:
                assert reader.read(start, end - start) == plaintext[start:end]


def test_nothing_is_read_beyond_the_end() -> None:
    reader = BlockReader(Bytes(seal(KEY, ASSET, b"street")), KEY, ASSET)
    for offset, length in ((0, 7), (6, 1), (-1, 1), (0, -1)):
        with pytest.raises(NotPublished):
            reader.read(offset, length)


def test_a_growing_file_is_read_up_to_its_published_length_and_no_further() -> None:
    plaintext = os.urandom(EXACT)
    writer = BlockWriter(KEY, ASSET)
    stream = writer.header + writer.append(plaintext)
    assert writer.sealed_length == plaintext_of(2)  # The third block is whole, but might become the last.
    reader = BlockReader.growing(Bytes(stream), KEY, ASSET, writer.sealed_length)
    assert reader.read(0, reader.length) == plaintext[: writer.sealed_length]
    with pytest.raises(NotPublished):
        reader.read(writer.sealed_length, 1)
    with pytest.raises(Tampered):
        BlockReader(
            Bytes(stream), KEY, ASSET
        )  # As a finished file it is refused: its end does not authenticate.


def test_a_growing_file_that_is_shorter_than_published_is_refused() -> None:
    writer = BlockWriter(KEY, ASSET)
    stream = writer.header + writer.append(os.urandom(EXACT))
    reader = BlockReader.growing(Bytes(stream[:-1]), KEY, ASSET, writer.sealed_length)
    with pytest.raises(Tampered):
        reader.read(writer.sealed_length - 1, 1)


def test_a_finished_stream_takes_no_more() -> None:
    writer = BlockWriter(KEY, ASSET)
    writer.finish()
    with pytest.raises(ValueError, match="finished"):
        writer.append(b"x")
    with pytest.raises(ValueError, match="finished"):
        writer.finish()
