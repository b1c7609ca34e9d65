"""What to do at three in the morning, by part of the system: shown on the status page.

Each piece of advice ends in a command, which shows more or mends it. DATA stands for the data folder.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """What to do, in words, and the command to begin with."""

    says: str
    command: str

    def __str__(self) -> str:
        return self.says


DATABASE = Advice(
    """\
Recording goes on into the spool; nobody can be signed in, and pictures stop within seconds. It starts
again by itself. If it does not, read its log, make sure the disk is not full, and restart with
./run.""",
    "tail -n 40 DATA/logs/postgres.log; df -h DATA",
)

BROKER = Advice(
    """\
Recording and watching go on. Destruction, ends of grants and clearing up wait. It starts again by
itself. If it does not, read its log and restart with ./run.""",
    "tail -n 40 DATA/logs/valkey.log",
)

STORE = Advice(
    """\
Add disk space, or let a records officer and the policy owner shorten what is kept. Never delete files
by hand: verify_footage would report each as missing.""",
    "df -h DATA; du -sh DATA/*",
)

KEYS = Advice(
    """\
Nothing that is stored can be read, and nothing new can be sealed. Put the root key back from its
escrowed copy, with mode 0400, and start again.""",
    "ls -l DATA/keys/root",
)

ROOT_KEY_BACKUP = Advice(
    """\
If this disk dies, all footage is lost with it. Copy keys/root of the data folder to a medium that is
kept elsewhere, then show that the copy is good.""",
    "./run --data DATA confirm_root_backup FILE",
)

SEQUENCER = Advice(
    """\
Watching and recording go on and are entered. Exports, destruction and changes of policy or roles wait
until the log follows. Read its log. Where it speaks of a contradiction, stop nothing, delete
nothing, and call whoever answers for the log.""",
    "tail -n 40 DATA/logs/sequencer.log; ./run --data DATA verify_log",
)

WITNESS = Advice(
    """\
Entries are kept and get their places; nobody outside can vouch for their times meanwhile. Read
its log, and ask the operator of a witness that stands elsewhere.""",
    "tail -n 40 DATA/logs/witness.log",
)

RECORDER = Advice(
    """\
Nothing is recorded and no live picture comes. It starts again by itself and explains the gap. If it
does not, read its log and restart with ./run.""",
    "tail -n 40 DATA/logs/recorder.log",
)

CAMERAS = Advice(
    """\
The recorder calls the others again and again. The page Cameras says of each what is wrong; most often
it is power, network, or a password that was changed at the camera.""",
    "grep gap DATA/logs/recorder.log",
)

POLICY = Advice(
    """\
What the policy in force does not know is refused, and nothing else is touched. Ask a policy owner to open
the page Policy, read what has changed, and propose the shipped version or one of their own; a second
person approves it. This can wait for the morning.""",
    "./run --data DATA check",
)

POLICY_BROKEN = Advice(
    """\
Nobody can watch, search or export; recording goes on. Call a policy owner and an auditor or supervisor
now: they can sign in, open the page Policy, and publish a version that this release can use. Going back
to the release before also helps.""",
    "tail -n 40 DATA/logs/web.log",
)

WORKER = Advice(
    """\
What is due is not destroyed; idle sessions and finished viewings are not ended. Read its logs,
and restart with ./run if it does not come back within minutes.""",
    "tail -n 40 DATA/logs/worker.log DATA/logs/beat.log",
)
