"""The cameras room: the registry of devices, cameras, where they stand and who lends them."""

from django.apps import AppConfig


class CamerasConfig(AppConfig):
    name = "cameras"
    label = "cameras"

    def ready(self) -> None:
        from cameras.closing import closes_at
        from cameras.facts import agreement_facts, camera_facts
        from policy.facts import register, register_closing
        from policy.vocabulary import Kind

        register(Kind.CAMERA, camera_facts)
        register(Kind.AGREEMENT, agreement_facts)
        register_closing(closes_at)
