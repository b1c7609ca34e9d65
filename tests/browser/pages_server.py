"""Serves the sample pages on loopback under the same content security policy as the real room."""

from __future__ import annotations

import mimetypes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import django
from django.conf import settings
from django.template.loader import render_to_string

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "rtcc" / "pages"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; media-src blob:; "
    "connect-src 'self' ws://{host}; worker-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def use_templates_alone() -> None:
    """Enough settings to render templates where no project settings are loaded (the preview command)."""
    if settings.configured:
        return
    settings.configure(
        INSTALLED_APPS=["django.forms", "rtcc.pages"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [PAGES / "templates"], "APP_DIRS": True}],
        FORM_RENDERER="django.forms.renderers.TemplatesSetting",
        STATIC_URL="/static/",
        USE_TZ=True,
        USE_I18N=False,
    )
    django.setup()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/look/"):
            from tests.browser.pages_samples import pages

            template, context = pages()[path.removeprefix("/look/")]
            self._answer(render_to_string(template, dict(context)).encode(), "text/html; charset=utf-8")
        elif path.startswith("/static/"):
            file = (PAGES / path.lstrip("/")).resolve()
            if file.is_relative_to(PAGES / "static") and file.is_file():
                self._answer(file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream")
            else:
                self._answer(b"no such file", "text/plain", status=404)
        else:
            self._answer(b"", "text/plain", status=404)

    def _answer(self, body: bytes, kind: str, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY.format(host=self.headers["Host"]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: a page's faults are read in the browser."""


class SampleServer:
    """`with SampleServer() as origin:` serves until the block ends."""

    def __enter__(self) -> str:
        use_templates_alone()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *fault: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
