"""The dispatch room."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "rtcc.dispatch"
    label = "dispatch"
