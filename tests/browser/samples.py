"""Contexts with which every page template can be looked at alone, without a database.

They are the templates' contract by example: each key named in a template's opening comment stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

NOW = datetime(2026, 11, 22, 20, 3, 22, tzinfo=UTC)
ENTRY = "01935d3a-7c1e-7b52-9f0a-4be1c0d2a771"
CAMERA = "01935d3a-0000-7000-8000-000000000001"


TO_WHOM = {
    "basis": "26-118402",
    "recipients": [{"id": "p1", "name": "Caleb Marsh", "unit": "2A14", "patrol": ""}],
}

# What the strip of pictures that were sent shows: one that waits for its officer.
SENT = [
    {
        "id": "b1", "what": "Still", "to": "Caleb Marsh", "unit": "2A14", "word": "sent", "level": "warn",
        "open": True, "answered_at": None,
    },
]  # fmt: skip


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


def ahead(**parts: float) -> datetime:
    return NOW + timedelta(**parts)


NAV = [
    {"label": "Wall", "url": "/wall", "icon": "grid-1x2", "current": True},
    {"label": "Incidents", "url": "/incidents", "icon": "broadcast", "count": 3},
    {"label": "Cameras", "url": "/cameras", "icon": "camera-video"},
    {"label": "Due", "url": "/due", "icon": "hourglass-split", "count": 1},
    {"label": "Retention", "url": "/retention", "icon": "trash3"},
    {"label": "Access report", "url": "/report", "icon": "journal-text"},
]
ROOM: dict[str, Any] = {
    "nav": {"first": NAV[:4], "more": NAV[4:], "within": ""},
    "who": {
        "name": "Dana Whitfield",
        "role_title": "Analyst",
        "organisation": "Metropolitan Police",
        "sign_out_url": "/out",
    },
    "banners": [
        {
            "level": "warning",
            "sentence": "Demonstration data. Nobody outside this machine is a witness of the log yet.",
            "url": "/status",
            "action": "What that means",
        }
    ],
    "room_zone": "America/Chicago",
    "csrf_token": "sample",
}
PUBLIC: dict[str, Any] = {"csrf_token": "sample", "room_zone": "America/Chicago"}

REFUSAL = {
    "sentence": (
        "This camera belongs to Gateway Parking, "
        "which shares it with the department only from 18:00 to 06:00."
    ),
    "rule": "agreements.hours",
    "citation": "Agreement GP-2026-03, section 4; Executive Order 78, section 2.1",
    "way_out": (
        "Watch it after 18:00 today, ask Gateway Parking to open it for this incident, "
        "or use a city camera of the same corner: Market and 8th, North."
    ),
    "entry_id": ENTRY,
    "entry_url": "/entry",
}
PEOPLE = [
    (
        "Analyst",
        "Dana Whitfield",
        "Metropolitan Police",
        "Watches live under an incident, marks and goes back.",
    ),
    ("Supervisor", "Marcus Boone", "Metropolitan Police", "Approves, renews, releases locked accounts."),
    (
        "Records officer",
        "Irene Castellanos",
        "Metropolitan Police",
        "Places holds and answers for what is destroyed.",
    ),
    ("Legal reviewer", "Thomas Adeyemi", "City Counselor's Office", "Reads policy and releases holds."),
    ("Auditor", "Ruth Lindqvist", "Comptroller's Office", "Sees every entry with names, and proves them."),
    (
        "Outside reviewer",
        "Samuel Ortiz",
        "Civil Liberties Union",
        "Sees every entry without names, and proves them.",
    ),
    ("Partner", "Lee Park", "Gateway Parking", "Opens, pauses and follows the use of its own cameras."),
    ("Policy owner", "Angela Reyes", "Board of Police", "Changes the rules, with notice."),
    ("Operator", "Chris Novak", "City IT", "Registers cameras, tests streams, keeps them up."),
    ("Officer", "Jordan Ellis", "Metropolitan Police", "Patrol; may see little here, and is told why."),
]


class SignIn(forms.Form):
    username = forms.CharField(label="User name")
    password = forms.CharField(widget=forms.PasswordInput)


class Code(forms.Form):
    code = forms.CharField(
        label="Code",
        help_text="Six digits.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


def wall(socket: str) -> dict[str, Any]:
    corners = [
        "Market and 8th",
        "Washington and 14th",
        "Olive and 11th",
        "Chestnut and Tucker",
        "Pine and 4th",
        "Broadway and Locust",
    ]
    cameras = [
        {
            "id": f"01935d3a-0000-7000-8000-{n:012d}",
            "code": f"cam-{n:03d}",
            "name": f"{corners[n % 6]}, {('North', 'South', 'East', 'West')[n % 4]}",
            "site": f"{corners[n % 6]}",
            "owner": "City of St. Louis" if n % 3 else "Gateway Parking",
            "owner_class": "public" if n % 3 else "partner",
            "state": ("up", "up", "up", "down", "paused", "up")[n % 6],
            "note": "" if n % 3 else "Open to the department 18:00 to 06:00",
        }
        for n in range(1, 13)
    ]
    now = datetime.now(UTC)  # the browser counts down against its own clock
    grants = [
        {
            "id": "g1",
            "basis": "I-2026-0142",
            "basis_kind": "incident",
            "title": "Shots heard, Market and 8th",
            "purpose": "Crime in progress",
            "state": "verified",
            "expires_at": (now + timedelta(minutes=48)).isoformat(),
            "renewable": True,
        },
        {
            "id": "g2",
            "basis": "I-2026-0145",
            "basis_kind": "incident",
            "title": "Missing child, Kiener Plaza",
            "purpose": "Missing person",
            "state": "pending",
            "expires_at": (now + timedelta(minutes=4, seconds=10)).isoformat(),
            "renewable": True,
        },
    ]
    tiles = [
        {
            "tile": n,
            "camera": cameras[n]["id"],
            "viewing": f"v{n}",
            "grant": "g1" if n < 2 else "g2",
            "entry_id": ENTRY,
            "entry_url": "/entry",
        }
        for n in range(3)
    ]
    return {
        "socket": socket,
        "zone": "America/Chicago",
        "layout": 4,
        "grant": "g1",
        "grants": grants,
        "cameras": cameras,
        "tiles": tiles,
        "urls": {
            "open": "/post/open",
            "close": "/post/close",
            "renew": "/post/renew",
            "bookmark": "/post/bookmark",
            "exigent": "/post/exigent",
        },
    }


def session() -> dict[str, Any]:
    """The player's session: twelve seconds of two cameras."""
    cameras = [
        {"id": f"c{n}", "name": name, "fragments": "/play/fragments"}
        for n, name in enumerate(("Market and 8th, North", "Olive and 11th, East"))
    ]
    return {
        "playback": "p1",
        "from": NOW.isoformat(),
        "to": ahead(seconds=12).isoformat(),
        "entry_id": ENTRY,
        "entry_url": "/entry",
        "expires_at": (datetime.now(UTC) + timedelta(minutes=31)).isoformat(),
        "cameras": cameras,
        "urls": {
            "page": "/play",
            "timeline": "/play/timeline",
            "state": "/play/state",
            "close": "/play/close",
            "bookmark": "/play/bookmark",
            "live": "/wall",
        },
    }


