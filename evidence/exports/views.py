"""Pages of exports. Each parses, calls one act, and renders; guard decides."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.looking import look
from evidence.exports import cards
from evidence.exports.actions.approve_export import approve_export
from evidence.exports.actions.propose_export import propose_export
from evidence.exports.actions.stop_export import stop_export
from evidence.exports.filled import initial
from evidence.exports.forms import ExportForm
from evidence.exports.handing import hand_out
from evidence.exports.package import VERIFY_HTML, VERIFY_PY, sha256
from policy.models import Person
from policy.vocabulary import Recipient
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, Refused

PAGE = 30


@never_cache
@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """Exports, the newest first, and those that wait for this person's yes."""
    person = look(request)
    rows = cards.known_to(person).for_list()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    waiting = [cards.page(row, person) for row in rows.waiting(clock.now())[:20]]
    context = {
        "page": page,
        "rows": [cards.row_of(row) for row in page.object_list],
        "waiting": [each for each in waiting if each["can_approve"]],
        "may_ask": bool(cards.bases_for(person)),
        "verifiers": _verifiers(),
    }
    return render(request, "exports/list.html", context)


def _verifiers() -> list[tuple[str, str, str]]:
    """Name, address name and SHA-256 of each verifier."""
    return [
        ("verify.html", "export-verifier-page", sha256(VERIFY_HTML.read_bytes())),
        ("verify.py", "export-verifier-file", sha256(VERIFY_PY.read_bytes())),
    ]


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for an export. ``basis``, ``camera`` (codes), ``from`` and ``to`` of the address are filled in, and
    for a request all that it says.
    """
    person = cast(Person, request.user)
    cards.known_to(person)
    bases = cards.bases_for(person)
    if request.method != "POST":
        look(request)
        begun = initial(request, bases)
        form = ExportForm(initial=begun, bases=bases)
        return render(request, "exports/form.html", _form_page(form) | {"filled": "recipient" in begun})
    form = ExportForm(request.POST, bases=bases)
    if form.is_valid():
        data = form.cleaned_data
        try:
            row = propose_export(
                by=person,
                basis=UUID(data["basis"]),
                spans=form.spans(),
                recipient_class=Recipient(data["recipient_class"]),
                recipient=data["recipient"],
                standard=data["standard"],
                reason=data["reason"],
                export=data["export"],
            )
        except (BadInput, Conflict, Refused) as error:
            name = {"spans": "cameras"}.get(
                getattr(error, "field", None) or "", getattr(error, "field", None)
            )
            form.add_error(name if name in form.fields else None, error.sentence)
        else:
            messages.success(request, "Asked for. A second person has 24 hours to approve it.")
            return redirect("export", row.id)
    return render(request, "exports/form.html", _form_page(form), status=200)


def _form_page(form: ExportForm) -> dict[str, object]:
    return {"form": form, "tiles": config.map_tiles}


@never_cache
@require_GET
def export(request: HttpRequest, export: UUID) -> HttpResponse:
    """One export: what is in it, who agreed, how far it is, and the way to approve, stop or download it."""
    person = look(request)
    row = cards.find(person, export)
    return render(request, "exports/export.html", cards.page(row, person) | {"custody": cards.custody(row)})


@never_cache
@require_GET
def state(request: HttpRequest, export: UUID) -> HttpResponse:
    """The part of the page that changes while it is made. Once somebody has said yes, and when it ends, the
    page is shown anew: its other parts say who agreed, and what may be done now.
    """
    person = look(request)
    row = cards.find(person, export)
    answer = render(request, "exports/state.html", cards.row_of(row))
    was_asked = request.GET.get("shown") == "proposed" != row.state
    if was_asked or row.state not in ("proposed", "approved", "running"):
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def approve(request: HttpRequest, export: UUID) -> HttpResponse:
    """The second person's yes."""
    approve_export(by=cast(Person, request.user), export=export)
    messages.success(request, "Approved. The package is being made.")
    return redirect("export", export)


@require_POST
def stop(request: HttpRequest, export: UUID) -> HttpResponse:
    """Stop it."""
    stop_export(by=cast(Person, request.user), export=export)
    messages.success(request, "Stopped. Nothing was handed out.")
    return redirect("export", export)


@never_cache
@require_POST
def download(request: HttpRequest, export: UUID) -> HttpResponseBase:
    """The package, byte by byte on the account of this download."""
    person = cast(Person, request.user)
    return hand_out(request, person, cards.find(person, export))


@require_GET
def verifier_page(request: HttpRequest) -> HttpResponse:
    """The verifier for the browser, to be saved and kept."""
    return _file(VERIFY_HTML.read_bytes(), "verify.html")


@require_GET
def verifier_file(request: HttpRequest) -> HttpResponse:
    """The verifier for Python."""
    return _file(VERIFY_PY.read_bytes(), "verify.py")


def _file(content: bytes, name: str) -> HttpResponse:
    # Saved and not shown: from this site its own script may not run.
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer
