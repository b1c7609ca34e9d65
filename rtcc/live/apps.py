"""The live room."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "rtcc.live"
    label = "live"
