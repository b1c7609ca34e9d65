"""From an act that ends a view to the last byte of it, over the real system.

    python -m benchmarks.stopping [--trials 20]

Time runs from before the act is called, so its own transaction is in it: the commit lies a little later.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from benchmarks.words import machine, table
from tests import live_site


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    trials = parser.parse_args().trials
    print(machine())
    with live_site.standalone():
        films = {
            "cam01": live_site.small_scene(1),
            "cam11": live_site.small_scene(11),
            "cam12": live_site.small_scene(12),
        }
        with live_site.site(films) as site:
            rows = [_row(name, [trial(site) for _ in range(trials)]) for name, trial in _trials().items()]
    print(table(("ended by", "trials", "median s", "maximum s"), rows))


def _row(name: str, seconds: list[float]) -> tuple[str, ...]:
    ordered = sorted(seconds)
    return name, str(len(ordered)), f"{ordered[len(ordered) // 2]:.2f}", f"{ordered[-1]:.2f}"


def _trials() -> dict[str, Callable[[live_site.Site], float]]:
    from cameras.actions.pause_camera import pause_camera
    from cameras.actions.resume_camera import resume_camera
    from policy.actions.end_grant import end_grant
    from policy.vocabulary import Purpose
    from rtcc import clock
    from rtcc.live.models import Viewing
    from rtcc.partners.actions.answer_ask import say_yes, take_back
    from rtcc.partners.actions.ask_to_watch import ask_to_watch
    from tests.city import camera, incident, person

    def grant(site: live_site.Site) -> float:
        ruth = person("ruth.okafor")
        return _stop(site, "cam01", lambda id: end_grant(by=ruth, grant=id, why="not needed any more"))

    def pause(site: live_site.Site) -> float:
        marcus, cam11 = person("marcus.hale"), camera("cam11").id
        took = _stop(site, "cam11", lambda _: pause_camera(by=marcus, camera=cam11, why="works"))
        resume_camera(by=marcus, camera=cam11)
        return took

    def board(site: live_site.Site) -> float:
        ruth = site.sign_in("ruth.okafor")

        def press(_: UUID) -> None:
            viewing = Viewing.objects.wanted().of_person(person("ana.mercer").id).latest("opened_at")
            answer = ruth.post(f"/board/viewings/{viewing.permit_id}/stop/")
            assert answer.status == 302, answer.text

        return _stop(site, "cam01", press)

    def consent(site: live_site.Site) -> float:
        ana, marcus, now = person("ana.mercer"), person("marcus.hale"), clock.now()
        asked = ask_to_watch(
            by=ana, basis=incident().basis_id, purpose=Purpose.CRIME_IN_PROGRESS, camera=camera("cam12").id,
            starts_at=now, ends_at=now + timedelta(hours=1), note="Two persons on foot",
        )  # fmt: skip
        say_yes(by=marcus, ask=asked.id)
        return _stop(site, "cam12", lambda _: take_back(by=marcus, ask=asked.id))

    return {
        "a supervisor ends the grant": grant,
        "a supervisor presses Stop on the board": board,
        "a partner pauses its camera": pause,
        "a partner takes its yes back": consent,
    }


def _stop(site: live_site.Site, code: str, act: Callable[[UUID], object]) -> float:
    """Watch one camera, end it, and wait three seconds for a byte that should not come."""
    from tests.city import camera, incident
    from tests.protocol_client import WallClient

    visitor = site.sign_in("ana.mercer")
    [asked] = visitor.watch(incident().basis_id, camera(code).id)
    client = WallClient(site.port, visitor.cookie, keep=False)
    tile = client.open(0, asked["viewing"], asked["camera"])
    client.wait_for_pictures(tile, 10)
    began = time.monotonic()
    act(UUID(asked["grant"]["id"]))
    client.wait(lambda: tile.ended, 10, "the end")
    time.sleep(max(0.0, began + 3 - time.monotonic()))
    client.leave()
    return tile.last_at - began


if __name__ == "__main__":
    main()
