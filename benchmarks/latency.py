"""How late a live picture is: the clock camera burns in the time at which each picture was drawn, and the
protocol client reads it off what it received. Encoding and the camera's own sending are in it; the browser's
own buffer (a third of a second, `wall/stream.js`) is not.

    python -m benchmarks.latency [--seconds 30]
"""

from __future__ import annotations

import argparse
import time

from benchmarks.words import machine, percentile, table
from tests import live_site


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    seconds = parser.parse_args().seconds
    print(machine())
    with live_site.standalone():
        with live_site.site({"cam02": live_site.small_scene(2)}, clock_camera=True) as site:
            late_ms, first_s = measure(site, seconds)
    head = ("pictures", "first s", "p50 ms", "p95 ms", "maximum ms")
    figures = [f"{percentile(late_ms, share):.0f}" for share in (0.5, 0.95, 1.0)]
    print(table(head, [(str(len(late_ms)), f"{first_s:.2f}", *figures)]))


def measure(site: live_site.Site, seconds: float) -> tuple[list[float], float]:
    """Milliseconds from drawing to receipt, per picture; and seconds from asking to the first one."""
    from tests.city import camera, incident
    from tests.protocol_client import WallClient, bar_codes

    show_clock()
    visitor = site.sign_in("ana.mercer")
    [asked] = visitor.watch(incident().basis_id, camera("cam01").id)
    client = WallClient(site.port, visitor.cookie)
    # The recorder reads the registry every two seconds; what it connects first is what stood there before.
    first = client.open(1, asked["viewing"], asked["camera"])
    client.wait_for_pictures(first, 20, 60)
    client.close_tile(1)
    asked_s = time.monotonic()
    tile = client.open(0, asked["viewing"], asked["camera"])
    client.wait(lambda: tile.chunks)
    first_s = tile.chunks[0].at - asked_s
    time.sleep(seconds)
    client.leave()
    return lateness([chunk.at for chunk in tile.chunks], bar_codes(tile)), first_s


def lateness(received_s: list[float], drawn_unix_ms: list[int]) -> list[float]:
    """Both in the order of pictures: this camera reorders none. The first group came from memory and is left
    out.
    """
    ahead_s = time.time() - time.monotonic()
    pairs = zip(received_s, drawn_unix_ms, strict=True)
    return [(at + ahead_s) * 1000 - drawn for at, drawn in list(pairs)[40:]]


def show_clock() -> None:
    """cam01 is the clock from now on."""
    from django.db import transaction

    from audit.record import record
    from audit.vocabulary import Event
    from cameras.models import Stream
    from tests.city import camera

    with transaction.atomic():
        record(Event.CAMERA_CHANGED, actor="system:benchmark")
        Stream.objects.filter(camera=camera("cam01")).update(path="/clock")


if __name__ == "__main__":
    main()
