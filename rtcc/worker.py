"""The Celery app: work that time asks for. A task carries only ids; what it may do is decided when it runs.

The broker may lose or repeat anything: every task can be repeated, and beat sends it again.
"""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab, schedule
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rtcc.settings")

app = Celery("watchlight")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,
    broker_connection_retry_on_startup=True,
    task_time_limit=900,
    timezone="UTC",
    # `expires`: a task that waited longer than its own interval is not run twice in a row.
    beat_schedule={
        "sweep-viewings": {"task": "live.sweep", "schedule": schedule(5.0), "options": {"expires": 5}},
        "sweep-playbacks": {
            "task": "evidence.sweep_playbacks",
            "schedule": schedule(5.0),
            "options": {"expires": 5},
        },
        "follow-policy": {"task": "policy.follow", "schedule": schedule(2.0), "options": {"expires": 2}},
        "policy-tables": {
            "task": "policy.work_out_tables",
            "schedule": schedule(10.0),
            "options": {"expires": 10},
        },
        "make-pictures": {
            "task": "bulletins.carry_on",
            "schedule": schedule(15.0),
            "options": {"expires": 15},
        },
        "end-grants": {"task": "live.end_grants", "schedule": schedule(10.0), "options": {"expires": 10}},
        "beat": {"task": "onebox.beat", "schedule": schedule(10.0), "options": {"expires": 10}},
        "tidy-sessions": {
            "task": "policy.tidy_sessions",
            "schedule": schedule(3600.0),
            "options": {"expires": 3600},
        },
        "end-sessions": {
            "task": "policy.end_sessions",
            "schedule": schedule(10.0),
            "options": {"expires": 10},
        },
        "count-denials": {
            "task": "live.count_denials",
            "schedule": schedule(30.0),
            "options": {"expires": 30},
        },
        "carry-on-exports": {
            "task": "exports.carry_on",
            "schedule": schedule(10.0),
            "options": {"expires": 10},
        },
        "sweep-assets": {
            "task": "evidence.sweep_assets",
            "schedule": schedule(15.0),
            "options": {"expires": 15},
        },
        "end-keeps": {"task": "evidence.end_keeps", "schedule": schedule(60.0), "options": {"expires": 60}},
        "destroy-due": {
            "task": "evidence.destroy_due",
            "schedule": schedule(20.0),
            "options": {"expires": 20},
        },
        "tidy-api": {"task": "api.tidy", "schedule": schedule(3600.0), "options": {"expires": 3600}},
        "carry-on-verifying": {
            "task": "oversight.carry_on",
            "schedule": schedule(30.0),
            "options": {"expires": 30},
        },
        "write-notices": {
            "task": "partners.write_notices",
            "schedule": schedule(10.0),
            "options": {"expires": 10},
        },
        "tell-unconfirmed-holds": {
            "task": "records.tell_unconfirmed",
            "schedule": schedule(300.0),
            "options": {"expires": 300},
        },
        "verify-daily": {
            "task": "oversight.verify_daily",
            "schedule": crontab(hour=10, minute=7),
            "options": {"expires": 3600},
        },
        "shred-keys": {"task": "evidence.shred_keys", "schedule": schedule(60.0), "options": {"expires": 60}},
        "renew-keys": {
            "task": "evidence.renew_keys",
            # When few people look; the keys of the next day were made at noon.
            "schedule": crontab(hour=9, minute=17),
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery would put its own formats in place of ours."""
    from logging.config import dictConfig

    from rtcc.logs import LOGGING

    dictConfig(LOGGING)
