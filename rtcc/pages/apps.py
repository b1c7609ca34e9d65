"""The pages room."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "rtcc.pages"
    label = "pages"
