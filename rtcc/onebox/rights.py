"""Who may do what to which table, and which changes need an entry in the log: one total table.

`rtcc.onebox.rights_apply` carries it out after every migration, and a test compares it with the database's
catalogue. A table that is missing here gets no rights at all. The owner owns everything and runs
migrations only.

Rights are words of SQL, with columns in brackets where a role may touch only these. INSERT ... RETURNING
needs SELECT.
"""

from __future__ import annotations

from dataclasses import dataclass

READ = "SELECT"
ADD = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
ALL = "SELECT, INSERT, UPDATE, DELETE"
# A table of state: a commit that changed it is refused where its transaction holds no entry.
EVERY_CHANGE = "INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Table:
    """One table's rights by role; ``entry``: the changes that need an entry, with columns in brackets where
    only a change of these does; ``exempt``: why the others need none.
    """

    app: str = ""
    sequencer: str = ""
    eraser: str = ""
    entry: str = ""
    exempt: str = ""

    def __post_init__(self) -> None:
        if not self.exempt and self.entry != EVERY_CHANGE:
            raise ValueError("a table whose changes need no entry says why")

    def words(self, role: str) -> tuple[str, ...]:
        """The rights of ``role``, one word each, such as ``SELECT`` or ``UPDATE(root, size)``."""
        return split({"app": self.app, "sequencer": self.sequencer, "eraser": self.eraser}[role])


