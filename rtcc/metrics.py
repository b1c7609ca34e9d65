"""`/metrics` for Prometheus (text exposition format): how the system is doing, in numbers.

No label names a person, a basis or a camera: what people do stands in the log, where reading it is an act.
Answered on the machine itself, or to an operator's API token with the scope for it; to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseFailure
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from audit import standing as log_standing
from evidence.exports.models import Export
from evidence.exports.states import ExportState
from evidence.models import Disposition, Gap, Playback, Segment
from evidence.records.models import Request
from policy import offers
from policy.facts import SYSTEM
from policy.models import DenialMinute, Person
from policy.vocabulary import Action
from rtcc import clock
from rtcc.errors import NotFound
from rtcc.health import State, health
from rtcc.live.models import Viewing
from rtcc.oversight.models import Verification

HOUR = timedelta(hours=1)
_LEVEL: dict[State, int] = {State.OK: 0, State.WARNING: 1, State.FAILED: 2}
# Numbers of the status page that stand as they are: part, its number, the metric, and what it says.
_OF_PARTS = (
    ("recorder", "cameras_up", "watchlight_cameras_up", "cameras that send pictures"),
    ("recorder", "cameras_total", "watchlight_cameras_recorded", "cameras that are to be recorded"),
    ("sequencer", "size", "watchlight_log_entries", "entries that have their place in the log"),
    ("sequencer", "waiting", "watchlight_log_waiting", "entries that wait for their place"),
    ("sequencer", "oldest_waiting_s", "watchlight_log_oldest_waiting_seconds", "how long the oldest waits"),
    ("sequencer", "alarms", "watchlight_log_alarms", "contradictions that the sequencer reports"),
    ("store", "free_bytes", "watchlight_disk_free_bytes", "free space of the footage store"),
    (
        "store",
        "disk_days_left",
        "watchlight_disk_days_left",
        "days until it is full; none where it does not grow",
    ),
    ("worker", "beat_age_s", "watchlight_beat_age_seconds", "since the background work last showed itself"),
    ("database", "answer_ms", "watchlight_database_answer_milliseconds", "how long the database took"),
)


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value=value)


class Room(Collector):
    """All numbers, read anew at each scrape; those of the parts at most two seconds old."""

    def collect(self) -> Iterator[Metric]:
        found = health()
        parts = {part.name: part for part in found.parts}
        states = GaugeMetricFamily(
            "watchlight_part_state", "0 works, 1 needs care, 2 does not work", labels=["part"]
        )
        for part in found.parts:
            states.add_metric([part.name], _LEVEL[part.state])
        yield states
        for name, number, metric, says in _OF_PARTS:
            value = parts[name].numbers.get(number) if name in parts else None
            if value is not None:
                yield _gauge(metric, says, float(value))
        try:
            yield from [*_witnesses(), *_footage(), *_people(), *_jobs()]
        except DatabaseFailure:
            # The state of the part `database` says it; what it would have counted is left out.
            return


def _witnesses() -> Iterator[Metric]:
    now_s = clock.now().timestamp()
    ages = GaugeMetricFamily(
        "watchlight_witness_age_seconds", "since this witness last cosigned", labels=["witness"]
    )
    for one in log_standing.standing().witnesses:
        if one.cosigned_s is not None:
            ages.add_metric([one.name], now_s - one.cosigned_s)
    yield ages


def _footage() -> Iterator[Metric]:
    now = clock.now()
    segments = Segment.objects.overlapping(now - HOUR, now).aggregate(Sum("ciphertext_bytes"))
    yield _gauge(
        "watchlight_recorded_last_hour_bytes",
        "footage sealed in the last hour",
        segments["ciphertext_bytes__sum"] or 0,
    )
    yield _gauge("watchlight_gaps_open", "cameras with a gap that goes on", Gap.objects.open().count())
    yield _gauge(
        "watchlight_gaps_last_hour",
        "gaps in the last hour",
        Gap.objects.overlapping(now - HOUR, now).longer_than_nothing().count(),
    )


def _people() -> Iterator[Metric]:
    denied = DenialMinute.objects.filter(minute__gte=clock.now() - HOUR).aggregate(Sum("seen"))
    yield _gauge("watchlight_denials_last_hour", "refusals in the last hour", denied["seen__sum"] or 0)
    running = GaugeMetricFamily("watchlight_views_running", "views that go on", labels=["kind"])
    running.add_metric(["live"], Viewing.objects.open().count())
    running.add_metric(["recorded"], Playback.objects.open().count())
    yield running


def _jobs() -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "watchlight_jobs",
        "work that is not at its end; overdue and holds are open too",
        labels=["kind", "state"],
    )
    for kind, rows in (
        ("verification", Verification.objects.open()),
        ("destruction", Disposition.objects.begun()),
    ):
        for state, count in rows.order_by().values_list("state").annotate(Count("id")):
            jobs.add_metric([kind, state], count)
    now = clock.now()
    exports, requests = Export.objects, Request.objects
    for kind, state, found in (
        ("export", "waiting", exports.waiting(now)),
        ("export", "approved", exports.filter(state=ExportState.APPROVED)),
        ("export", "running", exports.filter(state=ExportState.RUNNING)),
        ("request", "open", requests.open()),
        ("request", "overdue", requests.for_list().overdue_at(now)),
        ("request", "hold_to_confirm", requests.hold_waits()),
    ):
        jobs.add_metric([kind, state], found.count())
    yield jobs


def answer() -> HttpResponse:
    """What a scrape is given."""
    registry = CollectorRegistry()
    registry.register(Room())
    response = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """To an operator; who asks from the machine itself is answered before it comes here."""
    person = request.user
    if not isinstance(person, Person) or not offers.is_offered(person, Action.ADMINISTER, SYSTEM):
        raise NotFound()
    return answer()
