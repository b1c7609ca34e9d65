"""The way in for uvicorn: HTTP to Django, one WebSocket path to the wall, static files before both."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402  (apps must be loaded first)
from servestatic import ServeStaticASGI  # noqa: E402

from rtcc.live.socket import wall_socket  # noqa: E402


async def _route(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await wall_socket(scope, receive, send)
    else:
        await _django(scope, receive, send)


application = ServeStaticASGI(_route, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)
