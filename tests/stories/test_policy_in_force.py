"""The policy version in force is the published row that has begun last, word for word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from audit.record import record
from audit.vocabulary import Event, Outcome
from policy import publish
from policy.cedar import BadPolicy, LoadedVersion
from policy.models.versions import PolicyVersion, VersionState
from policy.publish import NoPolicy, PolicyTampered
from rtcc import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """The process remembers versions by hash; each story begins and ends without."""
    publish._by_hash.cache_clear()
    PolicyVersion.objects.all().update(state=VersionState.WITHDRAWN)
    yield
    publish._by_hash.cache_clear()


def published(version: LoadedVersion, after: timedelta = timedelta()) -> PolicyVersion:
    begins = clock.now() + after + timedelta(seconds=1)
    entry = record(
        Event.POLICY_PUBLISHED,
        outcome=Outcome.PERMIT,
        actor="system:setup",
        action="change_policy",
        policy=version.hash,
    )
    return publish.store(version, published_by=None, entry=entry.id, effective_from=begins)


def another() -> LoadedVersion:
    parts = publish.starter_parts()
    return publish.load({**parts, "order.cedar": parts["order.cedar"] + "\n// one word more\n"})


def test_before_the_first_publication_nothing_decides() -> None:
    with pytest.raises(NoPolicy):
        publish.active()


def test_what_was_published_is_what_decides() -> None:
    row = published(publish.load_starter())

    version = publish.active_at(row.effective_from)

    assert version.hash == row.hash == publish.load_starter().hash
    assert dict(version.parts) == publish.starter_parts()


def test_a_later_version_decides_from_its_own_instant_and_a_return_is_a_new_row() -> None:
    first = published(publish.load_starter())
    second = published(another(), after=timedelta(days=30))
    third = published(publish.load_starter(), after=timedelta(days=60))

    assert publish.active_at(second.effective_from - timedelta(seconds=1)).hash == first.hash
    assert publish.active_at(second.effective_from).hash == second.hash != first.hash
    assert publish.active_at(third.effective_from).hash == third.hash == first.hash


def test_a_withdrawn_version_never_decides() -> None:
    first, second = published(publish.load_starter()), published(another(), after=timedelta(days=1))
    PolicyVersion.objects.filter(id=second.id).update(state=VersionState.WITHDRAWN)

    assert publish.active_at(second.effective_from).hash == first.hash


def test_a_version_cannot_begin_in_the_past() -> None:
    with pytest.raises(BadPolicy, match="now or later"):
        published(publish.load_starter(), after=timedelta(days=-1))


def test_a_row_whose_text_was_changed_decides_nothing() -> None:
    row = published(publish.load_starter())
    parts = row.parts | {"order.cedar": row.parts["order.cedar"].replace("analyst", "officer")}
    PolicyVersion.objects.filter(id=row.id).update(parts=parts)

    with pytest.raises(PolicyTampered, match=row.hash[:12]):
        publish.active_at(row.effective_from)


def test_a_known_version_costs_one_query(django_assert_num_queries: object) -> None:
    row = published(publish.load_starter())
    publish.active_at(row.effective_from)
    with django_assert_num_queries(1):  # type: ignore[operator]
        publish.active_at(row.effective_from)


def test_the_database_refuses_a_hash_that_is_none_and_a_state_that_is_none() -> None:
    for wrong in ({"hash": "0" * 63 + "G"}, {"state": "active"}):
        row = published(publish.load_starter())
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyVersion.objects.filter(id=row.id).update(**wrong)
    assert connection.in_atomic_block
