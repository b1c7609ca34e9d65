"""The table of requests: each act in each state has an answer, and the policy says who as the table does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.records.states import DESK, ENDED, FIRST, NEXT, OPEN, STAYING, after, possible
from evidence.records.vocabulary import Act, State
from policy.decide import Allow, decide
from policy.facttypes import Facts
from policy.matrix import _context, _person, _thing
from policy.publish import load_starter
from policy.vocabulary import Action, Kind, Purpose, Role
from rtcc.errors import Conflict


def test_each_act_in_each_state_leads_somewhere_or_is_refused_in_words() -> None:
    for state in State:
        for act in Act:
            if act in NEXT[state] or (act in STAYING and state in OPEN):
                assert after(state, act) in State
            else:
                with pytest.raises(Conflict, match="Load the page again"):
                    after(state, act)


def test_every_state_is_reached_from_the_first_and_leads_to_the_end() -> None:
    reached, new = {State.RECEIVED}, {State.RECEIVED}
    while new:
        new = {there for state in new for there in NEXT[state].values()} - reached
        reached |= new
    assert reached == set(State)
    for state in OPEN:
        seen, front = {state}, {state}
        while front:
            front = {there for each in front for there in NEXT[each].values()} - seen
            seen |= front
        assert State.CLOSED in seen, state
    assert not NEXT[State.CLOSED]
    assert {act for acts in NEXT.values() for act in acts} | STAYING == set(Act)


def test_each_open_state_has_one_thing_to_do_next() -> None:
    for state in OPEN - {State.RECEIVED}:
        assert FIRST[state] in possible(state)
    assert {State.WITHDRAWN, State.CLOSED} == ENDED


@pytest.mark.parametrize("state", State)
def test_the_policy_lets_those_work_on_whose_desk_it_lies(state: State) -> None:
    version = load_starter()
    for role in Role:
        facts = Facts(
            person=_person(role),
            resource=replace(_thing(Kind.REQUEST), state=state),
            context=_context(Purpose.RECORDS_REQUEST, grant=False),
        )
        permitted = isinstance(decide(Action.WORK_REQUEST, facts, version), Allow)
        assert permitted == (role in DESK[state]), (state, role)
