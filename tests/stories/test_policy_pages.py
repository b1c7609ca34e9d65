"""A policy owner writes a version, a second person reads and approves it, and it is in force at its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from policy import epoch, publish
from policy.models import PolicyDraft, PolicyMatrix, PolicyVersion, Proposal
from policy.publish import load_starter, starter_parts
from policy.publishing import comparing, tables
from policy.tasks import follow_policy
from rtcc import clock
from tests.city import NOON, city, person, said
from tests.conftest import Committed
from tests.policies import put_in_force, without_act

__all__ = ["city"]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    publish._by_hash.cache_clear()
    yield
    publish._by_hash.cache_clear()


def as_(username: str) -> Client:
    client = Client(HTTP_HOST="localhost", REMOTE_ADDR="127.0.0.1")
    client.force_login(person(username), backend="policy.accounts.backend.Backend")
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def begin(irene: Client, **more: str) -> str:
    answer = irene.post("/policy/drafts/", more)
    assert answer.status_code == 302
    return str(answer["Location"])


NUMBER = {
    "value": "45",
    "begins_on": "2026-12-01",
    "authority": "Demonstration department order 1.3",
    "citation": "Demonstration order 1.3, section 4.4",
}


def test_a_number_is_changed_by_form_approved_by_another_and_in_force_at_its_time(city: Committed) -> None:
    irene, miriam, ana = as_("irene.castellan"), as_("miriam.adler"), as_("ana.mercer")
    draft = begin(irene)

    # The form starts from what is in force and keeps what was typed when it is refused.
    page = text(irene.get(f"{draft}numbers/verified_grant/"))
    assert "now 60 minutes" in page
    refused = text(irene.post(f"{draft}numbers/verified_grant/", NUMBER | {"value": "an hour"}))
    assert "A whole number" in refused
    assert "an hour" in refused
    assert irene.post(f"{draft}numbers/verified_grant/", NUMBER)["Location"] == draft
    page = text(irene.get(draft))
    assert "60 minutes from 2020-01-01 until 2026-12-01" in page
    assert "45 minutes from 2026-12-01" in page
    assert "being worked out" in page

    # Proposed for a local time; half past one comes twice that night.
    late = {"begins": "2027-11-07T01:30", "reason": "shorter grants"}
    assert "Choose one" in text(irene.post(draft, late))
    never = {"begins": "2027-03-14T02:30", "reason": "shorter grants"}
    refused = text(irene.post(draft, never))
    assert "it never is" in refused
    assert "shorter grants" in refused
    answer = irene.post(draft, {"begins": "2026-11-20T13:00", "reason": "shorter grants"})
    where = answer["Location"]
    proposal = Proposal.objects.get()
    assert proposal.payload["words"]["begins"] == "2026-11-20T19:00:00+00:00"
    assert proposal.payload["words"]["changes"] == {"numbers": 1}

    # Everybody reads it; the analyst and the writer cannot say yes; the auditor can.
    assert "Another policy owner or the auditor" in text(ana.get(where))
    assert ana.post(f"{where}approve/").status_code == 403
    assert irene.post(f"{where}approve/").status_code == 403
    assert as_("ruth.okafor").post(f"{where}approve/").status_code == 403
    assert irene.post(f"{where}publish/").status_code == 403
    assert "I have read it" in text(miriam.get(where))
    assert miriam.post(f"{where}approve/").status_code == 302
    before = epoch.current()
    published = irene.post(f"{where}publish/")
    assert published.status_code == 302, text(published)
    assert irene.post(f"{where}publish/").status_code == 409

    row = PolicyVersion.objects.latest("published_at")
    assert row.effective_from == NOON + timedelta(hours=1)
    entered = next(one for one in reversed(said()) if one["event"] == "policy.published")
    assert entered["detail"]["version"] == row.hash
    assert entered["detail"]["changes"] == {"numbers": 1}
    assert epoch.current() == before + 1
    assert "Comes next" in text(ana.get("/policy/"))
    follow_policy()
    before = epoch.current()

    with clock.set_to(row.effective_from + timedelta(seconds=1)):
        assert publish.active().hash == row.hash
        assert follow_policy()
        assert epoch.current() == before + 1
    december = datetime(2026, 12, 2, tzinfo=UTC)
    with clock.set_to(december):
        minutes = publish.active().parameters.duration("verified_grant", december)
        assert minutes == timedelta(minutes=45)
        history = text(as_("ana.mercer").get("/policy/versions/"))
        assert history.count("in force") > 1
        assert "45 minutes from 2026-12-01" in text(as_("ana.mercer").get(f"/policy/versions/{row.id}/"))


def test_a_value_below_the_floor_is_refused_or_names_its_authority(city: Committed) -> None:
    irene = as_("irene.castellan")
    draft = begin(irene)
    short = NUMBER | {"value": "7"}

    refused = text(irene.post(f"{draft}numbers/retention_standard/", short))
    assert "below the floor of 30 days (POL 011" in refused
    assert "section 4.4" in refused
    again = text(irene.post(f"{draft}numbers/retention_standard/", short | {"begins_on": "2019-01-01"}))
    assert "choose a later one" in again
    order = {"override": 'Order of the court, "State v. Doe"'}
    assert irene.post(f"{draft}numbers/retention_standard/", short | order).status_code == 302
    assert "overriding the floor by Order of the court" in text(irene.get(draft))


def test_a_text_that_is_wrong_is_kept_with_what_is_wrong_named(city: Committed) -> None:
    irene = as_("irene.castellan")
    draft = begin(irene, **{"with": "shipped"})
    order = starter_parts()["order.cedar"]

    irene.post(f"{draft}parts/order.cedar/", {"text": order + "\npermit (nobody"})
    page = text(irene.get(draft))
    assert "This text makes no version yet." in page
    assert "order.cedar cannot be read" in page
    assert "permit (nobody" in text(irene.get(f"{draft}parts/order.cedar/"))
    refused = text(irene.post(draft, {"reason": "a longer reason"}))
    assert "makes no version yet" in refused
    assert "a longer reason" in refused

    hours = starter_parts()["agreements.cedar"].replace("unless { resource.hours_open }", "unless { true }")
    files = [
        SimpleUploadedFile("agreements.cedar", hours.encode()),
        SimpleUploadedFile("order.cedar", order.encode()),
    ]
    assert irene.post(f"{draft}upload/", {"parts": files}).status_code == 302
    page = text(irene.get(draft))
    assert "1 example comes out otherwise." in page
    assert "agreement-hours" in page
    stranger = SimpleUploadedFile("more.cedar", b"permit")
    assert irene.post(f"{draft}upload/", {"parts": [stranger]}).status_code == 400
    binary = SimpleUploadedFile("order.cedar", b"\xff\xfe")
    assert irene.post(f"{draft}upload/", {"parts": [binary]}).status_code == 400
    irene.post(f"{draft}parts/agreements.cedar/", {"text": starter_parts()["agreements.cedar"]})
    assert "word for word what is in force" in text(irene.post(draft, {"reason": "nothing"}))
    assert irene.post(f"{draft}discard/").status_code == 302
    assert not PolicyDraft.objects.exists()


def test_a_draft_that_was_changed_after_its_approval_is_not_published(city: Committed) -> None:
    irene, miriam = as_("irene.castellan"), as_("miriam.adler")
    draft = begin(irene)
    irene.post(f"{draft}numbers/verified_grant/", NUMBER)
    where = irene.post(draft, {"reason": "shorter grants"})["Location"]
    assert irene.post(f"{draft}discard/").status_code == 409
    miriam.post(f"{where}approve/")
    irene.post(f"{draft}numbers/pending_grant/", NUMBER | {"value": "600"})

    assert "changed after it was proposed" in text(miriam.get(where))
    assert irene.post(f"{where}publish/").status_code == 409
    assert PolicyVersion.objects.count() == 1


LAWYERS_SEARCH = """
@id("order-lawyers-search")
@authority("Demonstration department order 1.1")
@citation("Demonstration order 1.1, section 3")
@says("The legal reviewer searches footage.")
permit (principal, action == Action::"search", resource)
when { principal.roles.contains("legal_reviewer") };
"""
EXAMPLE = """
[[example]]
rule = "order-lawyers-search"
from = "records"
permit = { action = "search", person.roles = ["legal_reviewer"] }
deny = { action = "search", person.roles = ["officer"] }
"""


def test_what_this_release_ships_is_offered_with_what_it_changes(city: Committed) -> None:
    older = without_act(starter_parts(), "test_stream")
    older["order.cedar"] += LAWYERS_SEARCH
    older["examples.toml"] += EXAMPLE
    put_in_force(older, NOON - timedelta(minutes=5), by=person("irene.castellan"))
    irene = as_("irene.castellan")

    page = text(irene.get("/policy/"))
    assert "does not know test stream" in page
    draft = begin(irene, **{"with": "shipped"})
    page = text(irene.get(draft))
    assert "The legal reviewer searches footage." in page
    assert "act test_stream" in page
    # Nobody's table is worked out while a page waits for it; a beat does one at a time.
    for hashed, cells in (
        (publish.in_force_hash(), {"officer: export": "yes", "analyst: search": "yes"}),
        (load_starter().hash, {"analyst: search": "verified"}),
    ):
        PolicyMatrix.objects.create(hash=hashed, cells=cells, made_at=clock.now())
    page = text(irene.get(draft))
    assert "officer: export" in page
    assert "2 cells of the table of who may do what differ" in page
    missing = [hashed for hashed, _ in tables._missing()]
    assert len(missing) == 0 or load_starter().hash not in missing


def test_who_has_no_membership_reads_nothing_and_who_owns_no_policy_writes_nothing(city: Committed) -> None:
    ana = as_("ana.mercer")
    page = text(ana.get("/policy/"))
    assert "Analysts and supervisors watch live on an open incident" in page
    assert "Demonstration order 1.2, section 3.1" in page
    assert "Propose a change" not in page
    assert ana.post("/policy/drafts/").status_code == 404
    draft = begin(as_("irene.castellan"))
    assert ana.get(draft).status_code == 404
    lines = comparing.part_lines({"order.cedar": "a\nb"}, {"order.cedar": "a\nc"})
    assert lines == {"order.cedar": ((" ", "a"), ("-", "b"), ("+", "c"))}
