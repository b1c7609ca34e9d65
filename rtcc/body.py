"""How long a request may be. Django writes a whole body into a temporary file before anybody asks who sent
it.
"""

from __future__ import annotations

from typing import Any

# The longest form is a CSV file of cameras. Footage comes in by its own door (`rtcc.partners.receive`).
MOST_BYTES = 16 << 20
_SAYS = b"This is longer than anything that is sent here. Nothing of it was kept.\n"


def bounded(application: Any, most: int = MOST_BYTES) -> Any:
    """An ASGI application that answers 413 to a longer body, by its stated length or at the byte too many."""

    async def run(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"")
        if said.isdigit() and int(said) > most:
            await _refuse(send)
            return
        got, refused = 0, False

        async def counted() -> Any:
            nonlocal got, refused
            message = await receive()
            got += len(message.get("body", b""))
            if got > most:
                if not refused:
                    refused = True
                    await _refuse(send)
                # Django drops what it has so far, and sends nothing more.
                return {"type": "http.disconnect"}
            return message

        await application(scope, counted, send)

    return run


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _SAYS})
