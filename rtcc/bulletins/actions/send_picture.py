"""Send a picture to officers: one link and one entry for each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from policy.guard import guard
from policy.models import Grant, Person
from policy.permits import Permit
from policy.publish import active
from policy.vocabulary import Action, Kind, Purpose, Ref
from rtcc import clock
from rtcc.bulletins.links import new_token, sha256_of
from rtcc.bulletins.making import MARGIN
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.recipients import Recipient, chosen
from rtcc.bulletins.words import Shape
from rtcc.errors import BadInput, NotFound
from rtcc.ids import uuid7

LONGEST_CLIP = timedelta(seconds=30)
SHORTEST_CLIP = timedelta(seconds=10)
# What a still is said to show: the second that it ends.
STILL = timedelta(seconds=1)


@dataclass(frozen=True)
class Sent:
    """One bulletin and the only time that its token is known."""

    bulletin: Bulletin
    token: str
    permit: Permit


@dataclass(frozen=True)
class Picture:
    """What is to be sent. ``seconds``: the length of a clip, which ends at the instant ``at``."""

    shape: Shape
    camera: UUID
    seconds: int = 0


def send_picture(
    *,
    by: Person,
    grant: UUID,
    picture: Picture,
    to: Collection[UUID],
    all_units: bool = False,
    at_s: float = 0.0,
) -> list[Sent]:
    """Under one's own grant, to the officers named or to all units on its incident. ``at_s``: Unix seconds of
    the footage; 0 is now.

    Raises NotFound, BadInput, Denied. What is sent is made afterwards (`rtcc.bulletins.making`).
    """
    held = Grant.objects.of_person(by.id).select_related("basis").filter(id=grant).first()
    if held is None:
        raise NotFound()
    people = chosen(held.basis, to, all_units=all_units)
    span = _span(picture, at_s)
    sending = uuid7()
    return [_send(by, held, picture, each, span, sending) for each in people]


def _span(picture: Picture, at_s: float) -> tuple[float, float]:
    """The footage meant, in Unix seconds."""
    now_s = clock.now().timestamp()
    at_s = min(at_s or now_s, now_s)
    if picture.shape is Shape.LIVE:
        return now_s, now_s
    if picture.shape is Shape.STILL:
        return at_s - STILL.total_seconds(), at_s
    length = timedelta(seconds=picture.seconds)
    if not SHORTEST_CLIP <= length <= LONGEST_CLIP:
        raise BadInput("A clip is 10 to 30 seconds long.", field="seconds")
    return at_s - picture.seconds, at_s


def _send(
    by: Person, grant: Grant, picture: Picture, to: Recipient, span: tuple[float, float], sending: UUID
) -> Sent:
    starts_at, ends_at = (datetime.fromtimestamp(each, UTC) for each in span)
    if picture.shape is Shape.LIVE:
        ends_at = max(grant.ends_at, starts_at + STILL)
    token = new_token()
    with guard(
        Action.SEND_PICTURE,
        by=by,
        on=Ref(Kind.CAMERA, picture.camera),
        basis=grant.basis_id,
        purpose=Purpose(grant.purpose),
        footage=(max(starts_at - MARGIN, min(grant.history_from, starts_at)), ends_at + MARGIN),
        reason=grant.reason,
        fields={"recipient": f"{to.person.id} {to.person.display_name}"},
    ) as permit:
        now = clock.now()
        longest = now + active().parameters.duration("picture_open", now)
        # The permit's row follows at the end of the act; the reference is checked at the commit.
        bulletin = Bulletin.objects.create(
            sending=sending, shape=picture.shape, sender=by, recipient=to.person, basis=grant.basis,
            permit_id=permit.id, camera=picture.camera, starts_at=starts_at, ends_at=ends_at,
            token_sha256=sha256_of(token), sent_at=now, expires_at=min(permit.expires_at, longest),
            entry=permit.entry_id,
        )  # fmt: skip
        permit.enter(detail={"bulletin": str(bulletin.id), "shape": picture.shape, "unit": to.unit})
    return Sent(bulletin, token, permit)
