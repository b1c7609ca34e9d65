"""Pages on which a policy owner writes a version and proposes it."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from policy import proposals
from policy.actions.propose_policy import propose_policy
from policy.cedar import PARTS
from policy.models import Person, PolicyDraft, PolicyVersion
from policy.publishing import drafting
from policy.publishing.forms import NumberForm, PartForm, ProposalForm, day, shown
from policy.publishing.views import compared, may_propose
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import BadInput, Conflict, NotFound

_LARGEST_FILE = 1 << 20


def _owner(request: HttpRequest) -> Person:
    """Whoever may propose a version; for others there are no drafts."""
    person = cast(Person, request.user)
    if not may_propose(person):
        raise NotFound()
    return person


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A new draft of what is in force, or of what this release ships."""
    person = _owner(request)
    shipped = request.POST.get("with") == "shipped"
    row = drafting.begin_shipped(person) if shipped else drafting.begin_in_force(person)
    return redirect("policy:draft", row.id)


@never_cache
@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, draft: UUID) -> HttpResponse:
    """A draft: what it changes, what keeps it from being proposed, and the form that proposes it."""
    person = _owner(request)
    row = drafting.find(person, draft)
    form = ProposalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = propose_policy(by=person, draft=row.id, begins=said["begins"], reason=said["reason"])
        except (BadInput, Conflict) as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, "Proposed. A second person has 24 hours to read and approve it.")
            return redirect("policy:proposal", made.id)
    return render(request, "policy/draft.html", {**_draft_context(row), "form": form})


def _draft_context(row: PolicyDraft) -> dict[str, object]:
    checked = drafting.check(row.parts)
    current = PolicyVersion.objects.in_force_at(clock.now()).first()
    now = clock.now()
    numbers = [
        {"key": each.key, "name": each.key.replace("_", " "), "value": shown(each)}
        for each in sorted(checked.version.parameters.rows if checked.version else (), key=lambda r: r.key)
        if each.in_force(now)
    ]
    proposed = [
        each
        for each in proposals.waiting(Action.CHANGE_POLICY)
        if each.payload["words"]["draft"] == str(row.id)
    ]
    return {
        "tab": "draft",
        "row": row,
        "checked": checked,
        "numbers": numbers,
        "proposed": proposed,
        "parts": [(part, len(row.parts.get(part, ""))) for part in PARTS],
        **compared(current.parts if current else {}, row.parts),
    }


@require_http_methods(["GET", "POST"])
def number(request: HttpRequest, draft: UUID, key: str) -> HttpResponse:
    """Another value of one number."""
    row = drafting.find(_owner(request), draft)
    version = drafting.check(row.parts).version
    now = clock.now()
    found = (
        [each for each in version.parameters.rows if each.key == key and each.in_force(now)]
        if version
        else []
    )
    if not found:
        raise NotFound()
    old = found[0]
    first = {
        "value": ", ".join(sorted(old.value)) if isinstance(old.value, frozenset) else old.value,
        "begins_on": now.astimezone(clock.city()).date().isoformat(),
        "authority": old.authority,
        "override": old.override,
    }
    form = NumberForm(old, request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            drafting.put_number(row, form.new_value())
        except BadInput as error:
            form.add_error(error.field if error.field in form.fields else None, error.sentence)
        else:
            messages.success(request, f"The draft has a new value of {key.replace('_', ' ')}.")
            return redirect("policy:draft", row.id)
    context = {
        "form": form,
        "row": row,
        "old": old,
        "since": day(old.begins),
        "name": key.replace("_", " "),
        "tab": "draft",
    }
    return render(request, "policy/number.html", context)


@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, draft: UUID, part: str) -> HttpResponse:
    """The text of one part. What was typed is kept, right or wrong; the draft's page says what is wrong."""
    row = drafting.find(_owner(request), draft)
    if part not in PARTS:
        raise NotFound()
    first = {"text": row.parts.get(part, "")}
    form = PartForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            drafting.put_parts(row, {part: form.cleaned_data["text"]})
        except BadInput as error:
            form.add_error("text", error.sentence)
        else:
            messages.success(request, f"{part} is kept.")
            return redirect("policy:draft", row.id)
    return render(request, "policy/part.html", {"form": form, "row": row, "part": part, "tab": "draft"})


@require_POST
def upload(request: HttpRequest, draft: UUID) -> HttpResponse:
    """Files with the names of parts, each in place of that part."""
    row = drafting.find(_owner(request), draft)
    files = request.FILES.getlist("parts")
    if not files:
        raise BadInput("Choose at least one file, named as its part is: order.cedar, parameters.toml...")
    texts = {}
    for file in files:
        if file.size is None or file.size > _LARGEST_FILE:
            raise BadInput(f"{file.name} is larger than a part can be.")
        try:
            texts[str(file.name)] = file.read().decode()
        except UnicodeDecodeError as error:
            raise BadInput(f"{file.name} is not text in UTF-8.") from error
    drafting.put_parts(row, texts)
    messages.success(request, f"{len(texts)} part{'' if len(texts) == 1 else 's'} replaced in the draft.")
    return redirect("policy:draft", row.id)


@require_POST
def discard(request: HttpRequest, draft: UUID) -> HttpResponse:
    """Throw a draft away that nothing waits on."""
    row = drafting.find(_owner(request), draft)
    waits = proposals.waiting(Action.CHANGE_POLICY)
    if any(each.payload["words"]["draft"] == str(row.id) for each in waits):
        raise Conflict("This draft is proposed. It can be thrown away when its proposal has run out.")
    row.delete()
    messages.success(request, "The draft is gone. What is in force has not changed.")
    return redirect("policy:in-force")
