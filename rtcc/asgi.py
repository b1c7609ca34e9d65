"""The way in for uvicorn: HTTP to Django, WebSockets to wall and telephone, files that are handed in to
their door, static files before all.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402  (apps must be loaded first)
from servestatic import ServeStaticASGI  # noqa: E402

from rtcc.api.handing_in import PROGRAM  # noqa: E402
from rtcc.body import bounded  # noqa: E402
from rtcc.bulletins.socket import PATH as PHONE  # noqa: E402
from rtcc.bulletins.socket import phone_socket  # noqa: E402
from rtcc.config import config  # noqa: E402
from rtcc.live.socket import wall_socket  # noqa: E402
from rtcc.partners.receive import PAGE  # noqa: E402
from rtcc.proxies import behind  # noqa: E402


async def _route(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        serve = phone_socket if scope["path"] == PHONE else wall_socket
        await serve(scope, receive, send)
    else:
        door = next((each for each in (PAGE, PROGRAM) if each.is_for(scope)), bounded(_django))
        await door(scope, receive, send)


_whole = ServeStaticASGI(_route, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)
application = behind(_whole, config.proxies)
