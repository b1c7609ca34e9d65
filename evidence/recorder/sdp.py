"""What a camera offers: the parts of SDP (RFC 8866) and of H.264/H.265 fmtp (RFC 6184, 7798) we use."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from evidence.recorder.states import GapReason, ProtocolError

MAX_LINES = 512
MAX_LINE = 8192
MAX_MEDIA = 32
MAX_PARAMETER_SETS = 32

_MEDIA = re.compile(r"([a-z]{1,32}) ([0-9]{1,5})(?:/[0-9]{1,5})? ([!-~]{1,64}) ([0-9]{1,3})(?: .*)?")
_RTPMAP = re.compile(r"([0-9]{1,3})\s+([A-Za-z0-9._\-]{1,64})/([0-9]{1,9})(?:/.*)?")
_FMTP = re.compile(r"([0-9]{1,3})\s+(.*)")


@dataclass(slots=True)
class Media:
    """One m= section. `encoding` is upper case; `payload_type` is the first one offered."""

    kind: str
    payload_type: int
    encoding: str = ""
    clock_rate: int = 0
    control: str = ""
    frames_per_second: float | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    def parameter_sets(self) -> list[bytes]:
        """NAL units named in the SDP (H.264 sprop-parameter-sets; H.265 sprop-vps, -sps, -pps).

        Unreadable base64 is left out: cameras that write it wrongly repeat the sets in the stream.
        """
        names = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")
        texts = [text for name in names for text in self.parameters.get(name, "").split(",") if text]
        nals = []
        for text in texts[:MAX_PARAMETER_SETS]:
            try:
                nals.append(base64.b64decode(text.strip(), validate=True))
            except ValueError:
                continue
        return [nal for nal in nals if nal]

    def packetization_mode(self) -> int:
        """RFC 6184, 8.1; absent means 0. Raises ProtocolError for interleaved mode (2)."""
        text = self.parameters.get("packetization-mode", "0")
        if text not in ("0", "1"):
            detail = f"the camera's packetization-mode {text[:8]!r} is not supported"
            raise ProtocolError(detail, GapReason.CODEC_NOT_SUPPORTED)
        return int(text)


@dataclass(slots=True)
class Description:
    """A parsed session: its own control attribute (empty when absent) and its media in order."""

    control: str = ""
    media: list[Media] = field(default_factory=list)


def parse(body: bytes) -> Description:
    """Parses an SDP body. Raises ProtocolError; unknown lines are left aside."""
    lines = body.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE:
        raise ProtocolError("the camera's description is too long")
    description = Description()
    for line in lines:
        kind, _, value = line.partition("=")
        value = value.strip()
        if kind == "m":
            description.media.append(_parse_media(value))
            if len(description.media) > MAX_MEDIA:
                raise ProtocolError("the camera describes too many media")
        elif kind == "a" and description.media:
            _media_attribute(description.media[-1], value)
        elif kind == "a" and value.startswith("control:"):
            description.control = value.removeprefix("control:").strip()
    return description


def _parse_media(value: str) -> Media:
    match = _MEDIA.fullmatch(value)
    if match is None:
        raise ProtocolError("the camera's description holds a media line that can't be read")
    return Media(kind=match[1], payload_type=int(match[4]))


def _media_attribute(media: Media, value: str) -> None:
    name, _, rest = value.partition(":")
    if name == "control":
        media.control = rest.strip()
    elif name == "rtpmap" and (match := _RTPMAP.fullmatch(rest)) and int(match[1]) == media.payload_type:
        media.encoding = match[2].upper()
        media.clock_rate = int(match[3])
    elif name == "fmtp" and (match := _FMTP.fullmatch(rest)) and int(match[1]) == media.payload_type:
        for part in match[2].split(";"):
            key, _, text = part.strip().partition("=")
            media.parameters.setdefault(key.lower(), text)
    elif name == "framerate" and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", rest):
        media.frames_per_second = float(rest) or None


def choose_video(description: Description, supported: frozenset[str]) -> Media:
    """The first video that can be kept. Raises ProtocolError(NO_VIDEO or CODEC_NOT_SUPPORTED).

    Only this one is asked for: sound is never set up, so that none reaches the vault.
    """
    videos = [media for media in description.media if media.kind == "video"]
    if not videos:
        raise ProtocolError("the camera offers no video", GapReason.NO_VIDEO)
    for media in videos:
        if media.encoding in supported and media.clock_rate == 90_000:
            return media
    offered = ", ".join(sorted({media.encoding or "an unnamed codec" for media in videos}))
    detail = f"the camera offers {offered}, which can't be kept yet"
    raise ProtocolError(detail, GapReason.CODEC_NOT_SUPPORTED)
