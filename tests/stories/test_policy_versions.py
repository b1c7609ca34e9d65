"""A policy version is one hash over its parts, and loads whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from policy.cedar import BadPolicy, version_hash
from policy.decide import Allow, Deny, decide
from policy.examples import BadExample, read_examples
from policy.invariants import INVARIANTS
from policy.parameters import BadParameters, NotInForce, parse
from policy.publish import load, load_starter, starter_parts
from policy.vocabulary import Action

FREE_FOR_ALL = """
@id("order-free-for-all")
@authority("Nobody")
@citation("Demonstration of a bad order")
@says("Everybody may do everything.")
permit (principal, action, resource);
"""
ROW = """
[[parameter]]
key = "{key}"
value = {value}
unit = "{unit}"
authority = "Somebody"
citation = "Somewhere"
from = {begins}
{more}
"""


def parts_with(part: str, *, old: str = "", new: str = "") -> dict[str, str]:
    """The starter's parts with a text replaced in one of them (or put at its end)."""
    parts = starter_parts()
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1) if old else parts[part] + new
    return parts


def table(*rows: str) -> str:
    return "".join(rows)


def row(
    key: str = "delay", value: object = 7, unit: str = "days", begins: str = "2020-01-01", more: str = ""
) -> str:
    return ROW.format(key=key, value=value, unit=unit, begins=begins, more=more)


def test_the_starter_version_loads_and_every_rule_has_run_its_examples() -> None:
    version = load_starter()

    assert len(read_examples(version.parts["examples.toml"], version.rules)) == 2 * len(version.rules)


def test_any_change_of_any_part_is_another_hash() -> None:
    hashes = {load_starter().hash} | {version_hash(parts_with(part, new=" ")) for part in starter_parts()}

    assert len(hashes) == len(starter_parts()) + 1
    assert version_hash(starter_parts()) == load_starter().hash


def test_a_rule_without_examples_is_refused_by_name() -> None:
    extra = FREE_FOR_ALL.replace("free-for-all", "not-shown")
    with pytest.raises(BadExample, match="order-not-shown has no worked examples"):
        load(parts_with("order.cedar", new=extra))


def test_an_example_that_comes_out_otherwise_is_refused_by_name() -> None:
    with pytest.raises(BadExample, match=r"rule agreement-hours: its example `deny` comes out as an Allow"):
        load(parts_with("agreements.cedar", old="unless { resource.hours_open };", new="unless { true };"))


@pytest.mark.parametrize(
    ("part", "old", "new", "words"),
    [
        ("order.cedar", '@id("order-live")\n', "", "needs an @id"),
        ("order.cedar", '@id("order-live")', '@id("order-playback")', "order-playback stands twice"),
        ("floor.cedar", '@tell("10")\n', "", "floor-account-active: missing or unknown annotations tell"),
        ("floor.cedar", '@obliges("no_audio")', '@oblige("no_audio")', "floor-no-audio.*oblige"),
        ("floor.cedar", '@obliges("no_audio")', '@obliges("no_sound")', "unknown obligation no_sound"),
        ("order.cedar", "justify:exigent_justification", "justify:someday", "no parameter someday"),
        (
            "order.cedar",
            "context.parameters.playback_depth",
            "context.parameters.depth",
            "no parameter depth",
        ),
        ("parity.cedar", "", FREE_FOR_ALL, "parity.cedar only forbids and requires"),
        ("order.cedar", "context.exigent &&", "context.urgent &&", "order-exigent-offence.*urgent"),
        ("order.cedar", "permit (", "allow (", "order.cedar cannot be read"),
        ("defaults.toml", "[view_live]", "[view_lives]", "view_live, view_lives"),
    ],
)
def test_a_part_that_is_not_right_is_refused_by_name(part: str, old: str, new: str, words: str) -> None:
    with pytest.raises(BadPolicy, match=words):
        load(parts_with(part, old=old, new=new))


def test_a_part_missing_or_too_many_is_refused() -> None:
    parts = starter_parts()
    with pytest.raises(BadPolicy, match="exactly the parts"):
        load({name: text for name, text in parts.items() if name != "defaults.toml"})
    with pytest.raises(BadPolicy, match="exactly the parts"):
        load({**parts, "more.cedar": ""})


def test_a_version_that_permits_everything_still_breaks_no_invariant() -> None:
    """Invariants are code: no publication takes them away."""
    from policy.cedar import compile_parts

    parts = starter_parts()
    parts |= {"floor.cedar": "", "parity.cedar": "", "agreements.cedar": "", "order.cedar": FREE_FOR_ALL}
    lawless = compile_parts(parts)
    starter = load_starter()
    told = set()
    for case in read_examples(starter.parts["examples.toml"], starter.rules):
        answer = decide(case.action, case.facts, lawless)
        if isinstance(answer, Allow):
            assert not any(check(case.action, case.facts, ()) for check in INVARIANTS)
        else:
            told.add(answer.rule)
    assert told == {
        "invariant-basis", "invariant-exigent-justified", "invariant-hold", "invariant-no-self-approval",
        "invariant-oversight-independent", "invariant-two-persons",
    }  # fmt: skip


def test_the_log_is_not_changed_under_any_policy() -> None:
    from policy.cedar import compile_parts

    parts = starter_parts()
    parts |= {"floor.cedar": "", "parity.cedar": "", "agreements.cedar": "", "order.cedar": FREE_FOR_ALL}
    cases = read_examples(starter_parts()["examples.toml"], load_starter().rules)
    case = next(case for case in cases if (case.rule, case.case) == ("order-approve-own-field", "permit"))
    assert case.facts.resource.kind == "log"

    answer = decide(Action.ADMINISTER, case.facts, compile_parts(parts))

    assert isinstance(answer, Deny)
    assert answer.rule == "invariant-log"


def test_a_number_has_one_value_at_a_time_and_says_which_row_it_is() -> None:
    parameters = parse(table(row(value=7, more="to = 2026-07-01"), row(value=5, begins="2026-07-01")))

    assert parameters.duration("delay", datetime(2026, 6, 30, tzinfo=UTC)) == timedelta(days=7)
    assert parameters.row("delay", datetime(2026, 7, 1, tzinfo=UTC)).id == "delay@2026-07-01"
    with pytest.raises(NotInForce, match="2019"):
        parameters.row("delay", datetime(2019, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(), row(begins="2021-01-01")], "two values are in force"),
        ([row(more="to = 2020-01-01")], "ends before it begins"),
        ([row(unit="weeks")], "unknown unit weeks"),
        ([row(value=-1)], "does not fit"),
        ([row(value="true")], "does not fit"),
        ([row(more="color = 1")], "color"),
        ([row(begins="2020-01-01T00:00:00")], "needs an offset"),
        ([row("retention_floor", 30), row("retention_standard", 7)], "below the floor of 30 days"),
    ],
)
def test_a_number_that_cannot_be_used_is_refused_by_its_key(rows: list[str], words: str) -> None:
    with pytest.raises(BadParameters, match=words):
        parse(table(*rows))


def test_a_retention_below_the_floor_names_the_authority_that_allows_it() -> None:
    parameters = parse(
        table(row("retention_floor", 30), row("retention_short", 7, more='override = "A judge"'))
    )

    assert parameters.retention("short", datetime(2026, 1, 1, tzinfo=UTC))[0] == timedelta(days=7)


def test_the_demonstration_class_is_kept_for_ten_minutes() -> None:
    kept, where = load_starter().parameters.retention("demonstration", datetime(2026, 1, 1, tzinfo=UTC))

    assert (kept, where.id) == (timedelta(minutes=10), "retention_demonstration@2020-01-01")
