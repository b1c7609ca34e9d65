"""Which cameras an incident opens, and for which purpose."""

from __future__ import annotations

from datetime import datetime

from cameras.models import Camera
from cameras.nearest import five_nearest
from policy.vocabulary import Purpose
from rtcc.dispatch.models import Incident


def watchable(incident: Incident, at: datetime) -> list[Camera]:
    """The five nearest cameras whose field of view covers the incident's place."""
    return five_nearest((incident.lon, incident.lat), at)


def purpose_of(incident: Incident) -> Purpose:
    """The purpose that is filled in: an urgent call is a crime in progress until somebody says otherwise."""
    return Purpose.CRIME_IN_PROGRESS if incident.priority == 1 else Purpose.EMERGENCY_CALL
