"""The printed matrix is that of the starter version."""

from __future__ import annotations

from policy.management.commands.policy_matrix import MATRIX
from policy.matrix import NO, act_cell, picture_cells, render
from policy.publish import load_starter
from policy.vocabulary import Action, Purpose, Role


def test_the_printed_matrix_is_that_of_the_starter_version() -> None:
    assert MATRIX.read_text("utf-8") == render(load_starter()), "run: ./run policy_matrix"


def test_cells_say_what_it_takes() -> None:
    version = load_starter()

    watching = picture_cells(Role.ANALYST, Action.VIEW_LIVE, version)
    assert watching[Purpose.EMERGENCY_CALL] == ["yes", NO, "owner's yes", "verified", "yes"]
    assert set(watching[Purpose.TRAINING]) == {NO}
    assert act_cell(Role.PARTNER, Action.CHANGE_AGREEMENT, version) == "only to narrow, own"
    assert act_cell(Role.SUPERVISOR, Action.KILL_SWITCH, version) == "only to narrow or two persons"
    assert act_cell(Role.OFFICER, Action.OPEN_GRANT, version) == NO
