"""PostgreSQL refuses to run as root; this is how it runs when ``./run`` was started as root.

In a user namespace of its own the server sees itself as user 1000 while the kernel still knows it as the
owner of the data folder, so nothing changes hands. Where namespaces are forbidden (many containers) it
runs as a user id of its own.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

from rtcc.onebox.progress import Stop

_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# A user id of PostgreSQL's own: one that other services share, such as nobody's, could read its files.
_OWN_ID = 70_432
# initdb, and only initdb, insists on an id that has a name.
_NAMED_ID = 65_534


@functools.cache
def _namespaces_allowed() -> bool:
    if shutil.which(_NAMESPACE[0]) is None:
        return False
    return subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0


def _own_user(user_id: int) -> tuple[str, ...]:
    if shutil.which("setpriv") is None:
        raise Stop(
            "PostgreSQL does not run as root, and neither unshare nor setpriv is here to help. "
            "Start ./run as an ordinary user, or:  apt-get install util-linux"
        )
    # The parent folders may be closed to others: reading past them is the only right it keeps.
    return (
        "setpriv",
        f"--reuid={user_id}",
        f"--regid={user_id}",
        "--clear-groups",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
        "--bounding-set=-all,+dac_override",
    )


def prefix(named: bool = False) -> tuple[str, ...]:
    """Words to put before a PostgreSQL command: none for an ordinary user; ``named`` for initdb."""
    if os.geteuid() != 0:
        return ()
    return _NAMESPACE if _namespaces_allowed() else _own_user(_NAMED_ID if named else _OWN_ID)


def hand_over(folder: Path, named: bool = False) -> None:
    """Give ``folder`` to whoever the server runs as; needed where a start as root changes its way."""
    if os.geteuid() != 0:
        if folder.stat().st_uid != os.geteuid():
            raise Stop(
                f"{folder} was made by another user (root?). Start ./run as that user, or give --data."
            )
        return
    owner = 0 if _namespaces_allowed() else (_NAMED_ID if named else _OWN_ID)
    if folder.stat().st_uid == owner:
        return
    os.chown(folder, owner, owner)
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            os.chown(os.path.join(parent, name), owner, owner, follow_symlinks=False)
