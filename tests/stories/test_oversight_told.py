"""Who is told of what: supervisors by the board, owners of refusals, and what was cut off."""

from __future__ import annotations

import pytest

from cameras.actions.pause_camera import pause_camera
from policy.actions.end_grant import end_grant
from policy.permits import PermitEnded
from policy.resume import resume
from policy.vocabulary import Purpose
from rtcc.live.actions.open_viewing import open_viewing
from tests.city import camera, city, events, incident, person
from tests.conftest import Committed
from tests.stories.test_oversight_report import report, signed_in, watch
from tests.watching import grant_of

__all__ = ["city"]


def test_a_supervisor_sees_who_watches_now_and_stops_it(city: Committed) -> None:
    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera("cam01").id],
        purpose=Purpose.EMERGENCY_CALL,
    )
    ruth = signed_in("ruth.okafor")

    board = ruth.get("/oversight/now/")
    assert [row.person for row in board.context["rows"]] == ["Ana Mercer"]
    ruth.get("/oversight/now/", headers={"HX-Request": "true"})
    assert events().count("report.viewed") == 1
    grant = viewing.permit.grant_id
    assert ruth.post(f"/oversight/now/{grant}/stop/").status_code == 400
    assert ruth.post(f"/oversight/now/{grant}/stop/", {"why": "not needed"}).status_code == 302
    assert events()[-1] == "grant.ended"
    assert signed_in("ana.mercer").get("/oversight/now/").status_code == 403


def test_what_was_cut_off_stands_in_a_row_of_its_own(city: Committed) -> None:
    viewing, _ = open_viewing(
        by=person("ana.mercer"),
        basis=incident().basis_id,
        cameras=[camera("cam11").id],
        purpose=Purpose.EMERGENCY_CALL,
    )
    pause_camera(by=person("marcus.hale"), camera=camera("cam11").id, why="works")
    with pytest.raises(PermitEnded):
        resume(viewing.permit_id, by=person("ana.mercer"))
    end_grant(by=person("ana.mercer"), grant=grant_of(viewing), why="done")

    rows = report("miriam.adler").rows
    assert [row.outcome for row in rows] == ["deny", "permit"]


def test_a_partner_whose_camera_alone_was_refused_reads_a_refusal(city: Committed) -> None:
    watch("cam01", "cam09")

    (row,) = report("lena.fontaine").rows
    assert (row.outcome, row.cameras, row.end_entry) == ("deny", (), None)
    assert row.rules
    assert "order-live" not in row.rules
    text = signed_in("lena.fontaine").get(f"/entries/{row.entry}/").content.decode()
    assert "asked for 1 camera live on an incident, and was refused" in text
    full = signed_in("miriam.adler").get(f"/entries/{row.entry}/").content.decode()
    assert "opened 1 camera live on incident 26-118402; 1 camera more was refused" in full
