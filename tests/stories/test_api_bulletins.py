"""A program sends a picture to an officer, sees what became of it, and takes it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from policy.vocabulary import Action
from rtcc.api.tokens import SCOPES
from rtcc.bulletins.actions.answer_picture import answer_picture
from rtcc.bulletins.actions.open_picture import open_picture
from rtcc.bulletins.models import Bulletin
from rtcc.bulletins.words import Answer
from tests.api import program, token_of
from tests.city import camera, city, person, said
from tests.conftest import Committed
from tests.going_back import BEGINS, CAM, watch
from tests.recorder_source import Clip
from tests.recording import clip, record, vault

__all__ = ["city", "clip", "vault"]

ROOT, JSON = "/api/v1/bulletins/", "application/json"


@pytest.mark.usefixtures("vault")
def test_a_program_sends_a_picture_and_sees_what_became_of_it(city: Committed, clip: Clip) -> None:
    record(camera(CAM), clip, BEGINS)
    grant = watch()
    ana = program(token_of("ana.mercer", *SCOPES)[1])
    whom = ana.get(f"/api/v1/grants/{grant}/recipients/").json()["recipients"]
    caleb = next(each for each in whom if each["name"] == "Caleb Marsh")
    assert program(token_of("theo.lindqvist", *SCOPES)[1]).get(
        f"/api/v1/grants/{grant}/recipients/"
    ).status_code == 404  # fmt: skip
    body: dict[str, Any] = {
        "grant": str(grant),
        "camera": str(camera(CAM).id),
        "shape": "still",
        "at": (BEGINS + timedelta(seconds=30)).isoformat(),
        "to": [caleb["id"]],
    }
    for change, field in (({"to": []}, "to"), ({"shape": "clip"}, "seconds")):
        answer = ana.post(ROOT, body | change, content_type=JSON)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    key: dict[str, Any] = {"headers": {"Idempotency-Key": "still-1"}, "content_type": JSON}
    first, again = (ana.post(ROOT, body, **key) for _ in range(2))
    assert (first.status_code, first.json()) == (201, again.json())
    sent = first.json()["sent"][0]
    row = Bulletin.objects.get()
    assert (sent["bulletin"]["id"], sent["bulletin"]["state_says"]) == (str(row.id), "Sent")
    assert row.asset is not None
    assert "#" in sent["link"]
    entry = next(each for each in said() if str(each["id"]) == sent["bulletin"]["entry"])
    assert (entry["action"], entry["recipient"].endswith("Caleb Marsh")) == ("send_picture", True)

    open_picture(by=person("caleb.marsh"), bulletin=row.id)
    answer_picture(by=person("caleb.marsh"), bulletin=row.id, answer=Answer.NOT_HIM)
    listed = ana.get(f"{ROOT}?answered=true").json()["results"]
    assert [(each["id"], each["answer"]) for each in listed] == [(str(row.id), "not_him")]
    assert sent["link"] not in str(listed)
    assert ana.get(f"{ROOT}?answered=false").json()["results"] == []

    narrow = program(token_of("ana.mercer", Action.VIEW_REGISTRY)[1])
    assert narrow.post(ROOT, body, content_type=JSON).json()["rule"] == "token-scope"
    assert narrow.post(f"{ROOT}{row.id}/revoke/").json()["rule"] == "token-scope"
    assert ana.post(f"{ROOT}{row.id}/revoke/").json()["revoked_at"]
