"""The public form, and the receipt behind its secret link. Nobody is signed in here, or named in an entry."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from audit import receipts
from evidence.records import cards, tokens
from evidence.records.actions.open_request import open_public_request
from evidence.records.forms import PublicForm
from evidence.records.models import Request
from rtcc.config import config
from rtcc.errors import BadInput, Conflict, NotFound


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form. The footage is held before the receipt is shown."""
    form = PublicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = open_public_request(asking=form.asking(), address=request.META.get("REMOTE_ADDR", ""))
        except BadInput as error:
            form.take(error)
        else:
            return redirect("request:receipt", token=tokens.token_of(row.form_key))
    context = {
        "form": form,
        "map": cards.map_of(),
        "tiles": config.map_tiles,
        "zone": config.city_zone.key,
        "room_zone": config.city_zone.key,
    }
    # Without `no-referrer`: a browser would send the form with "Origin: null", which no token can mend.
    return render(request, "records/public_form.html", context)


def _of(token: str) -> Request:
    """The request of a link. Raises NotFound."""
    rows = Request.objects.for_list().prefetch_related("cameras")
    row: Request | None = rows.filter(secret_hash=tokens.hash_of(token)).first()
    if row is None:
        raise NotFound("This link leads nowhere. Copy it once more, whole, or call the records office.")
    return row


@login_not_required
@never_cache
@require_GET
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """Number, state and due date; for a "no record" what proves it."""
    row = _of(token)
    link = request.build_absolute_uri()
    return _private(
        render(request, "records/receipt.html", cards.receipt_page(row) | {"token": token, "link": link})
    )


@login_not_required
@never_cache
@require_GET
def entry_receipt(request: HttpRequest, token: str, entry: UUID) -> HttpResponse:
    """The receipt of an entry that the answer cites, for whoever has the link."""
    if str(entry) not in cards.entries_of(_of(token)):
        raise NotFound()
    text = receipts.receipt(entry)
    if text is None:
        raise Conflict("This entry waits for its place in the log. Try again in a few seconds.")
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{entry}.tlog-proof"'},
    )


def _private(response: HttpResponse) -> HttpResponse:
    """The link is a secret: no other page is told where somebody came from."""
    response["Referrer-Policy"] = "no-referrer"
    return response
