"""The page of the kill switch: one person throws it, two lift it."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from policy import offers
from policy.actions.approve import approve
from policy.actions.lift_kill_switch import lift_kill_switch
from policy.actions.propose_lifting import propose_lifting
from policy.actions.throw_kill_switch import throw_kill_switch
from policy.facts import SYSTEM
from policy.models import KillSwitch, Person, Proposal
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import NotFound

PAST = 20


@never_cache
@require_GET
def kill_switch(request: HttpRequest) -> HttpResponse:
    """Whether it is on, who threw it and why, and what the person may do about it."""
    person = cast(Person, request.user)
    may_throw = offers.is_offered(person, Action.KILL_SWITCH, SYSTEM, restricts=True)
    may_approve = offers.is_offered(person, Action.APPROVE, SYSTEM)
    if not may_throw and not may_approve:
        raise NotFound()
    switches = KillSwitch.objects.select_related("set_by", "lifted_by")
    on = switches.filter(lifted_at__isnull=True).first()
    context = {
        "on": on,
        "past": switches.filter(lifted_at__isnull=False)[:PAST],
        "may_throw": may_throw,
        "waiting": [_waiting(row, person) for row in _proposals(on)],
    }
    return render(request, "live/kill_switch.html", context)


@require_POST
def throw(request: HttpRequest) -> HttpResponse:
    """Stop all watching at once."""
    throw_kill_switch(by=cast(Person, request.user), reason=request.POST.get("reason", ""))
    return redirect("kill-switch")


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Ask for a second person, to lift it."""
    propose_lifting(by=cast(Person, request.user), reason=request.POST.get("reason", ""))
    return redirect("kill-switch")


@require_POST
def agree(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person's yes."""
    approve(by=cast(Person, request.user), proposal=proposal)
    return redirect("kill-switch")


@require_POST
def lift(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Lift it, once somebody else has said yes."""
    lift_kill_switch(by=cast(Person, request.user), proposal=proposal)
    return redirect("kill-switch")


def _proposals(on: KillSwitch | None) -> list[Proposal]:
    """Open proposals to lift the switch that is on."""
    if on is None:
        return []
    rows = Proposal.objects.filter(
        action=Action.KILL_SWITCH,
        executed_at__isnull=True,
        expires_at__gt=clock.now(),
        payload__words__lift=str(on.id),
    )
    return list(rows.select_related("proposed_by").prefetch_related("approvals__person")[:PAST])


def _waiting(row: Proposal, person: Person) -> dict[str, object]:
    yes = [approval.person for approval in row.approvals.all()]
    mine = row.proposed_by_id == person.id
    asked = Ref(Kind.PROPOSAL, row.id)
    return {
        "row": row,
        "approved_by": yes,
        "can_approve": not mine and person not in yes and offers.is_offered(person, Action.APPROVE, asked),
        "can_lift": mine and bool(yes),
    }
