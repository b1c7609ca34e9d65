"""Pages of the registry. Each parses, calls one act, and renders or redirects; guard decides.

Templates and what they are given (`Card` is `cameras.cards.Card`):
  cameras/list.html       cameras (Cards of this page), places (for the map), page, q, query, can_register
  cameras/detail.html     camera (Card), places, row (Camera), health, streams, placements, can_change,
                          can_test, can_pause, can_resume, tested: None or {ok, sentence, still, entry}
  cameras/form.html       form, title, button, back (name of an address), code (its argument, or None)
  cameras/import.html     form, reading: None or {cameras, errors: [{row, column, sentence}]}, columns,
                          required
  cameras/agreement.html  agreement, terms (AgreementTerms), said (in words), cameras, in_force, can_change,
                          only_narrow, form
"""

from __future__ import annotations

import base64
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cameras.actions.change_agreement import change_agreement
from cameras.actions.change_camera import CameraChange, change_camera
from cameras.actions.pause_camera import pause_camera
from cameras.actions.register_camera import register_camera
from cameras.actions.resume_camera import resume_camera
from cameras.actions.test_stream import Tested, test_stream
from cameras.csv_import import COLUMNS, REQUIRED, Reading, read
from cameras.forms import AgreementForm, CameraForm, ChangeForm, ImportForm, MoveForm, ReasonForm, StreamForm
from cameras.looking import look
from cameras.pages import (
    agreement_page,
    camera_page,
    initial_of_move,
    initial_of_stream,
    initial_of_terms,
    list_page,
)
from cameras.vocabulary import StreamRole
from cameras.writing import find_agreement_by_code, find_camera_by_code
from policy.models import Person
from rtcc.errors import BadInput, Conflict

PAGE = 25


@require_GET
def camera_list(request: HttpRequest) -> HttpResponse:
    """All cameras, or those that match ``q``, a page at a time."""
    person = look(request)
    query = request.GET.get("q", "").strip()[:100]
    rows, more = list_page(person, query)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    more_pages = urlencode({"q": query}) + "&" if query else ""
    context = {**more(page.object_list), "page": page, "q": query, "query": more_pages}
    return render(request, "cameras/list.html", context)


@require_GET
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One camera: where it stands, on which terms, what it carries and how it is."""
    person = look(request)
    return render(request, "cameras/detail.html", camera_page(person, find_camera_by_code(code).id))


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register one camera by a form."""
    look(request)
    form = CameraForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with _saying(form):
            camera = register_camera(by=cast(Person, request.user), details=form.details())
            messages.success(request, f"{camera.name} is registered. Connect to its stream next.")
            return redirect("cameras:detail", code=camera.code)
    return _form(request, form, "Register a camera", "Register", "cameras:list")


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Change name, purpose, recording or retention."""
    look(request)
    camera = find_camera_by_code(code)
    initial = {name: getattr(camera, name) for name in ("name", "purpose", "recording", "retention_class")}
    return _change(request, code, ChangeForm(request.POST or None, initial=initial), f"Change {camera.name}")


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, code: str) -> HttpResponse:
    """Give a camera another placement from now on."""
    look(request)
    camera = find_camera_by_code(code)
    form = MoveForm(request.POST or None, initial=initial_of_move(camera))
    return _change(request, code, form, f"Move {camera.name}")


@require_http_methods(["GET", "POST"])
def stream(request: HttpRequest, code: str) -> HttpResponse:
    """Give a camera another address, path or password."""
    look(request)
    camera = find_camera_by_code(code)
    form = StreamForm(request.POST or None, initial=initial_of_stream(camera))
    return _change(request, code, form, f"Streams of {camera.name}")


def _change(request: HttpRequest, code: str, form: Any, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        with _saying(form):
            camera = find_camera_by_code(code)
            change_camera(by=cast(Person, request.user), camera=camera.id, change=form.change())
            messages.success(request, "Changed.")
            return redirect("cameras:detail", code=code)
    return _form(request, form, title, "Save", "cameras:detail", code)


@require_POST
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Retire a camera: from now on nothing is expected of it."""
    camera = find_camera_by_code(code)
    why = _why(request)
    change_camera(
        by=cast(Person, request.user), camera=camera.id, change=CameraChange(retire=True), reason=why
    )
    messages.success(request, f"{camera.name} is retired.")
    return redirect("cameras:detail", code=code)


