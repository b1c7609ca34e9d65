"""Going back: what a permit opens of recorded footage, what it does not, and what the log says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from evidence.actions.close_playback import close_playback
from evidence.models import Playback, Played, Segment
from evidence.playback import account
from evidence.playback.stream import FootageStream
from evidence.vault.door import FootageDestroyed, open_footage
from policy.actions.end_grant import end_grant
from policy.denied import Denied
from policy.guard import guard
from policy.models import Permit as PermitRow
from policy.permits import NotArmed, PermitEnded
from policy.resume import resume
from policy.vocabulary import Action, Kind, ObligationKind, Purpose, Ref
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, NotFound
from tests.city import NOON, camera, city, events, incident, person, said
from tests.conftest import Committed
from tests.going_back import BEGINS, CAM, fetch, permit_of, play, read, watch
from tests.minutes import put_tombstones
from tests.recorder_source import REAL_CLIPS, Clip, read_clip
from tests.recording import Recording, clip, record, vault

__all__ = ["city", "clip", "vault"]


def test_what_the_vault_gives_back_are_the_pictures_of_the_source(
    city: Committed, vault: Path, clip: Clip
) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()

    received = fetch(play(), BEGINS, BEGINS + timedelta(minutes=3))

    assert received.pictures() == [digest for _, digest in clip.pictures]
    assert len(received.heads) == Segment.objects.count() == 3
    assert received.times == sorted(received.times)


@pytest.mark.parametrize("name", ["car-detection.mp4", "one-by-one-person-detection.mp4"])
def test_real_footage_comes_back_as_the_same_pictures(city: Committed, vault: Path, name: str) -> None:
    """Real clips, one of them with B-frames; through packets, segments, encryption and the door."""
    path = REAL_CLIPS / name
    if not path.exists():
        pytest.skip("the real clips are not beside this checkout")
    real = read_clip(path)
    record(camera(CAM), real, BEGINS)
    watch()
    playback = play()

    shown: list[str] = []
    at = playback.starts_at
    while at < playback.ends_at:
        shown += fetch(playback, at, at + timedelta(minutes=2)).pictures()
        at += timedelta(minutes=2)

    assert shown == [digest for _, digest in real.pictures]


def test_only_the_fragments_asked_for_are_handed_out(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    asked = BEGINS + timedelta(seconds=31)

    received = fetch(play(), asked, asked + timedelta(seconds=1))

    assert len(received.times) == 1
    assert 0 <= asked.timestamp() - received.times[0] < 2
    assert len(received.pictures()) == 10
    assert received.size < Segment.objects.get(starts_at__lte=asked, ends_at__gt=asked).plain_bytes / 10


def test_bytes_received_are_bytes_entered_and_the_entry_names_the_footage(
    city: Committed, vault: Path, clip: Clip
) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    playback = play()
    first = fetch(playback, BEGINS, BEGINS + timedelta(seconds=20))
    second = fetch(playback, BEGINS + timedelta(seconds=60), BEGINS + timedelta(seconds=80))

    close_playback(by=person("ana.mercer"), playback=playback.id)

    assert events() == ["view.permitted", "playback.permitted", "playback.ended"]
    entry = said()[-1]
    assert entry["bytes"] == first.size + second.size
    assert entry["exact"] is True
    spans = entry["detail"]["delivered"][0]["footage"]
    assert len(spans) == 2
    assert datetime.fromisoformat(entry["footage_from"]) - BEGINS < timedelta(seconds=2)
    assert 38 <= entry["seconds"] <= 46
    assert entry["parent"] == str(playback.entry)


def test_a_player_that_goes_away_leaves_an_upper_bound(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    playback = play()

    received = fetch(playback, BEGINS, BEGINS + timedelta(minutes=2), most=20_000)
    account.end(playback.id, "gone")

    entry = said()[-1]
    assert received.size <= entry["bytes"]
    assert entry["bytes"] < Segment.objects.order_by("starts_at").first().plain_bytes  # type: ignore[union-attr]
    assert entry["exact"] is False


@pytest.mark.dies
def test_a_process_that_dies_leaves_what_it_reserved(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    playback = play()
    stream = FootageStream(
        permit_of(playback), playback.id, camera(CAM).id, (playback.starts_at, playback.ends_at)
    )
    stream.open(BEGINS, BEGINS + timedelta(seconds=30), None)
    handed = [stream.step() for _ in range(4)]

    with clock.set_to(NOON + timedelta(minutes=1)):
        assert account.sweep() == 1

    entry = said()[-1]
    assert entry["bytes"] >= sum(len(part) for part in handed if part)
    assert entry["exact"] is False
    assert entry["seconds"] == 6, "the footage of the three fragments is named all the same"
    assert Playback.objects.open().count() == 0


@pytest.mark.dies
def test_the_file_that_is_being_written_is_read_up_to_its_last_whole_block(
    city: Committed, vault: Path, clip: Clip
) -> None:
    recording = Recording(camera(CAM), clip, BEGINS)
    recording.play(clip.units[:200])
    watch()

    received = fetch(play(), BEGINS, BEGINS + timedelta(minutes=2))

    recording.leave()
    assert Segment.objects.count() == 0
    shown = received.pictures()
    assert 20 <= len(shown) <= 200
    assert shown == [digest for _, digest in clip.pictures[: len(shown)]]


def test_history_from_before_the_grant_is_refused_with_rule_and_way_out(city: Committed, vault: Path) -> None:
    watch()

    with pytest.raises(Denied) as refused:
        play(NOON - timedelta(hours=3), NOON - timedelta(hours=2))

    assert refused.value.rule == "order-history"
    assert refused.value.way_out
    entry = said()[-1]
    assert (entry["outcome"], entry["action"]) == ("deny", "playback")


def test_without_a_grant_nothing_is_played_back(city: Committed, vault: Path) -> None:
    with pytest.raises(Denied):
        play()
    assert Playback.objects.count() == 0


def test_no_fragment_goes_out_that_begins_before_what_is_permitted(
    city: Committed, vault: Path, clip: Clip
) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    starts_at = BEGINS + timedelta(seconds=31)
    ends_at = BEGINS + timedelta(seconds=41)

    received = fetch(
        play(starts_at, ends_at), starts_at - timedelta(minutes=1), ends_at + timedelta(minutes=1)
    )

    assert received.times
    assert min(received.times) >= starts_at.timestamp()
    assert max(received.times) + 2 <= ends_at.timestamp() + 0.01


def test_when_the_grant_ends_the_next_fragment_stays(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    grant = watch()
    playback = play()
    stream = FootageStream(
        permit_of(playback), playback.id, camera(CAM).id, (playback.starts_at, playback.ends_at)
    )
    stream.open(BEGINS, BEGINS + timedelta(minutes=1), None)
    assert stream.step() is not None
    assert stream.step() is not None

    end_grant(by=person("ana.mercer"), grant=grant, why="the call is over")
    assert stream._view is not None
    stream._view._decided_s -= 2  # A second has passed; nobody sleeps for it.

    assert stream.step() is None
    assert read(stream.ended).ended
    stream.close()
    with pytest.raises(PermitEnded):
        permit_of(playback)


def test_a_permit_that_is_not_armed_opens_nothing(city: Committed, vault: Path) -> None:
    watch()
    room = account.StreamAccount(uuid4(), camera(CAM).id)
    with guard(
        Action.PLAYBACK,
        by=person("ana.mercer"),
        on=Ref(Kind.CAMERA, camera(CAM).id),
        basis=incident().basis_id,
        purpose=Purpose.EMERGENCY_CALL,
        footage=(BEGINS, NOON),
    ) as permit:
        with pytest.raises(NotArmed):
            open_footage(permit, camera(CAM).id, BEGINS, NOON, room)


@pytest.mark.parametrize("change", ["camera", "earlier", "later"])
def test_a_permit_opens_its_own_camera_and_interval_and_nothing_else(
    city: Committed, vault: Path, change: str
) -> None:
    watch(CAM, "cam02")
    playback = play()
    permit = permit_of(playback)
    which = camera("cam02" if change == "camera" else CAM).id
    starts_at = playback.starts_at - timedelta(seconds=change == "earlier")
    ends_at = playback.ends_at + timedelta(seconds=change == "later")

    with pytest.raises(PermitEnded):
        open_footage(permit, which, starts_at, ends_at, account.StreamAccount(playback.id, which))


def test_a_viewing_permit_opens_no_recording(city: Committed, vault: Path) -> None:
    watch()
    viewing = PermitRow.objects.get(action=Action.VIEW_LIVE)
    permit = resume(viewing.id, by=person("ana.mercer"))

    with pytest.raises(PermitEnded):
        open_footage(permit, camera(CAM).id, BEGINS, NOON, account.StreamAccount(uuid4(), camera(CAM).id))


@pytest.mark.parametrize(
    "kind", [ObligationKind.MASK_ON, ObligationKind.WATERMARK, ObligationKind.SECOND_PERSON]
)
def test_what_the_door_cannot_carry_out_it_refuses(
    city: Committed, vault: Path, kind: ObligationKind
) -> None:
    watch()
    permit = permit_of(play(BEGINS, NOON))
    permit.covers = tuple(replace(each, obligations=(*each.obligations, kind)) for each in permit.covers)

    with pytest.raises(PermitEnded, match=kind.replace("_", " ")):
        open_footage(permit, camera(CAM).id, BEGINS, NOON, account.StreamAccount(permit.id, camera(CAM).id))


def test_nobody_else_goes_on_under_my_session(city: Committed, vault: Path) -> None:
    watch()
    playback = play()
    with pytest.raises(NotFound):
        close_playback(by=person("theo.lindqvist"), playback=playback.id)
    with pytest.raises(PermitEnded):
        resume(playback.permit_id, by=person("theo.lindqvist"))


def test_after_its_end_a_session_reserves_nothing(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    watch()
    playback = play()
    stream = FootageStream(
        permit_of(playback), playback.id, camera(CAM).id, (playback.starts_at, playback.ends_at)
    )
    stream.open(BEGINS, BEGINS + timedelta(minutes=1), None)
    account.end(playback.id, "closed in another window")

    assert stream.step() is None
    assert read(stream.ended).ended
    assert not Played.objects.exists()


def test_a_changed_byte_is_told_and_not_shown(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    row = Segment.objects.order_by("starts_at")[0]
    path = config.store_dir / "sealed" / str(row.location)
    raw = bytearray(path.read_bytes())
    raw[-100] ^= 1
    path.write_bytes(raw)
    watch()

    received = fetch(play(), BEGINS, BEGINS + timedelta(seconds=10))

    assert not received.times
    assert "does not open" in received.ended


def test_destroyed_footage_is_answered_with_its_disposition(city: Committed, vault: Path, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    disposition = uuid4()
    put_tombstones(disposition)
    watch()

    with pytest.raises(FootageDestroyed) as gone:
        fetch(play(), BEGINS, BEGINS + timedelta(seconds=10))

    assert gone.value.disposition == disposition


def test_an_interval_that_makes_no_sense_is_no_act(city: Committed, vault: Path) -> None:
    for starts_at, ends_at in ((NOON, NOON), (NOON + timedelta(hours=1), NOON + timedelta(hours=2))):
        with pytest.raises(BadInput):
            play(starts_at, ends_at)
    assert events() == []
