"""The oversight room."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "rtcc.oversight"
    label = "oversight"
