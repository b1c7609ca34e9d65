"""The rows of the log. Tables, triggers and functions are SQL (migrations/0001); the models are unmanaged.

No row points to live data by a foreign key: the log outlives what it names.
"""

from __future__ import annotations

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models


class Entry(models.Model):
    """One act, as the leaf that outsiders can prove. Insert-only; PostgreSQL makes id and time.

    The column ``xact`` (xid8) is not modelled: only the trigger that demands an entry reads it.
    """

    id = models.UUIDField(primary_key=True, help_text="UUIDv7")
    body = models.BinaryField(help_text="the exact bytes of the leaf; see audit.encoding")
    received_at = models.DateTimeField(help_text="clock of the database when the row was inserted")

    class Meta:
        managed = False
        db_table = "audit_entry"
        verbose_name_plural = "entries"

    class Privacy:
        public = ("body",)
        pseudonymous = ("id", "received_at")

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Disclosure(models.Model):
    """A field of an entry with its salt. All empty fields of an entry share the row named '-'.

    Insert-only; the eraser may delete rows that an `Erasure` names.
    """

    pk = models.CompositePrimaryKey("entry", "field", "month")
    month = models.DateField(help_text="first day of the month; the partition")
    entry = models.UUIDField()
    field = models.CharField(max_length=40, help_text="name, or '-' for all empty fields")
    salt = models.BinaryField(help_text="16 bytes; for '-' 16 bytes per name, in the order of value")
    value = models.TextField(help_text="canonical JSON of the value; for '-' the list of names")

    class Meta:
        managed = False
        db_table = "audit_disclosure"

    class Privacy:
        by_field = ("value", "salt")  # the table audit.vocabulary.FIELDS_V1 says which tier reads which
        pseudonymous = ("month", "entry", "field")

    def __str__(self) -> str:
        return f"{self.field} of entry {self.entry}"


class Pending(models.Model):
    """An entry that has no leaf yet."""

    entry = models.UUIDField(primary_key=True)

    class Meta:
        managed = False
        db_table = "audit_pending"
        verbose_name_plural = "pending"

    class Privacy:
        pseudonymous = ("entry",)

    def __str__(self) -> str:
        return f"pending {self.entry}"


class Leaf(models.Model):
    """The place of an entry in the tree, given once by the sequencer."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.UUIDField(unique=True)

    class Meta:
        managed = False
        db_table = "audit_leaf"
        verbose_name_plural = "leaves"

    class Privacy:
        public = ("index",)
        pseudonymous = ("entry",)

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Head(models.Model):
    """The one row that says how large the tree is. It moves forward by compare-and-swap only."""

    id = models.SmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField(help_text="32 bytes")

    class Meta:
        managed = False
        db_table = "audit_head"

    class Privacy:
        public = ("id", "size", "root")

    def __str__(self) -> str:
        return f"tree of {self.size} leaves"


class SignedCheckpoint(models.Model):
    """A checkpoint as it was published, with the cosignatures it had by then. It proves itself."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField(help_text="signed note")
    cosigned_at = models.DateTimeField(null=True, help_text="earliest time that a witness put on it")

    class Meta:
        managed = False
        db_table = "audit_checkpoint"

    class Privacy:
        public = ("size", "note", "cosigned_at")

    def __str__(self) -> str:
        return f"checkpoint of {self.size} leaves"


class Touch(models.Model):
    """Index for reports: which camera an entry touched, when it was watched, and which footage.

    A copy of what the entry's disclosures say; `verify_log` rebuilds and compares it.
    An entry that touches no camera has one row without camera.
    """

    pk = models.CompositePrimaryKey("entry", "ordinal")
    entry = models.UUIDField()
    ordinal = models.SmallIntegerField()
    camera = models.UUIDField(null=True)
    placement = models.UUIDField(null=True)
    watched = DateTimeRangeField(help_text="closed interval of the watching")
    footage = DateTimeRangeField(null=True, help_text="closed interval of the footage")
    actor = models.CharField(max_length=80, null=True)
    basis = models.UUIDField(null=True)
    owner = models.UUIDField(null=True)
    outcome = models.CharField(max_length=20, null=True)
    event = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40, null=True)

    class Meta:
        managed = False
        db_table = "audit_touch"
        verbose_name_plural = "touches"

    class Privacy:
        pseudonymous = ("entry", "ordinal", "camera", "placement", "watched", "footage", "basis", "owner")
        public = ("outcome", "event", "purpose")
        personnel = ("actor",)

    def __str__(self) -> str:
        return f"touch {self.ordinal} of entry {self.entry}"


class Erasure(models.Model):
    """A field of an entry that is to be erased, and how far that is.

    Three times: row deleted; table rewritten with no older WAL left; last backup that holds it ended.
    Only the third is "gone".
    """

    pk = models.CompositePrimaryKey("entry", "field")
    entry = models.UUIDField()
    field = models.CharField(max_length=40)
    announced_by = models.UUIDField(help_text="entry of the act that announced it")
    rule = models.CharField(max_length=200)
    deleted_at = models.DateTimeField(null=True)
    rewritten_at = models.DateTimeField(null=True)
    rewritten_lsn = models.CharField(max_length=40, null=True, help_text="WAL before this may hold the row")
    backups_ended_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "audit_erasure"

    class Privacy:
        public = ("rule", "deleted_at", "rewritten_at", "backups_ended_at", "field")
        pseudonymous = ("entry", "announced_by")
        security = ("rewritten_lsn",)

    def __str__(self) -> str:
        return f"erasure of {self.field} of entry {self.entry}"