@require_POST
def pause(request: HttpRequest, code: str) -> HttpResponse:
    """The owner pauses a camera."""
    camera = find_camera_by_code(code)
    pause_camera(by=cast(Person, request.user), camera=camera.id, why=_why(request))
    messages.success(request, f"{camera.name} is paused: its pictures stop for everybody.")
    return redirect("cameras:detail", code=code)


@require_POST
def resume(request: HttpRequest, code: str) -> HttpResponse:
    """The owner lets a camera go on."""
    camera = find_camera_by_code(code)
    resume_camera(by=cast(Person, request.user), camera=camera.id, why=_why(request))
    messages.success(request, f"{camera.name} goes on.")
    return redirect("cameras:detail", code=code)


@require_POST
def test(request: HttpRequest, code: str) -> HttpResponse:
    """Connect to a stream and show what it carries; the still is in this answer and nowhere else."""
    camera = find_camera_by_code(code)
    role = StreamRole.LIVE if request.POST.get("role") == StreamRole.LIVE else StreamRole.RECORD
    tested = test_stream(by=cast(Person, request.user), camera=camera.id, role=role)
    page = camera_page(cast(Person, request.user), camera.id)
    return render(request, "cameras/detail.html", {**page, "tested": _tested(tested)})


def _tested(tested: Tested) -> dict[str, Any]:
    still = tested.found.still if tested.found else b""
    return {
        "ok": tested.found is not None,
        "sentence": tested.sentence,
        "still": "data:image/jpeg;base64," + base64.b64encode(still).decode() if still else "",
        "entry": tested.entry_id,
    }


@require_http_methods(["GET", "POST"])
def agreement(request: HttpRequest, code: str) -> HttpResponse:
    """An agreement's terms, and the form that changes them."""
    person = look(request)
    row = find_agreement_by_code(code)
    form = AgreementForm(request.POST or None, agreement=row, initial=initial_of_terms(row))
    if request.method == "POST" and form.is_valid():
        with _saying(form):
            change_agreement(by=person, agreement=row.id, terms=form.terms())
            messages.success(request, "The terms are changed from now on.")
            return redirect("cameras:agreement", code=code)
    return render(request, "cameras/agreement.html", {**agreement_page(person, row), "form": form})


@require_http_methods(["GET", "POST"])
def import_csv(request: HttpRequest) -> HttpResponse:
    """Look through a CSV file of cameras; register them when asked to and nothing is wrong."""
    look(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    reading: Reading | None = None
    if request.method == "POST" and form.is_valid():
        with _saying(form):
            reading = read(form.cleaned_data["file"].read())
            if form.cleaned_data["register"] and not reading.errors:
                for details in reading.cameras:
                    register_camera(by=cast(Person, request.user), details=details, reason="from a CSV file")
                messages.success(request, f"{len(reading.cameras)} cameras are registered.")
                return redirect("cameras:list")
    context = {"form": form, "reading": reading, "columns": COLUMNS, "required": REQUIRED}
    return render(request, "cameras/import.html", context)


def _why(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise BadInput("The reason has at most 200 characters.", field="why")
    return str(form.cleaned_data["why"])


class _saying:
    """Puts what an act finds wrong beside the field that it names, instead of on a page of its own."""

    def __init__(self, form: forms.Form) -> None:
        self.form = form

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, BadInput | Conflict):
            return False
        self.form.add_error(error.field if error.field in self.form.fields else None, error.sentence)
        return True


def _form(
    request: HttpRequest, form: forms.Form, title: str, button: str, back: str, code: str | None = None
) -> HttpResponse:
    context = {"form": form, "title": title, "button": button, "back": back, "code": code}
    status = 400 if form.errors else 200
    return render(request, "cameras/form.html", context, status=status)
