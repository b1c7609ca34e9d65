"""Verification of the whole log: ``verify()`` reads everything again and trusts nothing that it can compute.

What is checked, in this order: the published checkpoint and those kept before it (signatures, cosignatures);
each leaf, bundle by bundle (database = published entry = hash in the tree, roots = checkpoints); each entry's
disclosures, touches and time; rows that belong to nothing; whatever else names an entry.
"""

from __future__ import annotations

from collections.abc import Callable

from audit.keyfiles import log_vkey, witnesses
from audit.tiles import TILE_WIDTH
from audit.verify.fields import FieldCheck
from audit.verify.result import Finding, Verification
from audit.verify.rows import check_loose_rows, check_references, head, waiting
from audit.verify.tree import Place, TreeCheck, leaf_rows
from rtcc.config import config

__all__ = ["Finding", "Place", "Verification", "configured_place", "verify"]

OLDEST_WAITING_S = 60.0


def configured_place() -> Place:
    """The log of this installation."""
    return Place(config.tiles_dir, log_vkey(), tuple(witness.key for witness in witnesses()))


def verify(
    place: Place | None = None, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verification:
    """Verify the log; ``progress(leaves done, leaves in all)`` is called after each 256 leaves."""
    result = Verification()
    place = place or configured_place()
    tree = TreeCheck(place, result)
    fields = FieldCheck(tree.cosigned, result)
    result.size = tree.size
    _check_head(tree, result)
    for number in range(-(-tree.size // TILE_WIDTH)):
        rows = leaf_rows(number, tree.size)
        result.entries += sum(row.body is not None for row in rows)
        tree.check(number, rows)
        fields.check(rows)
        progress(min((number + 1) * TILE_WIDTH, tree.size), tree.size)
    tree.finish()
    fields.finish()
    check_loose_rows(result)
    named = check_references(result)
    _say(result, place, tree, fields, named)
    return result


def _check_head(tree: TreeCheck, result: Verification) -> None:
    found = head()
    if found is None:
        result.fault("head", "its row is gone from the database")
        return
    size, root = found
    if size < tree.size:
        result.fault(
            "head", f"the database holds {size} leaves and {tree.size} were published: it was put back"
        )
    elif size == tree.size and root != tree.checkpoint.root:
        result.fault("head", "the database names another root than the published checkpoint")


def _say(result: Verification, place: Place, tree: TreeCheck, fields: FieldCheck, named: int) -> None:
    """Say in plain words what follows from this verification, and what does not."""
    proved, not_proved = result.proved, result.not_proved
    if result.ok:
        proved += [
            f"All {tree.size} published entries are in the database, byte for byte, and lead to the"
            " signed root.",
            f"Each of the {tree.kept} signed checkpoints kept here is an earlier state of the same tree:"
            " nothing was removed, changed or reordered between them.",
            f"Each of the {fields.digests} digests has its disclosure, or an entry that says under which"
            f" rule it was erased ({fields.erased}).",
            f"The index for reports says the same as the log up to leaf {tree.size}.",
            f"{named} permits, sessions and other records name entries, and all of these exist.",
        ]
    else:
        not_proved.append("Anything that rests on the places named above: they contradict the log.")
    if tree.witnessed_by:
        proved.append(f"Cosigned by {', '.join(tree.witnessed_by)}: this is the tree that was shown to them.")
    else:
        not_proved.append(
            "That everybody was shown the same log: no witness has cosigned it. Who controls this machine"
            " could put all of it back to an earlier state unseen."
        )
    count, age_s = waiting()
    if count:
        not_proved.append(
            f"{count} entries have no leaf yet (the oldest for {age_s:.0f} s): until then a database"
            " superuser could remove one together with all that names it."
        )
    if age_s > OLDEST_WAITING_S:
        result.notice("queue", f"the oldest entry has waited {age_s:.0f} s for its leaf")
    if fields.without_time:
        not_proved.append(f"The time of {fields.without_time} entries: no witness has seen them.")
    if fields.seeded:
        not_proved.append(f"The time of {fields.seeded} entries of demo history, made with a set clock.")
    not_proved += [
        "That what an entry says was true when it was written, or that nothing happened without an entry.",
        f"That the key is the right one: compare it with the copy you noted earlier, {place.log}.",
    ]
