"""A process that dies after the act and before its answer is kept: the key never does the act again."""

from __future__ import annotations

import subprocess
import sys
from signal import SIGKILL
from typing import Any

from policy.vocabulary import Action
from rtcc.api.models import Sent
from rtcc.dispatch.models import Incident
from tests.api import program, token_of
from tests.city import city, events
from tests.conftest import Committed

__all__ = ["city"]

CALL = {"kind": "fight", "priority": 2, "place": "Olive St & N 7th St", "lon": -90.192, "lat": 38.6281}
KEY: dict[str, Any] = {"headers": {"Idempotency-Key": "call-19"}, "content_type": "application/json"}
# The web process: it is killed where it begins to keep the answer, so after the commit of the act.
PROCESS = """
import os, signal, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")
import django
django.setup()
from django.db.models.signals import pre_save
from rtcc import clock
from rtcc.api.models import Sent
from tests.api import program
from tests.city import NOON
from tests.crash.test_api_sent_once import CALL, KEY

def die(instance, **words):
    if instance.status is not None:
        os.kill(os.getpid(), signal.SIGKILL)

pre_save.connect(die, sender=Sent)
with clock.set_to(NOON):
    print(program(sys.argv[1]).post("/api/v1/incidents/", CALL, **KEY).content)
"""


def test_a_key_whose_process_died_after_the_act_never_does_it_again(city: Committed) -> None:
    _, secret = token_of("ana.mercer", Action.OPEN_INCIDENT, Action.VIEW_REGISTRY)
    before = Incident.objects.count()
    died = subprocess.run(
        [sys.executable, "-c", PROCESS, secret],
        env=city.environment("app"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert died.returncode == -SIGKILL, died.stdout + died.stderr
    assert Incident.objects.count() == before + 1  # The act was committed, and nobody was told.
    assert Sent.objects.get().status is None

    for _ in range(2):
        again = program(secret).post("/api/v1/incidents/", CALL, **KEY)
        assert (again.status_code, again.json()["type"]) == (409, "about:blank#in_progress")
        assert "Look whether the thing is there" in again.json()["title"]
        assert "new key" in again.json()["title"]
    assert Incident.objects.count() == before + 1
    assert events().count("incident.opened") == 1
    # What it says to do can be done: the thing is found.
    listed = program(secret).get("/api/v1/incidents/").json()["results"]
    assert str(Incident.objects.latest("basis__opened_at").basis_id) in {each["id"] for each in listed}
