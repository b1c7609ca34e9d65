"""Release an account that failed sign-ins have locked."""

from __future__ import annotations

from uuid import UUID

from policy.guard import guard
from policy.models import FailedSignIn, Person
from policy.vocabulary import Action, Kind, Ref
from rtcc.errors import Conflict


def release_account(*, by: Person, person: UUID) -> Person:
    """Password sign-in works again. Raises Denied, or Conflict for an account that is not locked."""
    with guard(Action.RELEASE_ACCOUNT, by=by, on=Ref(Kind.PERSON, person)):
        row = Person.objects.get(id=person)
        if row.locked_at is None:
            raise Conflict("This account is not locked.")
        row.locked_at = None
        row.save(update_fields=["locked_at"])
        FailedSignIn.objects.filter(person=row).delete()
    return row
