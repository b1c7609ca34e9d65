"""What DESCRIBE answers: SDP (RFC 4566) for H.264 (RFC 6184, 8.2) and AAC (RFC 3640, 4)."""

from __future__ import annotations

from base64 import b64encode
from fractions import Fraction

from cameras.simulated.loop import VIDEO_HZ, Sound
from cameras.simulated.rtp import SOUND_TYPE, VIDEO_TYPE

VIDEO_TRACK, SOUND_TRACK = "trackID=0", "trackID=1"


def describe(
    *, title: str, version: int, host: str, sps: bytes, pps: bytes, frame_rate: Fraction, sound: Sound | None
) -> bytes:
    """`version` changes with every change of the media (RFC 4566, 5.2)."""
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 {host}",
        f"s={title or '-'}",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {VIDEO_TYPE}",
        f"a=rtpmap:{VIDEO_TYPE} H264/{VIDEO_HZ}",
        f"a=fmtp:{VIDEO_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};"
        f"sprop-parameter-sets={b64encode(sps).decode()},{b64encode(pps).decode()}",
        f"a=framerate:{float(frame_rate):g}",
        f"a=control:{VIDEO_TRACK}",
    ]
    if sound is not None:
        lines += [
            f"m=audio 0 RTP/AVP {SOUND_TYPE}",
            f"a=rtpmap:{SOUND_TYPE} MPEG4-GENERIC/{sound.sample_hz}/{sound.channels}",
            f"a=fmtp:{SOUND_TYPE} streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
            f"indexdeltalength=3;config={sound.config.hex().upper()}",
            f"a=control:{SOUND_TRACK}",
        ]
    return "".join(f"{line}\r\n" for line in lines).encode()
