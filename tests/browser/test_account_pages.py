"""One's own account in a browser: a passkey of a virtual device, sessions, tokens, the page of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from policy.models import Session
from tests.accounts import PASSWORD, give_password
from tests.browser.axe import faults_of
from tests.city import person, said
from tests.live_site import Site, surroundings

SIMULATOR_PORT = 18_557


@pytest.fixture(scope="module")
def running(django_test_environment: None, django_db_blocker: Any) -> Iterator[Site]:
    with django_db_blocker.unblock(), surroundings(SIMULATOR_PORT) as made:
        made.collect_static()
        made.start_web()
        yield made


def _give_a_device(page: Page) -> None:
    """A security key that says yes, in place of a person's thumb (WebAuthn, section 11)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "usb",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_registered_used_after_the_password_and_never_the_last_to_go(
    running: Site, page: Page
) -> None:
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile("Ana Mercer")).click()
    _give_a_device(page)
    page.goto(f"{running.origin}/account/passkeys/")
    page.get_by_label("Name of the device").fill("key ring")
    page.get_by_role("button", name="Register this device").click()
    expect(page.get_by_role("rowheader", name="key ring")).to_be_visible()
    expect(page.get_by_text("your last second factor")).to_be_visible()
    page.get_by_text("Rename", exact=True).click()
    page.get_by_label("Another name for key ring").fill("blue key ring")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_role("rowheader", name="blue key ring")).to_be_visible()
    assert "passkey.renamed" in {each["event"] for each in said()}
    assert faults_of(page) == []
    row = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    assert set(row.data["credential"]["response"]) == {"clientDataJSON", "attestationObject"}

    page.get_by_role("button", name="Sign out").click()
    give_password("ana.mercer", authenticator=False)
    page.goto(f"{running.origin}/sign-in/password/")
    page.get_by_label("User name").fill("ana.mercer")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/incidents/")
    session = Session.objects.open().get(person=person("ana.mercer"))
    assert session.mfa
    started = [each for each in said() if each["event"] == "session.started"][-1]
    assert started["reason"] == "password and passkey"

    # The last one stays, also for somebody who posts the form by hand.
    page.goto(f"{running.origin}/account/passkeys/")
    token = page.locator("body").get_attribute("data-csrf")
    answer = page.request.post(
        f"{running.origin}/account/passkeys/{row.pk}/remove/",
        headers={"X-CSRFToken": token or "", "Origin": running.origin},
    )
    assert answer.status == 409
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_the_pages_of_an_account_are_whole_on_a_telephone(running: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{running.origin}/sign-in/")
    page.get_by_role("button", name=re.compile("Nadia Brandt|Sam Whitlock")).first.click()
    for path in ("sessions", "passkeys", "tokens"):
        page.goto(f"{running.origin}/account/{path}/")
        assert faults_of(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
    page.get_by_label("What is it for?").fill("dispatch bridge")
    page.get_by_label("Open incidents").check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text(re.compile("^wl_"))).to_be_visible()
    page.goto(f"{running.origin}/api/v1/docs/")
    page.locator("summary", has_text="POST /api/v1/grants/").first.click()
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(f"{running.origin}/status/")
    expect(page.get_by_text("Begin with:").first).to_be_visible()
    assert faults_of(page) == []
