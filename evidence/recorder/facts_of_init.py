"""What an init segment says of its stream: for segments that are finished after a crash."""

from __future__ import annotations

import struct

from evidence.recorder.fragments import CodecFacts
from evidence.recorder.states import ProtocolError


def facts_of_init(init: bytes) -> CodecFacts:
    """Codec, width and height of ftyp+moov that our own writer made (ISO/IEC 14496-12 8.5.2, 14496-15 5.3.3).

    Raises ProtocolError when there is no H.264 sample entry.
    """
    entry, record = init.find(b"avc1\0\0\0\0\0\0"), init.find(b"avcC")
    if entry < 0 or record < 0 or record + 8 > len(init):
        raise ProtocolError("the init segment holds no H.264 stream")
    width, height = struct.unpack_from(">HH", init, entry + 4 + 24)
    profile, compatibility, level = init[record + 5 : record + 8]
    codec = f"avc1.{profile:02x}{compatibility:02x}{level:02x}"
    return CodecFacts(codec, width, height, profile, level)
