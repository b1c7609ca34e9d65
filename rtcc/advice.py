"""What to do at three in the morning, by part of the system: shown on the status page."""

from __future__ import annotations

DATABASE = """\
Recording goes on into the spool; nobody can be signed in, and pictures stop within seconds. It starts
again by itself. If it does not, read postgres.log, make sure the disk is not full, and restart with
./run."""

BROKER = """\
Recording and watching go on. Destruction, ends of grants and clearing up wait. It starts again by
itself. If it does not, read valkey.log in the folder of logs and restart with ./run."""

STORE = """\
Add disk space, or let a records officer and the policy owner shorten what is kept. Never delete files
by hand: verify_footage would report each as missing."""

KEYS = """\
Nothing that is stored can be read, and nothing new can be sealed. Put the root key back from its
escrowed copy, with mode 0400, and start again."""

ROOT_KEY_BACKUP = """\
If this disk dies, all footage is lost with it. Copy keys/root of the data folder to a medium that is
kept elsewhere, then run: ./run confirm_root_backup FILE"""

SEQUENCER = """\
Watching and recording go on and are entered. Exports, destruction and changes of policy or roles wait
until the log follows. Read sequencer.log. Where it speaks of a contradiction, stop nothing, delete
nothing, and call whoever answers for the log."""

WITNESS = """\
Entries are kept and get their places; nobody outside can vouch for their times meanwhile. Read
witness.log, and ask the operator of a witness that stands elsewhere."""

RECORDER = """\
Nothing is recorded and no live picture comes. It starts again by itself and explains the gap. If it
does not, read recorder.log and restart with ./run."""

CAMERAS = """\
The recorder calls the others again and again. The page Cameras says of each what is wrong; most often
it is power, network, or a password that was changed at the camera."""

WORKER = """\
What is due is not destroyed; idle sessions and finished viewings are not ended. Read worker.log and
beat.log, and restart with ./run if it does not come back within minutes."""

POLICY = """\
What the policy in force does not know is refused, and nothing else is touched. Ask a policy owner to open
the page Policy, read what has changed, and propose the shipped version or one of their own; a second
person approves it. This can wait for the morning."""

POLICY_BROKEN = """\
Nobody can watch, search or export; recording goes on. Call a policy owner and an auditor or supervisor
now: they can sign in, open the page Policy, and publish a version that this release can use. Going back
to the release before also helps."""
