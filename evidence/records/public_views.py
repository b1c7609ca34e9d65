"""The public form, and the receipt behind its secret code. Nobody is signed in here, or named in an entry.

The code travels in bodies alone: in the link it stands after `#`, which no server is sent.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit import receipts
from evidence.records import receipt as shown
from evidence.records import tokens, tries
from evidence.records.actions.open_request import open_public_request
from evidence.records.actions.withdraw_request import withdraw_request
from evidence.records.forms import PublicForm, public_initial
from evidence.records.models import Request
from policy import publish
from rtcc import clock
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, NotFound

NO_SUCH = "There is no receipt of this code. Look at each letter once more, or call the records office."


def _common() -> dict[str, Any]:
    return {"demo": config.demo, "here": "ask", "room_zone": config.city_zone.key}


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form, and in answer to it the receipt. The footage is held before the receipt is shown. Sent again,
    by a second press or by loading the page anew, it is the same request and the same receipt.
    """
    form = PublicForm(request.POST or None, initial=public_initial(request.GET))
    if request.method == "POST" and form.is_valid():
        try:
            row = open_public_request(asking=form.asking(), address=_address(request))
        except BadInput as error:
            form.take(error)
        else:
            return _receipt(request, row, form.cleaned_data["code"], is_new=True)
    now = clock.now()
    days = publish.active().parameters
    context = _common() | {
        "form": form,
        "tiles": config.map_tiles,
        "answer_days": days.count("request_answer", now) if days.has("request_answer") else None,
    }
    return render(request, "records/public_form.html", context)


def _receipt(request: HttpRequest, row: Request, code: str, *, is_new: bool = False) -> HttpResponse:
    fresh = Request.objects.for_list().select_related("narrowed_to").get(basis_id=row.basis_id)
    return render(request, "records/receipt.html", _common() | shown.page(fresh, code) | {"is_new": is_new})


def _of(request: HttpRequest) -> Request:
    """The request of the code that was sent. Raises NotFound, TooMany."""
    tries.check(_address(request))
    code = request.POST.get("code", "")[:200]
    row: Request | None = None
    if tokens.plain(code):
        rows = Request.objects.for_list().select_related("narrowed_to")
        row = rows.filter(secret_hash=tokens.hash_of(code)).first()
    if row is None:
        tries.note_wrong(_address(request))
        raise NotFound(NO_SUCH)
    return row


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def receipt(request: HttpRequest) -> HttpResponse:
    """A page that knows nothing until the code is sent: by its script from the link, or typed."""
    if request.method != "POST":
        return render(request, "records/receipt_code.html", _common())
    try:
        row = _of(request)
    except NotFound as error:
        context = _common() | {"fault": error.sentence, "typed": request.POST.get("code", "")[:60]}
        return render(request, "records/receipt_code.html", context, status=404)
    return _receipt(request, row, request.POST["code"])


@login_not_required
@never_cache
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Asked first, then done."""
    row = _of(request)
    if request.POST.get("sure") != "yes":
        context = _common() | shown.page(row, request.POST["code"])
        return render(request, "records/receipt_withdraw.html", context)
    withdraw_request(request=row.basis_id)
    return _receipt(request, row, request.POST["code"])


@login_not_required
@never_cache
@require_POST
def entry_receipt(request: HttpRequest, entry: UUID) -> HttpResponse:
    """The receipt of an entry that the answer cites, for whoever has the code."""
    if str(entry) not in shown.entries_of(_of(request)):
        raise NotFound()
    text = receipts.receipt(entry)
    if text is None:
        raise Conflict("This entry waits for its place in the log. Try again in a few seconds.")
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{entry}.tlog-proof"'},
    )
