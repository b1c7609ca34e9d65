"""The log as outsiders read it: files, exactly as they were published (C2SP tlog-tiles v0.1.0)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit.keyfiles import verifiers
from audit.tiles import is_tile_path
from rtcc.config import config
from rtcc.errors import NotFound

TEXT = "text/plain; charset=utf-8"
TILE = "application/octet-stream"
# Nobody is shown an old head for long, and a cache still helps (tlog-tiles, "Checkpoints").
CHECKPOINT_CACHE = "public, max-age=2"
IMMUTABLE_CACHE = "public, max-age=31536000, immutable"


def _file(path: Path, content_type: str, cache_control: str) -> HttpResponse:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound from error
    return HttpResponse(
        data,
        content_type=content_type,
        headers={"Cache-Control": cache_control, "Access-Control-Allow-Origin": "*"},
    )


@login_not_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest signed checkpoint, with the cosignatures it has."""
    return _file(config.tiles_dir / "checkpoint", TEXT, CHECKPOINT_CACHE)


@login_not_required
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or entry bundle; only the one proper spelling of a path is answered."""
    if not is_tile_path(path):
        raise NotFound
    return _file(config.tiles_dir / "tile" / path, TILE, IMMUTABLE_CACHE)


@cache
def _vkeys() -> str:
    return "".join(f"{key}\n" for key in verifiers())


@login_not_required
@require_safe
def vkey(request: HttpRequest) -> HttpResponse:
    """The verifier keys: the log's in the first line, one line per witness after it."""
    return HttpResponse(
        _vkeys(),
        content_type=TEXT,
        headers={"Cache-Control": CHECKPOINT_CACHE, "Access-Control-Allow-Origin": "*"},
    )