def split(text: str) -> tuple[str, ...]:
    """Split at the commas that stand outside brackets."""
    words, depth, start = [], 0, 0
    for place, letter in enumerate(text + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            words.append(_in_order(text[start:place].strip()))
            start = place + 1
    return tuple(word for word in words if word)


def _in_order(word: str) -> str:
    """The columns in brackets by name, as the catalogue is read."""
    right, bracket, columns = word.rstrip(")").partition("(")
    if not bracket:
        return word
    return f"{right}({', '.join(sorted(column.strip() for column in columns.split(',')))})"


def _state(app: str) -> Table:
    return Table(app=app, entry=EVERY_CHANGE)


_LOG = "it is the log"
_FIXED = "filled by migrations; the application only reads it"
_UNUSED = "of a package, and not used by us"

_DJANGO = {
    "django_migrations": Table(app=READ, exempt=_FIXED),
    "django_content_type": Table(app=READ, exempt=_FIXED),
    "django_session": Table(
        app=ALL, exempt="a session says who is signed in; signing in and out are entries of their own"
    ),
    "auth_permission": Table(app=READ, exempt=_FIXED),
    "auth_group": Table(app=READ, exempt=_UNUSED),
    "auth_group_permissions": Table(app=READ, exempt=_UNUSED),
    "policy_person_groups": Table(app=READ, exempt=_UNUSED),
    "policy_person_user_permissions": Table(app=READ, exempt=_UNUSED),
    "account_emailaddress": Table(app=READ, exempt=_UNUSED),
    "account_emailconfirmation": Table(exempt=_UNUSED),
    "mfa_authenticator": Table(
        app=ALL, exempt="last use and recovery codes change with each sign-in, which is an entry"
    ),
    "guardian_userobjectpermission": _state("SELECT, INSERT, DELETE"),
    "guardian_groupobjectpermission": Table(app=READ, exempt=_UNUSED),
}

_AUDIT = {
    "audit_entry": Table(app="SELECT, INSERT(id, body)", sequencer=READ, eraser=READ, exempt=_LOG),
    "audit_disclosure": Table(app=ADD, eraser="SELECT, DELETE", exempt=_LOG),
    "audit_disclosure_default": Table(sequencer=READ, exempt=_LOG),
    "audit_pending": Table(app=ADD, sequencer="SELECT, DELETE", exempt=_LOG),
    "audit_leaf": Table(app=READ, sequencer=ADD, eraser=READ, exempt=_LOG),
    "audit_head": Table(app=READ, sequencer="SELECT, UPDATE(root, size)", exempt=_LOG),
    "audit_checkpoint": Table(app=READ, sequencer=ADD, exempt=_LOG),
    "audit_touch": Table(app=ADD, eraser="SELECT, DELETE", exempt=_LOG),
    "audit_erasure": Table(
        app=ADD,
        eraser="SELECT, UPDATE(deleted_at, rewritten_at, rewritten_lsn)",
        entry="INSERT",
        exempt="announcing is an act; that the rows are gone is work that follows it",
    ),
}

_POLICY = {
    "policy_organisation": _state(CHANGE),
    "policy_person": Table(
        app=CHANGE,
        entry="INSERT, UPDATE(display_name, is_active, locked_at, password, username), DELETE",
        exempt="the last sign-in and its counter change with each session, an entry",
    ),
    "policy_session": Table(
        app=CHANGE,
        entry="INSERT, UPDATE(ended_at, mfa, person_id), DELETE",
        exempt="signs of life between the entries of its start and end",
    ),
    "policy_failedsignin": Table(app=ALL, exempt="counts towards a lock; each failure is entered or counted"),
    "policy_invitation": _state(CHANGE),
    "policy_membership": _state(CHANGE),
    "policy_basis": _state(CHANGE),
    "policy_grant": _state(CHANGE),
    "policy_grantcamera": _state(ADD),
    "policy_permit": Table(
        app=CHANGE,
        entry="INSERT, DELETE",
        exempt="resuming under the same decision moves its epoch, without an act",
    ),
    "policy_epoch": Table(app=CHANGE, exempt="a counter that tells everybody to decide again"),
    "policy_obligation": _state(CHANGE),
    # What was proposed, and its hash, never change: what people say yes to is what is done.
    "policy_proposal": _state("SELECT, INSERT, UPDATE(executed_at, expires_at)"),
    "policy_approval": _state(ADD),
    "policy_killswitch": _state(CHANGE),
    "policy_denialminute": Table(
        app=ALL, exempt="a counter of refusals; each of the first twenty is an entry"
    ),
    "policy_denialcount": Table(
        app=ALL, exempt="a counter of refusals; beat enters it when its minute is over"
    ),
    "policy_policyversion": _state(CHANGE),
    "policy_policymatrix": Table(app=ADD, exempt="worked out from a version's text; says nothing of its own"),
    "policy_policydraft": Table(
        app=ALL, exempt="words on paper: what is proposed of a draft is frozen by its hash in an entry"
    ),
}

_CAMERAS = {
    "cameras_device": _state(CHANGE),
    "cameras_camera": _state(CHANGE),
    "cameras_stream": _state(CHANGE),
    "cameras_site": _state(CHANGE),
    "cameras_area": _state(CHANGE),
    "cameras_placement": _state(CHANGE),
    "cameras_mask": _state(CHANGE),
    "cameras_pose": _state(CHANGE),
    "cameras_agreement": _state(CHANGE),
    "cameras_agreementhours": _state(ALL),
    "cameras_lenthours": _state(ALL),
    "cameras_designation": _state(ALL),
    "cameras_camerahealth": Table(app=ALL, exempt="how a camera is doing just now, measured and overwritten"),
}

_EVIDENCE = {
    "evidence_segment": Table(
        app="SELECT, INSERT, UPDATE(minute, tombstone, wrapped_key)",
        entry="UPDATE(minute, tombstone)",
        exempt="a row is rooted by the next minute entry; cleared keys follow from tombstones",
    ),
    "evidence_segment_default": Table(exempt="reached through its parent; a row in it is an alarm"),
    "evidence_gap": Table(app=CHANGE, exempt="the minute entry states which cameras are in gap"),
    "evidence_lease": Table(app=CHANGE, exempt="which recorder has which camera, renewed every few seconds"),
    "evidence_minuteseal": _state(ADD),
    "evidence_openfile": Table(app=CHANGE, exempt="where the recorder writes just now, minute by minute"),
    "evidence_playback": Table(
        app=CHANGE, entry="INSERT, DELETE", exempt="signs of life between the entries of its begin and end"
    ),
    "evidence_custody": Table(app=CHANGE, exempt="a lock for each camera, and nothing else"),
    "evidence_keep": _state(CHANGE),
    "evidence_keepinterval": _state(ADD),
    "evidence_keepwrap": Table(
        app="SELECT, INSERT, DELETE",
        exempt="keys that follow from keeps; a key that is destroyed is an entry",
    ),
    "evidence_disposition": Table(
        app=CHANGE,
        entry="UPDATE(beyond_recovery_at, entry, keys_entry, proof_entry, proved_at, tombstoned_at), DELETE",
        exempt="a plan decides nothing; the work between decision and proof follows from the decision",
    ),
    "evidence_asset": Table(
        app="SELECT, INSERT, UPDATE(tombstone, wrapped_key)",
        entry="INSERT, UPDATE(tombstone), DELETE",
        exempt="cleared keys follow from tombstones",
    ),
    "evidence_assetwriting": Table(app=ALL, exempt="who writes just now; what was written is an entry"),
    "evidence_assetreading": Table(app=CHANGE, exempt="a counter of bytes; the reading's entries state it"),
    "evidence_played": Table(app=CHANGE, exempt="a counter of bytes; the playback's entries state it"),
}

_EXPORTS = {
    "exports_export": Table(
        app=CHANGE,
        entry="UPDATE(asset_id, entry, finished_entry, manifest_entry, permit_id), DELETE",
        exempt="what is asked for is the proposal's entry; lease and progress lie between entries",
    ),
    "exports_exportpart": Table(app=ALL, exempt="what a worker found so far; the manifest's entry states it"),
    "exports_exportdocument": Table(
        app=ALL, exempt="documents until the package holds them; their hash is entered"
    ),
}

_NOW = {
    "live_viewing": Table(
        app=CHANGE, entry="INSERT, DELETE", exempt="signs of life between the entries of its begin and end"
    ),
    "live_delivered": Table(app=CHANGE, exempt="a counter of bytes; the viewing's entries state it"),
    "dispatch_incident": _state(CHANGE),
    "partners_notice": Table(
        app=CHANGE,
        entry="UPDATE(read_at, read_by_id, read_entry), DELETE",
        exempt="a notice follows from the entry of the access, which it names",
    ),
    "partners_ask": _state(CHANGE),
    "partners_upload": _state(ADD),
    "api_token": Table(
        app=CHANGE,
        entry="INSERT, UPDATE(expires_at, mfa, person_id, revoked_at, scopes, token_sha256), DELETE",
        exempt="last use, and the session of its use, which is an entry of its own",
    ),
    "api_sent": Table(
        app=ALL, exempt="answers to be given again for a day; the acts behind them are entries"
    ),
    "dispatch_assignment": _state(CHANGE),
    "bulletins_bulletin": Table(
        app=CHANGE,
        entry="INSERT, UPDATE(answer, answered_entry, opened_at, revoked_at, revoked_entry), DELETE",
        exempt="what was made of the picture follows from the act that sends it",
    ),
    "bulletins_opening": _state(ADD),
    "board_decline": _state(ADD),
    "board_review": _state(ADD),
    "oversight_verification": Table(
        app=CHANGE,
        entry="INSERT, UPDATE(finished_entry, result, size, verifies), DELETE",
        exempt="lease and progress between the entries of its asking and its outcome",
    ),
}

_RECORDS = {
    "records_request": _state(CHANGE),
    "records_requestcamera": _state(ADD),
    "records_step": _state(ADD),
    "records_holiday": _state(ALL),
}

TABLES: dict[str, Table] = {
    **_DJANGO, **_AUDIT, **_POLICY, **_CAMERAS, **_EVIDENCE, **_RECORDS, **_EXPORTS, **_NOW
}  # fmt: skip

# Partitions that the log's own function makes, with what it grants: clearing an erased month out of files.
MONTHS: dict[str, Table] = {"audit_disclosure_y*": Table(eraser="MAINTAIN", exempt=_LOG)}

# Functions that a role may call; nobody may call another. Triggers need no right to call.
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "evidence_make_day(date)": ("app",),
    "watchlight_make_log_months(integer)": ("app", "sequencer"),
}
