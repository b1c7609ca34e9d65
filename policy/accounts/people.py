"""Pages of people, their roles, and locked accounts."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from policy import offers, publish
from policy.accounts.people_forms import InvitationForm, RoleForm
from policy.actions.approve import approve as say_yes
from policy.actions.change_membership import (
    change_membership,
    end_membership,
    propose_invitation,
    propose_link,
    propose_role,
)
from policy.actions.release_account import release_account
from policy.facts import SYSTEM
from policy.models import Membership, Organisation, Person, Proposal
from policy.proposals import target
from policy.roles import ROLES
from policy.vocabulary import Action, Kind, Ref, Role
from rtcc import clock
from rtcc.config import config
from rtcc.errors import NotFound

PAGE = 50


def _may_change(person: Person) -> bool:
    return offers.is_offered(person, Action.CHANGE_MEMBERSHIP, SYSTEM, restricts=True)


def _open_proposals(person: Person) -> list[dict[str, Any]]:
    """What waits for a yes, or for being carried out, as far as this person has a part in it."""
    now = clock.now()
    age = publish.active().parameters.duration("approver_account_age", now)
    rows = (
        Proposal.objects.filter(action=Action.CHANGE_MEMBERSHIP, executed_at__isnull=True, expires_at__gt=now)
        .select_related("proposed_by")
        .prefetch_related("approvals__person")
    )
    found = []
    for row in rows[:PAGE]:
        yes = [approval.person for approval in row.approvals.all()]
        mine = row.proposed_by_id == person.id
        can_approve = (
            not mine
            and person not in yes
            and offers.is_offered(person, Action.APPROVE, Ref(Kind.PROPOSAL, row.id))
        )
        old_enough_at = person.created_at + age
        if mine or can_approve or person in yes:
            found.append(
                {
                    "row": row,
                    "says": _says(row),
                    "approved_by": yes,
                    "can_approve": can_approve and now >= old_enough_at,
                    "can_approve_from": old_enough_at if can_approve and now < old_enough_at else None,
                    "can_do": mine and bool(yes),
                }
            )
    return found


def _says(proposal: Proposal) -> str:
    """A proposal in plain words."""
    words = proposal.payload["words"]
    if words["what"] == "link":
        return f"A new one-time link for {_name(target(proposal).id)}, which opens the account anew"
    organisation = Organisation.objects.filter(code=words["organisation"]).first()
    role = f"{ROLES[Role(words['role'])].title} at {organisation or words['organisation']}"
    if words["what"] == "invite":
        return f"Invite {words['name']} ({words['username']}) as {role}"
    return f"Give {_name(target(proposal).id)} the role {role}"


def _name(person: UUID) -> str:
    found = Person.objects.filter(id=person).first()
    return found.display_name if found else "somebody who is not there"


@never_cache
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with an account, and what waits for a second person."""
    person = cast(Person, request.user)
    may_change, waiting = _may_change(person), _open_proposals(person)
    if not may_change and not offers.is_offered(person, Action.APPROVE, SYSTEM) and not waiting:
        raise NotFound()
    page = Paginator(Person.objects.order_by("display_name", "id"), PAGE).get_page(request.GET.get("page"))
    rows = Membership.objects.valid_at(clock.now()).filter(person__in=list(page.object_list))
    held: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows.select_related("organisation"):
        said = {"row": row, "title": ROLES[Role(row.role)].title}
        held.setdefault(row.person_id, []).append(said)
    context = {
        "page": page,
        "people": [{"row": each, "memberships": held.get(each.id, [])} for each in page.object_list],
        "waiting": waiting,
        "may_change": may_change,
        "link": request.session.pop("watchlight_link", None),
    }
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Propose a new account with a role."""
    person = cast(Person, request.user)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" and not _may_change(person):
        raise NotFound()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        propose_invitation(
            by=person,
            username=given["username"],
            name=given["name"],
            words=form.words(),
            reason=given["reason"],
        )
        messages.success(request, "Proposed. A second person approves it on this page.")
        return redirect("people")
    context = {"form": form, "title": "Invite somebody", "action": request.path, "button": "Propose"}
    return render(request, "accounts/role.html", context)


@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, person: UUID) -> HttpResponse:
    """Propose one more role of somebody."""
    by = cast(Person, request.user)
    whom = Person.objects.filter(id=person).first()
    if whom is None or (request.method == "GET" and not _may_change(by)):
        raise NotFound()
    form = RoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        propose_role(by=by, person=person, words=form.words(), reason=form.cleaned_data["reason"])
        messages.success(request, "Proposed. A second person approves it on this page.")
        return redirect("people")
    title = f"Give {whom.display_name} a role"
    context = {"form": form, "title": title, "action": request.path, "button": "Propose"}
    return render(request, "accounts/role.html", context)


@require_POST
def new_link(request: HttpRequest, person: UUID) -> HttpResponse:
    """Propose a new one-time link for somebody who lost password or authenticator."""
    propose_link(by=cast(Person, request.user), person=person, reason="Password or authenticator is lost")
    messages.success(request, "Proposed. A second person approves it on this page.")
    return redirect("people")


@require_POST
def approve(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person's yes."""
    say_yes(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Approved. Whoever proposed it carries it out.")
    return redirect("people")


@require_POST
def carry_out(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Do what two persons agreed on; a link is shown once, to whoever did it."""
    changed = change_membership(by=cast(Person, request.user), proposal=proposal)
    if changed.token:
        request.session["watchlight_link"] = {
            "name": changed.person.display_name,
            "url": f"{config.origin}/welcome/{changed.token}/",
        }
    messages.success(request, f"Done for {changed.person.display_name}.")
    return redirect("people")


@require_POST
def end(request: HttpRequest, membership: UUID) -> HttpResponse:
    """End a role at once."""
    end_membership(
        by=cast(Person, request.user), membership=membership, why=request.POST.get("reason", "")[:300]
    )
    messages.success(request, "The role has ended, and with it whatever it permitted.")
    return redirect("people")


@never_cache
@require_GET
def locked(request: HttpRequest) -> HttpResponse:
    """Locked accounts, to those who may release them."""
    person = cast(Person, request.user)
    if not offers.is_offered(person, Action.RELEASE_ACCOUNT, SYSTEM):
        raise NotFound()
    rows = Person.objects.filter(locked_at__isnull=False).order_by("-locked_at")[:200]
    shown = [
        {
            "row": row,
            "may_release": offers.is_offered(person, Action.RELEASE_ACCOUNT, Ref(Kind.PERSON, row.id)),
        }
        for row in rows
    ]
    return render(request, "accounts/locked.html", {"locked": shown})


@require_POST
def release(request: HttpRequest, person: UUID) -> HttpResponse:
    """Let somebody sign in again."""
    released = release_account(by=cast(Person, request.user), person=person)
    messages.success(request, f"{released.display_name} can sign in again.")
    return redirect("accounts-locked")
