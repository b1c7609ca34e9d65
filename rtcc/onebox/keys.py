"""The root key and Django's secret: made when the data folder is born, and never again by themselves."""

from __future__ import annotations

from pathlib import Path

from rtcc.keys import make_root
from rtcc.onebox.layout import DataFolder, secret
from rtcc.onebox.progress import Stop


def root_key(data: DataFolder) -> Path:
    return data.keys / "root"


def make_or_find(data: DataFolder, newborn: bool) -> None:
    """Make the root key of a newborn data folder; of any other folder it must be there.

    Raises Stop where it is missing: a new key in its place would open nothing and hide the loss.
    """
    path = root_key(data)
    if not path.exists():
        if not newborn:
            raise Stop(
                f"The root key {path} is missing. What this folder holds cannot be read without it: put "
                "it back from its escrowed copy. Nothing was started."
            )
        make_root(path)
    secret(data.secrets / "django-secret-key")
