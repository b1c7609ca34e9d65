"""The policy room."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "policy"
    label = "policy"

    def ready(self) -> None:
        from policy import loaders, named_entries
        from policy.accounts import signals

        loaders.register_all()
        named_entries.register_all()
        signals.connect()
