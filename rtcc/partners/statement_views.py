"""The monthly statement as a page and as files."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from rtcc.errors import BadInput
from rtcc.partners import statement as statements
from rtcc.partners.accesses import Month, months_back
from rtcc.partners.looking import look_at_own
from rtcc.partners.statement import Statement, statement_of

MONTHS = 13
_FORMS: dict[str, tuple[str, Callable[[Statement], str | bytes]]] = {
    "csv": ("text/csv; charset=utf-8", statements.as_csv),
    "json": ("application/json", lambda made: json.dumps(statements.as_document(made))),
    "pdf": ("application/pdf", statements.as_pdf),
    "zip": ("application/zip", statements.as_proofs),
}


@never_cache
@require_GET
def statement(request: HttpRequest) -> HttpResponse:
    """One month on a page."""
    trouble: BadInput | None = None
    try:
        month = Month.of(request.GET.get("month", ""))
    except BadInput as error:
        trouble, month = error, Month.of("")
    reader, permit = look_at_own(request, {"statement": str(month)})
    made = Statement((), month, ())
    if permit is not None and trouble is None:
        try:
            made = statement_of(reader, month)
        except BadInput as error:
            trouble = error
    context = {
        "statement": made,
        "months": [(str(each), each.title) for each in months_back(MONTHS)],
        "trouble": trouble,
        "permit": permit,
    }
    return render(request, "partners/statement.html", context, status=400 if trouble else 200)


@never_cache
@require_GET
def statement_file(request: HttpRequest, form: str) -> HttpResponse:
    """One month as a file; taking it away is a question of its own."""
    month = Month.of(request.GET.get("month", ""))
    reader, permit = look_at_own(request, {"statement": str(month), "form": form})
    made = statement_of(reader, month) if permit else Statement((), month, ())
    content_type, make = _FORMS[form]
    name = f"statement-{month}{'-proofs' if form == 'zip' else ''}.{form}"
    return HttpResponse(
        make(made),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
