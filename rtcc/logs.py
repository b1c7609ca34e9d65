"""Logs of the processes: one line of JSON per event on standard error; no secret, no personal data.

What a person did is in the audit log and nowhere else. A line here names processes, ids of things
and durations. Keys that could carry a secret or a name are dropped before a line is written.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog

_NEVER = frozenset(
    {"password", "token", "secret", "authorization", "cookie", "username", "name", "email", "address", "url"}
)


def _drop_private(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Drop what must not stand in a process log, whoever passed it."""
    return {key: value for key, value in event.items() if key.lower() not in _NEVER}


class _WithoutPaths(logging.Filter):
    """Django's own lines about a request name the address that was asked for; some addresses are secrets
    (one-time links). The line says the pattern of the address instead.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            pattern = match.route if match else "an address that is not known"
            paths = (request.path, request.get_full_path())
            record.args = tuple(pattern if each in paths else each for each in record.args)
        return True


_shared: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]

structlog.configure(
    processors=[*_shared, _drop_private, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _shared,
        },
    },
    "filters": {"without_paths": {"()": _WithoutPaths}},
    "handlers": {
        "line": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without_paths"]},
    },
    "root": {"handlers": ["line"], "level": "INFO"},
    "loggers": {
        # Request lines carry addresses and query strings: the audit log says who asked for what.
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "django.request": {"level": "ERROR"},
    },
}


def log(process: str) -> structlog.stdlib.BoundLogger:
    """The logger of one process or part."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger("watchlight")
    return bound.bind(process=process)
