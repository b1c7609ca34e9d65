"""What an entry says of an act: the total tables from actions to events, and the fields of governance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.vocabulary import Event
from policy.actors import actor_key, whereabouts
from policy.cedar import LoadedVersion
from policy.facts import Question, Standing
from policy.facttypes import PersonFacts, ResourceFacts
from policy.models import Person
from policy.vocabulary import Action, Ref

_OWN: dict[Action, Event] = {
    Action.VIEW_LIVE: Event.VIEW_PERMITTED,
    Action.PLAYBACK: Event.PLAYBACK_PERMITTED,
    Action.EXPORT: Event.EXPORT_BEGUN,
    Action.BOOKMARK: Event.BOOKMARK_PLACED,
    Action.PLACE_KEEP: Event.KEEP_PLACED,
    Action.HOLD: Event.HOLD_PLACED,
    Action.RELEASE_HOLD: Event.HOLD_RELEASED,
    Action.DESTROY: Event.FOOTAGE_DESTROYED,
    Action.OPEN_INCIDENT: Event.INCIDENT_OPENED,
    Action.OPEN_GRANT: Event.GRANT_OPENED,
    Action.RENEW_GRANT: Event.GRANT_RENEWED,
    Action.END_GRANT: Event.GRANT_ENDED,
    Action.JUSTIFY_EXIGENT: Event.EXIGENT_JUSTIFIED,
    Action.APPROVE: Event.APPROVAL_GIVEN,
    Action.REGISTER_CAMERA: Event.CAMERA_REGISTERED,
    Action.CHANGE_CAMERA: Event.CAMERA_CHANGED,
    Action.TEST_STREAM: Event.STREAM_TESTED,
    Action.CHANGE_AGREEMENT: Event.AGREEMENT_CHANGED,
    Action.LEND_HOURS: Event.HOURS_LENT,
    Action.PAUSE_CAMERA: Event.CAMERA_PAUSED,
    Action.RESUME_CAMERA: Event.CAMERA_RESUMED,
    Action.CHANGE_MEMBERSHIP: Event.MEMBERSHIP_CHANGED,
    Action.CHANGE_POLICY: Event.POLICY_PUBLISHED,
    Action.SIGN_IN: Event.SESSION_STARTED,
    Action.SIGN_OUT: Event.SESSION_ENDED,
    Action.RELEASE_ACCOUNT: Event.ACCOUNT_RELEASED,
    Action.VIEW_REPORT: Event.REPORT_VIEWED,
    Action.VERIFY_LOG: Event.LOG_VERIFIED,
    Action.KILL_SWITCH: Event.KILLSWITCH_SET,
    Action.CHANGE_ERASURE: Event.DISCLOSURE_ERASED,
    Action.RECOVER_LOG: Event.LOG_RECOVERED,
    Action.OPEN_ASSET: Event.ASSET_OPENED,
    Action.ASK_FOOTAGE: Event.FOOTAGE_ASKED,
    Action.UPLOAD_FOOTAGE: Event.FOOTAGE_UPLOADED,
    Action.ISSUE_TOKEN: Event.TOKEN_ISSUED,
    Action.REVOKE_TOKEN: Event.TOKEN_REVOKED,
    Action.SEND_PICTURE: Event.BULLETIN_SENT,
    Action.RECEIVE_PICTURE: Event.BULLETIN_OPENED,
    Action.REVOKE_PICTURE: Event.BULLETIN_REVOKED,
    Action.DECLINE: Event.PROPOSAL_DECLINED,
    Action.OPEN_REQUEST: Event.REQUEST_OPENED,
    Action.WORK_REQUEST: Event.REQUEST_WORKED,
    Action.VIEW_REQUEST: Event.REQUEST_VIEWED,
    Action.CONSENT: Event.CONSENT_GIVEN,
    Action.REVIEW_EXIGENT: Event.EXIGENT_REVIEWED,
    Action.ASSIGN_UNIT: Event.UNIT_ASSIGNED,
}
PERMITTED: dict[Action, Event] = {action: _OWN.get(action, Event.ACT_PERMITTED) for action in Action}
REFUSED: dict[Action, Event] = {
    action: Event.VIEW_REFUSED if action is Action.VIEW_LIVE else Event.ACT_REFUSED for action in Action
}


def of_actor(question: Question, person: PersonFacts) -> dict[str, Any]:
    """Who acted, from where. The log adds the pseudonym, so that it is committed too."""
    where = whereabouts.get()
    key = actor_key(question.by)
    return {
        "actor": key,
        "actor_name": question.by.display_name if isinstance(question.by, Person) else None,
        "actor_role": ",".join(sorted(person.roles)) or None,
        "actor_rank": person.rank,
        "agency": person.agency_id,
        "on_shift": person.on_shift,
        "certification": person.certified,
        "session": where.session,
        "mfa": where.mfa,
        "device": where.device,
        "address": where.address,
    }


def of_objects(resources: dict[Ref, ResourceFacts], on: tuple[Ref, ...]) -> dict[str, Any]:
    """What the act was on."""
    cameras = [str(ref.id) for ref in on if ref.kind == "camera"]
    owners = sorted(
        {facts.owner_id for facts in resources.values() if facts.owner_id not in ("none", "unknown")}
    )
    return {
        "object_kind": str(on[0].kind),
        "object_id": str(on[0].id) if len(on) == 1 else None,
        "cameras": cameras or None,
        "owner": owners[0] if len(owners) == 1 else None,
        "sensitivity": sorted({word for facts in resources.values() for word in facts.sensitivity}) or None,
    }


def of_act(
    question: Question,
    person: PersonFacts,
    standing: Standing,
    resources: dict[Ref, ResourceFacts],
    version: LoadedVersion,
    at: datetime,
) -> dict[str, Any]:
    """All that every entry of an act says, whether it was permitted or refused."""
    basis = standing.basis
    said: dict[str, Any] = {
        "time": at,
        "action": str(question.action),
        "policy": version.hash,
        "purpose": str(standing.context.purpose),
        "offence_class": str(standing.context.offence_class),
        "exigent": standing.context.exigent,
        "reason": question.reason or None,
    }
    if question.footage:
        said |= {"footage_from": question.footage[0], "footage_to": question.footage[1]}
    if basis:
        said |= {
            "basis": basis.id,
            "basis_kind": basis.kind,
            "basis_number": basis.number or None,
            "basis_verification": basis.verification,
            "basis_verified_by": basis.verified_by or None,
        }
    if standing.context.approver_ids:
        said["approver"] = ",".join(sorted(standing.context.approver_ids))
    return said | of_actor(question, person) | of_objects(resources, question.on)
