"""The supervisor's board: who watches what and why just now, what waits for a yes or no, and what is owed."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from policy import offers
from policy.actions.approve import approve
from policy.actions.verify_basis import verify_basis
from policy.facts import SYSTEM
from policy.models import Grant, Membership, Obligation, Person
from policy.vocabulary import Action, Kind, ObligationKind, Ref
from rtcc import clock
from rtcc.board import waiting
from rtcc.board.actions.decline import decline
from rtcc.board.actions.review_exigent import review_exigent
from rtcc.board.actions.stop_viewing import stop_viewing
from rtcc.errors import BadInput, NotFound
from rtcc.oversight.actions.view_now import view_now
from rtcc.oversight.now import Watching, watching

STOPPED = "stopped from the supervisor's board"
MOST_OWED = 50
MOST_TO_REVIEW = 20


@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The whole board; a script fetches the part that changes every two seconds."""
    person = cast(Person, request.user)
    may = view_now(by=person, session=request.session)
    rows = sorted(watching(person), key=_first)
    owed = _owed(person)
    now = clock.now()
    context = {
        "now": now,
        "rows": [{"row": row, "for_s": (now - row.since).total_seconds()} for row in rows],
        "waiting": waiting.waiting(person),
        "to_review": _to_review(person),
        "owed": [{"row": each, "left_s": (each.due_at - now).total_seconds()} for each in owed],
        "may_stop": Action.END_GRANT in may,
        "figures": {
            "watching": len(rows),
            "exigent": sum(row.exigent for row in rows),
            "overdue": sum(each.due_at < now for each in owed),
        },
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "board/part.html" if part else "board/board.html", context)


def _first(row: Watching) -> tuple[bool, bool, Any]:
    """Exigent access first, then numbers that are to follow, then the longest."""
    return (not row.exigent, not row.pending, row.since)


def _owed(person: Person) -> list[Obligation]:
    """Justifications owed by people of the person's own agencies, the most overdue first."""
    return list(_justifications(person).filter(discharged_at__isnull=True).order_by("due_at")[:MOST_OWED])


def _justifications(person: Person) -> QuerySet[Obligation]:
    agencies = (
        Membership.objects.of_person(person.id)
        .valid_at(clock.now())
        .values_list("organisation_id", flat=True)
    )
    rows = Obligation.objects.filter(kind=ObligationKind.JUSTIFY, grant__basis__agency_id__in=list(agencies))
    return rows.select_related("person", "grant__basis")


def _to_review(person: Person) -> list[dict[str, Any]]:
    """Justifications that people of the person's agencies wrote and nobody reviewed, the oldest first."""
    rows = _justifications(person).filter(discharged_at__isnull=False, review__isnull=True)
    return [
        {"row": each, "can": _may_review(person, each.grant)}
        for each in rows.order_by("discharged_at")[:MOST_TO_REVIEW]
        if each.grant is not None
    ]


def _may_review(person: Person, grant: Grant) -> bool:
    return offers.is_offered(person, Action.REVIEW_EXIGENT, Ref(Kind.GRANT, grant.id), basis=grant.basis_id)


@never_cache
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for the person's yes or no, for those who approve and do not watch."""
    person = cast(Person, request.user)
    rows = waiting.waiting(person)
    if not rows and not offers.is_offered(person, Action.APPROVE, SYSTEM):
        raise NotFound()
    part = request.headers.get("HX-Request") == "true"
    template = "board/waiting.html" if part else "board/approvals.html"
    return render(request, template, {"waiting": rows, "now": clock.now()})


@never_cache
@require_GET
def proposal(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """One proposal, every frozen word of it in plain language, and what became of it."""
    person = cast(Person, request.user)
    row = waiting.find(proposal)
    seen = waiting.known(row, person) if row else None
    if seen is None:
        raise NotFound()
    return render(request, "board/proposal.html", {"each": seen, "now": clock.now()})


@require_POST
def stop(request: HttpRequest, permit: UUID) -> HttpResponse:
    """Stop what is watched under a permit: one press; a reason may be said."""
    why = request.POST.get("why", "").strip()[:200] or STOPPED
    stop_viewing(by=cast(Person, request.user), permit=permit, why=why)
    messages.success(request, "Stopped. The last picture goes within two seconds; the end is in the log.")
    return redirect("board:home")


@require_POST
def verify(request: HttpRequest, basis: UUID) -> HttpResponse:
    """Say that a number that was to follow is real, or that there is no such call."""
    stands = request.POST.get("stands") == "yes"
    verify_basis(
        by=cast(Person, request.user), basis=basis, number=request.POST.get("number", ""), stands=stands
    )
    messages.success(request, "Verified." if stands else "Entered: there is no such call.")
    return redirect("board:home")


@require_POST
def review(request: HttpRequest, obligation: UUID) -> HttpResponse:
    """Say whether the justification of an exigent access is accepted, in a sentence."""
    said = request.POST.get("accepted", "")
    if said not in ("yes", "no"):
        raise BadInput("Accept it, or do not.", field="accepted")
    review_exigent(
        by=cast(Person, request.user), obligation=obligation, accepted=said == "yes",
        says=request.POST.get("says", "").replace("\x00", ""),
    )  # fmt: skip
    messages.success(request, "Reviewed. Who wrote it is told, and oversight reads it.")
    return redirect("board:home")


@require_POST
def agree(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person's yes."""
    approve(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Approved. Whoever asked carries it out now.")
    return _back(request)


@require_POST
def refuse(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """A no, or one's own proposal taken back."""
    decline(by=cast(Person, request.user), proposal=proposal, why=request.POST.get("why", ""))
    messages.success(request, "Declined. Who asked is told why on the proposal's page.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the list that the person came from, of ours alone."""
    wanted = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/board/")
    return HttpResponseRedirect(wanted if ours else reverse("board:approvals"))
