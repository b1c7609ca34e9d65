"""What is burned into a picture: for whom, by whom, when, and on which incident."""

from __future__ import annotations

from rtcc.bulletins.models import Bulletin
from rtcc.live.drawn import MarkWords


def mark_of(bulletin: Bulletin, camera: str) -> MarkWords:
    """The mark of one person's copy. The recipient's name lies across it: a picture that is passed on says
    whose it was.
    """
    number = bulletin.basis.number or "number follows"
    to, by = bulletin.recipient.display_name, bulletin.sender.display_name
    return MarkWords(
        (f"{number} · {camera}", f"{{time}} · for {to}, from {by}"),
        f"{to} {number}",
    )
