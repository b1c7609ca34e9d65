"""The way in for uvicorn: HTTP to Django, WebSockets to wall and telephone, one door for files that are
handed in, static files before all.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402  (apps must be loaded first)
from servestatic import ServeStaticASGI  # noqa: E402

from rtcc.body import bounded  # noqa: E402
from rtcc.bulletins.socket import PATH as PHONE  # noqa: E402
from rtcc.bulletins.socket import phone_socket  # noqa: E402
from rtcc.config import config  # noqa: E402
from rtcc.live.socket import wall_socket  # noqa: E402
from rtcc.partners.receive import is_upload, receive_upload  # noqa: E402
from rtcc.proxies import behind  # noqa: E402


async def _route(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        serve = phone_socket if scope["path"] == PHONE else wall_socket
        await serve(scope, receive, send)
    elif is_upload(scope):
        await receive_upload(scope, receive, send)
    else:
        await bounded(_django)(scope, receive, send)


_whole = ServeStaticASGI(_route, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)
application = behind(_whole, config.proxies)
