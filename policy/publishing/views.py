"""Pages of what is in force, what was, and what waits for a second person.

Everybody with a membership reads them: rules bind those who can know them.
"""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from policy import facts, offers, proposals, publish
from policy.actions.approve import approve
from policy.actions.publish_policy import publish_policy
from policy.cedar import LoadedVersion
from policy.facts import POLICY
from policy.lag import lag
from policy.models import Person, PolicyDraft, PolicyVersion, Proposal
from policy.publishing import drafting
from policy.publishing.comparing import compare, part_lines
from policy.publishing.forms import day, shown
from policy.vocabulary import Action, Kind, Ref
from rtcc import clock
from rtcc.errors import NotFound

PAGE = 25
LAYERS = (
    ("floor", "The floor", "What no order can take away."),
    ("order", "The order", "Who may do what, and on which conditions."),
    ("parity", "Partners like the city", "A partner's camera is watched by the same rules as the city's."),
    ("agreements", "Agreements", "What partners agreed to; it only adds conditions."),
)


def member(request: HttpRequest) -> Person:
    """Whoever has a membership now; for others the pages are not there."""
    person = cast(Person, request.user)
    if not facts.person_facts(person, clock.now()).roles:
        raise NotFound()
    return person


def may_propose(person: Person) -> bool:
    return offers.is_offered(person, Action.CHANGE_POLICY, POLICY, approved=True)


def _numbers(version: LoadedVersion) -> list[dict[str, Any]]:
    """The values in force now, each with what comes after it."""
    now = clock.now()
    rows = sorted(version.parameters.rows, key=lambda row: (row.key, row.begins))
    return [
        {
            "row": row,
            "name": row.key.replace("_", " "),
            "value": shown(row),
            "since": day(row.begins),
            "next": [day(each.begins) for each in rows if each.key == row.key and each.begins > row.begins][
                :1
            ],
        }
        for row in rows
        if row.in_force(now)
    ]


@never_cache
@require_GET
def in_force(request: HttpRequest) -> HttpResponse:
    """The policy in force, in sentences with authority and citation."""
    person = member(request)
    version, now = publish.active(), clock.now()
    rules = sorted(version.rules.values(), key=lambda rule: rule.id)
    layers = [
        {
            "name": layer,
            "title": title,
            "says": says,
            "rules": [rule for rule in rules if rule.layer == layer],
        }
        for layer, title, says in LAYERS
    ]
    defaults = [
        {"act": action.value.replace("_", " "), "said": said}
        for action, said in sorted(version.defaults.items())
    ]
    coming = PolicyVersion.objects.filter(effective_from__gt=now, state="published").order_by(
        "effective_from"
    )
    context = {
        "tab": "in-force",
        "version": version,
        "row": PolicyVersion.objects.in_force_at(now).first(),
        "coming": list(coming[:PAGE]),
        "layers": layers,
        "defaults": defaults,
        "numbers": _numbers(version),
        "behind": lag(),
        **_beside(person),
    }
    return render(request, "policy/in_force.html", context)


def _beside(person: Person) -> dict[str, Any]:
    """What waits, and what this person has begun."""
    may = may_propose(person)
    drafts = list(PolicyDraft.objects.filter(made_by=person).order_by("-changed_at")[:PAGE]) if may else []
    return {"waiting": waiting(person), "may_propose": may, "drafts": drafts}


def waiting(person: Person) -> list[dict[str, Any]]:
    """Proposed versions that still have time."""
    return [_card(row, person) for row in proposals.waiting(Action.CHANGE_POLICY)]


def _card(row: Proposal, person: Person) -> dict[str, Any]:
    yes = [approval.person for approval in row.approvals.select_related("person")]
    mine = row.proposed_by_id == person.id
    words = row.payload["words"]
    asked = Ref(Kind.PROPOSAL, row.id)
    return {
        "row": row,
        "words": words,
        "begins": words["begins"] and clock.parse(words["begins"]),
        "approved_by": yes,
        "can_approve": not mine and person not in yes and offers.is_offered(person, Action.APPROVE, asked),
        "can_do": mine and bool(yes),
    }


@never_cache
@require_GET
def versions(request: HttpRequest) -> HttpResponse:
    """Every version that was published, the newest first."""
    person = member(request)
    rows = PolicyVersion.objects.select_related("published_by").order_by("-effective_from", "-published_at")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    current = PolicyVersion.objects.in_force_at(clock.now()).values_list("id", flat=True).first()
    context = {
        "tab": "versions",
        "page": page,
        "current": current,
        "now": clock.now(),
        "shipped": publish.load_starter().hash,
        **_beside(person),
    }
    return render(request, "policy/versions.html", context)


@never_cache
@require_GET
def version(request: HttpRequest, version: UUID) -> HttpResponse:
    """One version, compared with the one before it, or with another that is named."""
    member(request)
    row = PolicyVersion.objects.filter(id=version).first()
    if row is None:
        raise NotFound()
    earlier = (
        PolicyVersion.objects.filter(published_at__lt=row.published_at)
        .order_by("-effective_from", "-published_at")
        .first()
    )
    context = {
        "tab": "versions",
        "row": row,
        "earlier": earlier,
        "parts": sorted(row.parts.items()),
        **(compared(earlier.parts, row.parts) if earlier else {}),
    }
    return render(request, "policy/version.html", context)


def compared(before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    """The difference in words where both texts make a version; the lines that differ in any case."""
    one, other = drafting.check(before), drafting.check(after)
    known = one.version is not None and other.version is not None
    return {
        "difference": compare(one.version, other.version) if one.version and other.version else None,
        "lines": part_lines(before, after),
        "comparable": known,
    }


def proposal_row(proposal: UUID) -> Proposal:
    """The proposal of a version. Raises NotFound."""
    row = proposals.find(proposal)
    if row.action != Action.CHANGE_POLICY:
        raise NotFound()
    return row


@never_cache
@require_GET
def proposal(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """What is proposed, against what is in force: to be read before saying yes."""
    person = member(request)
    row = proposal_row(proposal)
    draft = PolicyDraft.objects.filter(id=row.payload["words"]["draft"]).first()
    if draft is None:
        raise NotFound("The draft of this proposal was discarded.")
    current = PolicyVersion.objects.in_force_at(clock.now()).first()
    checked = drafting.check(draft.parts)
    context = {
        "tab": "proposal",
        "each": _card(row, person),
        "draft": draft,
        "checked": checked,
        "changed_since": checked.hash != row.payload["words"]["hash"],
        "now": clock.now(),
        "parts": sorted(draft.parts.items()),
        **compared(current.parts if current else {}, draft.parts),
    }
    return render(request, "policy/proposal.html", context)


@require_POST
def agree(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """The second person's yes."""
    proposal_row(proposal)
    approve(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Approved. Whoever proposed it can publish it now.")
    return redirect("policy:proposal", proposal)


@require_POST
def carry_out(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Publish what two persons agreed on."""
    proposal_row(proposal)
    row = publish_policy(by=cast(Person, request.user), proposal=proposal)
    messages.success(request, "Published. It is in force at its time; the entry stands in the log.")
    return redirect("policy:version", row.id)