def timeline() -> dict[str, Any]:
    """What is known of the session's twelve seconds."""

    def span(kind: str, start: float, end: float, sentence: str = "") -> dict[str, Any]:
        return {
            "kind": kind,
            "from": ahead(seconds=start).isoformat(),
            "to": ahead(seconds=end).isoformat(),
            "sentence": sentence,
            "reason": "",
            "disposition": None,
        }

    return {
        "from": NOW.isoformat(),
        "to": ahead(seconds=12).isoformat(),
        "cameras": [
            {
                "id": "c0",
                "spans": [
                    span("recorded", 0, 5),
                    span("gap", 5, 8, "the camera did not answer in time"),
                    span("recorded", 8, 12),
                    span("keep", 1, 4, "kept for I-2026-0142"),
                ],
            },
            {"id": "c1", "spans": [span("destroyed", 0, 3, "destroyed on time"), span("recorded", 3, 12)]},
        ],
        "marks": [
            {"kind": "incident", "at": ahead(seconds=2).isoformat(), "label": "I-2026-0142 Shots heard"},
            {"kind": "grant", "at": ahead(seconds=0.5).isoformat(), "label": "your grant reaches here"},
        ],
    }


def pages(socket: str) -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """name of the look -> (template, context)."""
    bad_form = SignIn({"username": "", "password": "x"})
    return {
        "refusal": ("refusal.html", ROOM | REFUSAL),
        "error-400": (
            "400.html",
            ROOM | {"sentence": "The end of the time asked for lies before its start."},
        ),
        "error-403": ("403.html", ROOM),
        "error-404": ("404.html", ROOM),
        "error-500": ("500.html", {}),
        "error-503": ("503.html", {}),
        "sign-in-demo": (
            "sign_in_demo.html",
            PUBLIC
            | {
                "action": "/demo",
                "people": [
                    {"id": str(n), "role_title": r, "name": p, "organisation": o, "what": w}
                    for n, (r, p, o, w) in enumerate(PEOPLE)
                ],
            },
        ),
        "sign-in": ("sign_in.html", PUBLIC | {"form": bad_form, "action": "/in"}),
        "totp": ("totp.html", PUBLIC | {"form": Code(), "action": "/in"}),
        "player": (
            "playback/player.html",
            ROOM
            | {
                "session": session(),
                "playback": {"permit": {"basis": {"number": "I-2026-0142", "title": "Shots heard"}}},
            },
        ),
        "go-back": (
            "playback/choose.html",
            ROOM
            | {
                "grants": [
                    {
                        "id": "g1",
                        "label": "I-2026-0142 Shots heard, Market and 8th",
                        "reaches_to": ago(hours=2),
                        "ends_at": ahead(minutes=40),
                        "cameras": [("Market and 8th, North", "c0"), ("Olive and 11th, East", "c1")],
                        "chosen": True,
                    }
                ],
                "camera": "",
                "suggested": ago(minutes=10),
                "sessions": [],
            },
        ),
        "wall": (
            "wall.html",
            ROOM
            | {
                "wall": wall(socket),
                "basis": {"number": "I-2026-0142", "title": "Shots heard", "url": "/i"},
                "exigent_offences": [{"value": "weapons", "label": "Weapons"}],
            },
        ),
    }
