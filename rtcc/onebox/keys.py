"""The root key and Django's secret: made when the data folder is born, and never again by themselves."""

from __future__ import annotations

from pathlib import Path

from rtcc.keys import make_root
from rtcc.onebox.layout import DataFolder, secret
from rtcc.onebox.progress import Stop


def root_key(data: DataFolder) -> Path:
    return data.keys / "root"


def make(data: DataFolder) -> None:
    """Make the root key and Django's secret of a data folder that is being born; again does no harm."""
    if not root_key(data).exists():
        make_root(root_key(data))
    secret(data.secrets / "django-secret-key")


def find(data: DataFolder) -> None:
    """See to it that the root key is there. Raises Stop: a new one would open nothing and hide the loss."""
    path = root_key(data)
    if not path.exists():
        raise Stop(
            f"The root key {path} is missing. What this folder holds cannot be read without it: put it back "
            "from its escrowed copy. Nothing was started."
        )
