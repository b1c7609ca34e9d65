"""A visitor of the site over HTTP: keeps cookies, sends forms as a browser would."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

# What visitors accept: a document where there is one, else the page.
BOTH = "application/json, text/html"


@dataclass(frozen=True)
class Page:
    """One answer."""

    status: int
    text: str
    location: str = ""

    def json(self) -> Any:
        return json.loads(self.text)


class Visitor:
    """One browser without scripts."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._csrf = ""

    @property
    def cookie(self) -> str:
        """The Cookie header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str, *, accept: str = BOTH) -> Page:
        return self._ask("GET", path, None, accept)

    def post(self, path: str, **fields: object) -> Page:
        """Send a form with the token of the last page; the answer is JSON where the address gives it."""
        return self._ask("POST", path, urlencode(fields, doseq=True))

    def size_of(self, path: str) -> int:
        """Bytes of an answer's body, which is not kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}", "Cookie": self.cookie})
            answer = connection.getresponse()
            assert answer.status == 200, (answer.status, answer.read(2000))
            size = 0
            while part := answer.read(65536):
                size += len(part)
        finally:
            connection.close()
        return size

    def sign_in_as(self, title: str, name: str = "") -> None:
        """By the demo's one-click page, as it is read: without knowing the database."""
        page = self.get("/sign-in/").text
        button = rf'value="([0-9a-f-]{{36}})">\s*<span class="title">{title}</span>\s*<span>{name}'
        found = re.search(button, page)
        assert found is not None, page
        assert self.post("/sign-in/demo/", person=found[1]).status == 302
        # The token changes with the sign-in.
        assert self.get("/account/sessions/").status == 200

    def sign_in(self, username: str) -> None:
        """By the demo's one-click page."""
        from policy.models import Person

        person = Person.objects.get(username=username)
        page = self.get("/sign-in/")
        assert page.status == 200, page.text
        assert self.post("/sign-in/demo/", person=person.id).status == 302
        # The token changes with the sign-in.
        assert self.get("/wall/").status == 200

    def enter(self, basis: UUID) -> list[dict[str, Any]]:
        """Enter on an incident; the tiles that the wall then shows."""
        assert self.post(f"/incidents/{basis}/watch/").status == 302
        return self.tiles()

    def watch(self, basis: UUID, *cameras: UUID) -> list[dict[str, Any]]:
        """Have a view of these cameras and no other; tiles from 0 on, all of one viewing's grant."""
        grant = self.enter(basis)[0]["grant"]
        found = []
        for number, camera in enumerate(cameras):
            answer = self.post("/live/open/", grant=grant, camera=camera, tile=number)
            assert answer.status == 200, answer.text
            found.append({"tile": number, "camera": str(camera), "grant": grant} | answer.json())
        return found

    def tiles(self) -> list[dict[str, Any]]:
        """The tiles of the wall as the page's script is given them."""
        found: list[dict[str, Any]] = self.wall()["tiles"]
        return found

    def wall(self) -> dict[str, Any]:
        """What the wall's script is given."""
        page = self.get("/wall/")
        found = re.search(r'<script id="wall-data" type="application/json">(.*?)</script>', page.text, re.S)
        assert found is not None, page.text[:2000]
        body: dict[str, Any] = json.loads(found[1])
        return body

    def fetch(self, path: str, **fields: object) -> bytes:
        """The body of a file that a form hands out."""
        status, _, body = self._exchange("POST", path, urlencode(fields, doseq=True))
        assert status == 200, (status, body[:2000])
        return body

    def _ask(self, method: str, path: str, body: str | None, accept: str = BOTH) -> Page:
        status, location, answer = self._exchange(method, path, body, accept)
        text = answer.decode()
        token = re.search(r'data-csrf="([^"]+)"|name="csrfmiddlewaretoken" value="([^"]+)"', text)
        if token is not None:
            self._csrf = token[1] or token[2]
        return Page(status, text, location)

    def _exchange(
        self, method: str, path: str, body: str | None, accept: str = BOTH
    ) -> tuple[int, str, bytes]:
        """Status, where it leads, and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        host = f"localhost:{self.port}"
        headers = {"Host": host, "Cookie": self.cookie, "Accept": accept}
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://{host}",
                "X-CSRFToken": self._csrf,
            }
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), content
