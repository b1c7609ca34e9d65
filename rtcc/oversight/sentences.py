"""What an entry says, as one plain sentence. Total over the events of the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audit.vocabulary import Event
from rtcc.oversight.report import split_cameras, who
from rtcc.pages.templatetags.room import duration

Said = Mapping[str, Any]


def _cameras(said: Said) -> str:
    cameras = said.get("cameras") or ()
    return _count(cameras) if cameras else "cameras"


def _on(said: Said) -> str:
    """The basis, if there is one: on incident 26-118411."""
    kind = said.get("basis_kind")
    if kind in (None, "none"):
        return ""
    number = said.get("basis_number")
    if number:
        return f" on {kind} {number}"
    # Where the number is not for this reader the field is not there at all.
    return f" on {_an(kind)}" + (" without a number yet" if "basis_number" in said else "")


def _an(word: str) -> str:
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def _for(said: Said) -> str:
    seconds = said.get("seconds")
    return "" if seconds is None else f" for {duration(seconds)}"


def _opened(said: Said, name: str) -> str:
    shown, refused = split_cameras(said)
    if not shown:
        return f"{name} asked for {_count(refused)} live{_on(said)}, and was refused."
    more = f"; {_count(refused)} more {'was' if len(refused) == 1 else 'were'} refused" if refused else ""
    return f"{name} opened {_count(shown)} live{_on(said)}{more}."


def _count(cameras: Sequence[str]) -> str:
    return "1 camera" if len(cameras) == 1 else f"{len(cameras)} cameras"


def _action(said: Said) -> str:
    words = {"view_live": "watch live", "playback": "play back footage", "place_keep": "place a keep"}
    action = str(said.get("action") or "act")
    return words.get(action, action.replace("_", " "))


def _because(said: Said) -> str:
    return f": {said['rule_sentence']}" if said.get("rule_sentence") else ""


def _plain(words: str) -> Callable[[Said, str], str]:
    return lambda said, name: f"{name} {words}{_on(said)}."


def _of_system(words: str) -> Callable[[Said, str], str]:
    return lambda said, name: f"{words}."


def _continued(said: Said, name: str) -> str:
    if said.get("outcome") == "deny":
        return f"{name} lost the picture of {_cameras(said)}{_on(said)}{_because(said)}"
    return f"{name} went on watching {_cameras(said)} live{_on(said)}; so far{_for(said)}."


def _counted(said: Said, name: str) -> str:
    return f"{said.get('count') or 'Several'} more refusals of one minute were counted: {_action(said)}."


def _question(said: Said, name: str) -> str:
    question = (said.get("detail") or {}).get("question") or {}
    asked = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in question.items())
    told = (said.get("detail") or {}).get("notices_read")
    read = f" and so was told of {told} accesses" if told else ""
    return f"{name} read the report of the log" + (f" ({asked})" if asked else "") + f"{read}."


def _verified(said: Said, name: str) -> str:
    found = (said.get("detail") or {}).get("verifies")
    if found is None:
        return f"{name} asked for a verification of the whole log."
    return f"The log was verified up to leaf {said.get('count')}: " + (
        "nothing contradicts it." if found else "something CONTRADICTS it."
    )


_SAYS: dict[Event, Callable[[Said, str], str]] = {
    Event.VIEW_PERMITTED: _opened,
    Event.VIEW_CONTINUED: _continued,
    Event.VIEW_ENDED: lambda said, name: f"{name} watched {_cameras(said)} live{_for(said)}{_on(said)}.",
    Event.VIEW_REFUSED: lambda said, name: (
        f"{name} was refused {_cameras(said)} live{_on(said)}{_because(said)}"
    ),
    Event.PLAYBACK_PERMITTED: lambda said, name: (
        f"{name} went back to recorded footage of {_cameras(said)}{_on(said)}."
    ),
    Event.BULLETIN_SENT: lambda said, name: (
        f"{name} sent a picture of {_cameras(said)} to an officer{_for(said)}{_on(said)}."
    ),
    Event.BULLETIN_OPENED: lambda said, name: f"{name} opened a picture of {_cameras(said)}{_on(said)}.",
    Event.BULLETIN_ANSWERED: lambda said, name: f"{name} answered a picture of {_cameras(said)}{_on(said)}.",
    Event.BULLETIN_REVOKED: lambda said, name: f"{name} took back a picture that was sent{_on(said)}.",
    Event.PLAYBACK_ENDED: lambda said, name: (
        f"{name} was given {duration(said.get('seconds'))} of recorded footage{_on(said)}."
    ),
    Event.ACT_PERMITTED: lambda said, name: f"{name} was permitted to {_action(said)}{_on(said)}.",
    Event.ACT_REFUSED: lambda said, name: f"{name} was refused to {_action(said)}{_on(said)}{_because(said)}",
    Event.ACT_ERROR: lambda said, name: (
        f"{name} tried to {_action(said)}, and it failed; nothing was changed."
    ),
    Event.GRANT_OPENED: _plain("opened a grant"),
    Event.PROPOSAL_DECLINED: _plain("said no to a proposal, or took one back"),
    Event.GRANT_RENEWED: _plain("renewed a grant"),
    Event.GRANT_ENDED: lambda said, name: (
        f"A grant{_on(said)} ended" + (f": {said['reason']}." if said.get("reason") else ".")
    ),
    Event.EXIGENT_OPENED: lambda said, name: (
        f"{name} took exigent access to {_cameras(said)} live{_on(said)}; a justification is owed."
    ),
    Event.EXIGENT_JUSTIFIED: _plain("wrote the justification of an exigent access"),
    Event.EXIGENT_REVIEWED: lambda said, name: (
        f"{name} read the justification of an exigent access{_on(said)}"
        + (", and did not accept it." if (said.get("detail") or {}).get("accepted") is False else ".")
    ),
    Event.INCIDENT_OPENED: lambda said, name: (
        f"{name} opened an incident"
        + (f", {said['basis_number']}." if said.get("basis_number") else "; its number follows.")
    ),
    Event.BOOKMARK_PLACED: _plain("marked footage"),
    Event.KEEP_PLACED: _plain("kept footage from being destroyed"),
    Event.KEEP_RELEASED: _plain("released a keep"),
    Event.HOLD_PLACED: _plain("placed a hold on footage"),
    Event.HOLD_RELEASED: _plain("released a hold"),
    Event.FOOTAGE_SEALED: lambda said, name: f"The recorder sealed a minute of {_cameras(said)}.",
    Event.FOOTAGE_GAP: _of_system("The recorder stated a gap in what it recorded"),
    Event.FOOTAGE_DESTROYED: _of_system("Footage was destroyed"),
    Event.EXPORT_BEGUN: _plain("began an export of footage that a second person approved"),
    Event.EXPORT_STATED: _of_system("The manifest of an export was entered"),
    Event.EXPORT_MADE: _of_system("An export of footage was made"),
    Event.EXPORT_ENDED: _of_system("An export ended without a package"),
    Event.ASSET_WRITTEN: _plain("made a copy of footage"),
    Event.ASSET_OPENED: _plain("opened a copy of footage"),
    Event.ASSET_READ: _plain("was handed a copy of footage"),
    Event.CAMERA_REGISTERED: _plain("registered a camera"),
    Event.CAMERA_CHANGED: _plain("changed a camera's record"),
    Event.CAMERA_PAUSED: _plain("paused a camera"),
    Event.CAMERA_RESUMED: _plain("let a paused camera go on"),
    Event.STREAM_TESTED: _plain("tested a camera's stream"),
    Event.HOURS_LENT: _plain("changed the hours in which it lends its cameras"),
    Event.FOOTAGE_ASKED: _plain("asked an owner for footage"),
    Event.FOOTAGE_UPLOADED: _plain("handed in footage that was asked for"),
    Event.FOOTAGE_DECLINED: _plain("said no to a request for footage"),
    Event.CONSENT_ASKED: _plain("asked an owner to let a camera be watched"),
    Event.CONSENT_GIVEN: _plain("let the agency watch their camera"),
    Event.CONSENT_REFUSED: _plain("did not let the agency watch their camera"),
    Event.CONSENT_TAKEN_BACK: _plain("took back their yes to watching their camera"),
    Event.UNIT_ASSIGNED: _plain("put a unit on an incident"),
    Event.UNIT_CLEARED: _plain("took a unit off an incident"),
    Event.NOTICE_READ: lambda said, name: (
        f"{name} read {said.get('count') or 0} notices of accesses to their own cameras."
    ),
    Event.AGREEMENT_CHANGED: _plain("changed an agreement"),
    Event.MEMBERSHIP_CHANGED: _plain("changed somebody's membership"),
    Event.POLICY_PUBLISHED: _plain("published a policy version"),
    Event.SESSION_STARTED: _plain("signed in"),
    Event.SESSION_ENDED: _plain("signed out"),
    Event.SESSION_FAILED: _plain("failed to sign in"),
    Event.ACCOUNT_LOCKED: _of_system("An account was locked for password sign-in"),
    Event.ACCOUNT_RELEASED: _plain("released a locked account"),
    Event.ACCOUNT_INVITED: _plain("made the one-time link of an account"),
    Event.ACCOUNT_OPENED: _plain("opened their account by its one-time link"),
    Event.ACCOUNT_SECURED: _plain("gave their account a second factor"),
    Event.TOKEN_ISSUED: _plain("made an API token"),
    Event.TOKEN_REVOKED: _plain("revoked an API token"),
    Event.PASSKEY_ADDED: _plain("registered a passkey"),
    Event.PASSKEY_RENAMED: _plain("gave a passkey another name"),
    Event.PASSKEY_REMOVED: _plain("removed a passkey"),
    Event.REQUEST_OPENED: lambda said, name: f"{name} held the footage that was asked for{_on(said)}.",
    Event.REQUEST_WORKED: lambda said, name: f"{name} took a step{_on(said)}.",
    Event.REQUEST_VIEWED: lambda said, name: f"{name} read what is asked{_on(said)}.",
    Event.HOLD_CONFIRMED: lambda said, name: f"{name} confirmed or narrowed a large hold{_on(said)}.",
    Event.HOLD_UNCONFIRMED: lambda said, name: (
        f"{name} tells oversight that nobody confirmed a large hold in time{_on(said)}."
    ),
    Event.CALENDAR_CHANGED: _plain("changed the holidays of the requests' clock"),
    Event.REPORT_VIEWED: _question,
    Event.LOG_VERIFIED: _verified,
    Event.LOG_RECOVERED: lambda said, name: (
        f"{name} brought {said.get('count')} published entries back into the database."
    ),
    Event.DISCLOSURE_ERASED: lambda said, name: (
        f"{name} ordered that what {said.get('count')} entries disclose be erased."
    ),
    Event.DENIED_COUNTED: _counted,
    Event.APPROVAL_GIVEN: _plain("approved what another person proposed"),
    Event.KILLSWITCH_SET: _plain("threw or lifted the switch that stops all watching"),
    Event.SYSTEM_STARTED: _of_system("The system started"),
    Event.DATA_SEEDED: lambda said, name: (
        f"Data of the demonstration were put in ({said.get('count') or 0} things)."
    ),
    Event.OBLIGATION_DUE: _of_system("Something that was owed came due"),
    Event.OBLIGATION_DISCHARGED: _plain("did what was owed"),
}


def sentence(said: Said) -> str:
    """One sentence, in words that the reader's tier may know."""
    try:
        event = Event(said.get("event") or "")
    except ValueError:
        return "What this entry says is not for this reader, or was erased."
    name = who(dict(said))
    text = _SAYS[event](said, name[:1].upper() + name[1:])
    return text if text.endswith((".", "!", "?")) else f"{text}."
