"""The days of a records officer and of a policy owner in a browser, each with the second person they need."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from evidence.models import Keep
from evidence.records.models import Request
from evidence.records.vocabulary import State
from policy.models import PolicyVersion
from tests.browser.test_public_and_board import local_minutes_ago, look, running, said, sign_in
from tests.city import camera
from tests.live_site import Site

__all__ = ["running", "said"]


def test_a_request_is_taken_in_held_worked_and_answered_by_what_there_is(
    running: Site, page: Page, said: list[str]
) -> None:
    sign_in(page, running, "Grace Tamayo")
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()
    page.get_by_role("link", name=re.compile("New request")).click()
    page.get_by_label("Who asks").fill("A. Doe, Circuit Attorney")
    page.get_by_label("As what").select_option("prosecutor")
    page.get_by_label("Where", exact=True).select_option(camera("cam01").code)
    page.get_by_label("From", exact=True).fill(local_minutes_ago(40))
    page.get_by_label("Until", exact=True).fill(local_minutes_ago(30))
    page.get_by_role("button", name="Take it in").click()

    expect(page.get_by_role("heading", name=re.compile("R-20"))).to_be_visible()
    row = Request.objects.get(requester="A. Doe, Circuit Attorney")
    assert Keep.objects.filter(basis_id=row.basis_id, released_at=None).exists()
    expect(page.get_by_text("Answer due")).to_be_visible()
    look(page, "desk-request-1440")

    # `n` does the one thing that is next; the list says the same.
    first = page.locator("[data-next]").inner_text()
    page.keyboard.press("n")
    expect(page.locator("[data-next]")).not_to_have_text(first)
    row.refresh_from_db()
    assert row.state != State.PRESERVED
    page.get_by_role("link", name="All requests").click()
    expect(page.get_by_role("link", name=row.number)).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    look(page, "desk-list-390")

    # Nothing was recorded: the page says why, and the answer would prove it.
    page.get_by_role("link", name=row.number).click()
    look(page, "desk-request-390")
    expect(page.get_by_role("link", name=re.compile("Export"))).to_have_count(0)


def test_a_number_of_the_policy_is_drafted_read_approved_and_published(
    running: Site, page: Page, browser: Browser, said: list[str]
) -> None:
    before = PolicyVersion.objects.count()
    sign_in(page, running, "Irene Castellan")
    page.goto(f"{running.origin}/policy/")
    page.get_by_role("button", name="Propose a change").click()
    page.get_by_role("link", name="Change verified grant", exact=False).first.click()
    page.get_by_label("New value").fill("45")
    page.get_by_label("From").fill("2027-01-01")
    page.get_by_label("Authority", exact=True).fill("Demonstration department order 1.3")
    page.get_by_label("Citation").fill("Demonstration order 1.3, section 4.4")
    page.get_by_role("button", name="Put it into the draft").click()
    expect(page.get_by_text("45 minutes from 2027-01-01")).to_be_visible()
    look(page, "policy-draft-1440")
    page.locator("#propose + form").get_by_label("Why").fill("Shorter grants")
    page.get_by_role("button", name="Propose to a second person").click()
    expect(page.get_by_text("nobody has said yes yet")).to_be_visible()
    expect(page.get_by_role("button", name="Publish it")).to_have_count(0)
    where = page.url

    miriam = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(miriam, running, "Miriam Adler")
    miriam.goto(where)
    expect(miriam.get_by_text("45 minutes")).to_be_visible()
    look(miriam, "policy-proposal-390")
    miriam.get_by_role("button", name=re.compile("approve")).click()
    expect(miriam.get_by_text("Miriam Adler said yes")).to_be_visible()
    miriam.context.close()

    page.reload()
    page.get_by_role("button", name="Publish it").click()
    page.goto(f"{running.origin}/policy/versions/")
    expect(page.get_by_role("table")).to_contain_text("by two persons")
    assert PolicyVersion.objects.count() == before + 1
    look(page, "policy-versions-1440")
