"""Pages of oversight. Each parses, calls one act or reads under its permit, and renders; guard decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit import receipts
from audit.keyfiles import verifiers
from policy.actions.end_grant import end_grant
from policy.models import Person
from policy.vocabulary import Action
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, NotFound
from rtcc.oversight import choices, exporting, notices, outside, report
from rtcc.oversight.actions.ask_verification import ask_verification
from rtcc.oversight.actions.read_entry import read_entry
from rtcc.oversight.actions.view_now import view_now
from rtcc.oversight.entry_page import entry_context
from rtcc.oversight.looking import look
from rtcc.oversight.models import Verification
from rtcc.oversight.now import watching
from rtcc.oversight.question import Asked
from rtcc.oversight.tiers import Reader, reader_of
from rtcc.oversight.verification import compared


@never_cache
@require_GET
def entry(request: HttpRequest, entry: UUID) -> HttpResponse:
    """One entry: what the reader's tier may know of it, its place in the log, and its proof."""

    def permitted() -> Reader:
        return look(request, {"entry": str(entry)})[0]

    row, seen, _ = read_entry(by=cast(Person, request.user), entry=entry, permitted=permitted)
    return render(request, "oversight/entry.html", entry_context(row, seen))


@require_GET
def receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """The receipt of an entry. It names nothing: whoever has the entry's id may check that it stands."""
    text = receipts.receipt(entry)
    if text is None:
        raise Conflict("This entry waits for its place in the log. Try again in a few seconds.")
    name = f"{entry}.tlog-proof"
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@require_GET
def access_report(request: HttpRequest) -> HttpResponse:
    """Who watched what. What was asked is entered once; its pages and refreshes are the same act."""
    trouble: BadInput | None = None
    told = notices.unread(reader_of(cast(Person, request.user)))
    try:
        asked = Asked.of(request.GET.dict())
        reader, permit = look(request, asked.canonical())
        page = report.page(reader, asked)
    except BadInput as error:
        trouble, asked = error, Asked({}, None)
        reader, permit = look(request, asked.canonical())
        page = report.Page((), None, 0, 0)
    query = urlencode(asked.filters)
    context: dict[str, Any] = {
        "page": page,
        "asked": asked.filters if trouble is None else request.GET.dict(),
        "trouble": trouble,
        "told": told,
        "reader": reader,
        "permit": permit,
        "what": asked.what,
        "history": asked.history,
        "query": query,
        "next_query": urlencode({**asked.filters, "before": str(page.after)}) if page.after else "",
        "is_first": asked.before is None,
        "compared": compared(),
        "demo": config.demo,
        "tiles": config.map_tiles,
        **choices.of(reader),
    }
    return render(request, "oversight/report.html", context, status=400 if trouble else 200)


@never_cache
@require_GET
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The whole answer as a file; taking one away is an act of its own."""
    asked = Asked.of({**request.GET.dict(), "before": ""})
    reader, permit = look(request, {**asked.canonical(), "form": form})
    asked.search(reader, limit=1)
    note = f"{method_note(compared())} This file is entry {permit.entry_id}."
    name = f"access-report-{clock.now():%Y%m%d-%H%M%S}.{form}"
    if form == "csv":
        body, content_type = exporting.csv_lines(reader, asked, note), "text/csv; charset=utf-8"
    else:
        body, content_type = exporting.json_text(reader, asked, note), "application/json"
    return StreamingHttpResponse(
        body,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def method_note(run: Verification | None) -> str:
    """How far a reader may rely on the index behind a report."""
    rows = "Every row was held against its entry and the signed tree when it was read."
    if run is None or run.finished_at is None:
        return f"{rows} The index was not compared with the whole log yet."
    what = "says the same" if run.verifies else "DOES NOT say the same"
    return (
        f"{rows} Index compared with the log up to entry {run.size} at {_stamp(run.finished_at)}: it {what}."
    )


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@never_cache
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The verifications so far, and the button that asks for one."""
    if request.method == "POST":
        run = ask_verification(by=cast(Person, request.user))
        return redirect("oversight:verification", run=run.id)
    reader, _ = look(request, {"page": "verifications"}, whole=True)
    context = {
        "runs": list(Verification.objects.select_related("asked_by")[:20]),
        "under_way": Verification.objects.open().first(),
        "keys": [str(key) for key in verifiers()],
        "origin": config.origin,
        **outside.tiles_now(),
        "names": reader.names,
    }
    return render(request, "oversight/verify.html", context)


@never_cache
@require_GET
def verification(request: HttpRequest, run: UUID) -> HttpResponse:
    """One verification: how far it is, or what it found. A script polls the part that changes."""
    reader, _ = look(request, {"verification": str(run)}, whole=True)
    row = Verification.objects.select_related("asked_by").filter(id=run).first()
    if row is None:
        raise NotFound()
    part = request.headers.get("HX-Request") == "true"
    template = "oversight/verification_part.html" if part else "oversight/verification.html"
    return render(request, template, {"run": row, "names": reader.names})


@never_cache
@require_GET
def verification_json(request: HttpRequest, run: UUID) -> JsonResponse:
    """The same for programs."""
    look(request, {"verification": str(run)}, whole=True)
    row = Verification.objects.filter(id=run).first()
    if row is None:
        raise NotFound()
    return JsonResponse(
        {"id": str(row.id), "state": row.state, "done": row.done, "total": row.total, "result": row.result}
    )


@never_cache
@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """Who watches what just now; refreshed by a script every few seconds."""
    person = cast(Person, request.user)
    may_stop = view_now(by=person, session=request.session)
    part = request.headers.get("HX-Request") == "true"
    template = "oversight/now_part.html" if part else "oversight/now.html"
    context = {"rows": watching(person), "now": clock.now(), "may_stop": Action.END_GRANT in may_stop}
    return render(request, template, context)


@require_POST
def stop(request: HttpRequest, grant: UUID) -> HttpResponse:
    """Stop what is watched under a grant, and the grant with it."""
    why = request.POST.get("why", "").strip()[:200]
    if not why:
        raise BadInput("Say in a few words why it is stopped.", field="why")
    end_grant(by=cast(Person, request.user), grant=grant, why=why)
    messages.success(request, "Stopped. The last picture has gone; the end is in the log.")
    return redirect("oversight:now")
