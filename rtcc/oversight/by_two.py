"""Pages of the two acts on the log that take two persons: erasing what an entry discloses, and bringing back
what a restore lost.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit.models import Erasure
from audit.recovery import find_loss
from audit.vocabulary import FIELDS_V1, Release
from policy import offers, proposals
from policy.actions.approve import approve
from policy.facts import LOG
from policy.models import Membership, Person, Proposal
from policy.vocabulary import Action, Kind, Ref, Role
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.oversight.actions.order_erasure import order_erasure
from rtcc.oversight.actions.propose_erasure import propose_erasure
from rtcc.oversight.actions.propose_recovery import propose_recovery
from rtcc.oversight.actions.recover_log import recover_log

_MOST = 50
# What an entry says of people; the event itself and what the tree proves cannot be erased.
ERASABLE = tuple(
    name
    for name, field in FIELDS_V1.items()
    if field.release in (Release.PERSONNEL, Release.VICTIM, Release.SECURITY, Release.CLOSED)
)
_PAGES = {str(Action.CHANGE_ERASURE): "oversight:erasure", str(Action.RECOVER_LOG): "oversight:recover"}
_ACTS = {str(Action.CHANGE_ERASURE): order_erasure, str(Action.RECOVER_LOG): recover_log}


def _reader(request: HttpRequest) -> tuple[Person, set[str]]:
    """Who may approve an act on the log, or ask for one; for the others the page is not there."""
    person = cast(Person, request.user)
    roles = set(Membership.objects.of_person(person.id).valid_at(clock.now()).values_list("role", flat=True))
    if not offers.is_offered(person, Action.APPROVE, LOG):
        raise NotFound()
    return person, roles


@never_cache
@require_GET
def erasure(request: HttpRequest) -> HttpResponse:
    """What is to be erased and how far that is; the legal reviewer asks for more."""
    person, roles = _reader(request)
    context = {
        "waiting": _waiting(person, Action.CHANGE_ERASURE),
        "may_propose": Role.LEGAL_REVIEWER in roles,
        "fields": [(name, name.replace("_", " "), FIELDS_V1[name].says) for name in ERASABLE],
        "erasures": list(Erasure.objects.order_by("-announced_by", "entry", "field")[:_MOST]),
        "asked": request.GET.get("entry", ""),
    }
    return render(request, "oversight/erasure.html", context)


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Ask for an erasure."""
    try:
        entry = UUID(request.POST.get("entry", "").strip())
    except ValueError as error:
        raise BadInput("That is not the id of an entry.", field="entry") from error
    propose_erasure(
        by=cast(Person, request.user),
        entry=entry,
        fields=request.POST.getlist("fields"),
        rule=request.POST.get("rule", ""),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, "Proposed. It waits for somebody else's yes.")
    return redirect("oversight:erasure")


@never_cache
@require_GET
def recovery(request: HttpRequest) -> HttpResponse:
    """What a restore lost, if anything; two persons have it brought back."""
    person, roles = _reader(request)
    loss, trouble = None, ""
    try:
        loss = find_loss()
    except Conflict as conflict:
        trouble = conflict.sentence
    context = {
        "loss": loss,
        "trouble": trouble,
        "waiting": _waiting(person, Action.RECOVER_LOG),
        "may_propose": loss is not None and Role.OPERATOR in roles,
    }
    return render(request, "oversight/recovery.html", context)


@require_POST
def ask_recovery(request: HttpRequest) -> HttpResponse:
    """Ask for what was lost to be brought back."""
    propose_recovery(by=cast(Person, request.user), reason=request.POST.get("reason", ""))
    messages.success(request, "Proposed. It waits for somebody else's yes.")
    return redirect("oversight:recover")


@require_POST
def agree(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person's yes."""
    row = _of_the_log(proposal)
    approve(by=cast(Person, request.user), proposal=proposal)
    return redirect(_PAGES[row.action])


@require_POST
def carry_out(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Do it, once somebody else has said yes."""
    row = _of_the_log(proposal)
    entry = _ACTS[row.action](by=cast(Person, request.user), proposal=proposal)
    messages.success(request, f"Done; it is entry {entry.id}.")
    return redirect(_PAGES[row.action])


def _of_the_log(proposal: UUID) -> Proposal:
    row = proposals.find(proposal)
    if row.action not in _PAGES:
        raise NotFound()
    return row


def _waiting(person: Person, action: Action) -> list[dict[str, Any]]:
    rows = (
        Proposal.objects.filter(action=action, executed_at__isnull=True, expires_at__gt=clock.now())
        .select_related("proposed_by")
        .prefetch_related("approvals__person")[:_MOST]
    )
    return [_one(row, person) for row in rows]


def _one(row: Proposal, person: Person) -> dict[str, Any]:
    yes = [approval.person for approval in row.approvals.all()]
    mine = row.proposed_by_id == person.id
    asked = Ref(Kind.PROPOSAL, row.id)
    return {
        "row": row,
        "words": row.payload["words"],
        "approved_by": yes,
        "can_approve": not mine and person not in yes and offers.is_offered(person, Action.APPROVE, asked),
        "can_do": mine and bool(yes),
    }
