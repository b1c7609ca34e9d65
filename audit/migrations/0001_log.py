"""The log's tables, triggers and functions: written in SQL in schema.sql, named to Django as unmanaged models."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import django.contrib.postgres.fields.ranges
from django.db import migrations, models

SCHEMA = Path(__file__).with_name("schema.sql").read_text()


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL([SCHEMA]),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry",
                        "field",
                        "month",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField(help_text="first day of the month; the partition")),
                ("entry", models.UUIDField()),
                ("field", models.CharField(help_text="name, or '-' for all empty fields", max_length=40)),
                (
                    "salt",
                    models.BinaryField(
                        help_text="16 bytes; for '-' 16 bytes per name, in the order of value"
                    ),
                ),
                (
                    "value",
                    models.TextField(help_text="canonical JSON of the value; for '-' the list of names"),
                ),
            ],
            options={
                "db_table": "audit_disclosure",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.UUIDField(help_text="UUIDv7", primary_key=True, serialize=False)),
                ("body", models.BinaryField(help_text="the exact bytes of the leaf; see audit.encoding")),
                (
                    "received_at",
                    models.DateTimeField(help_text="clock of the database when the row was inserted"),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "audit_entry",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry", "field", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("entry", models.UUIDField()),
                ("field", models.CharField(max_length=40)),
                ("announced_by", models.UUIDField(help_text="entry of the act that announced it")),
                ("rule", models.CharField(max_length=200)),
                ("deleted_at", models.DateTimeField(null=True)),
                ("rewritten_at", models.DateTimeField(null=True)),
                (
                    "rewritten_lsn",
                    models.CharField(help_text="WAL before this may hold the row", max_length=40, null=True),
                ),
                ("backups_ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "audit_erasure",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(help_text="32 bytes")),
            ],
            options={
                "db_table": "audit_head",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry", models.UUIDField(unique=True)),
            ],
            options={
                "verbose_name_plural": "leaves",
                "db_table": "audit_leaf",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("entry", models.UUIDField(primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name_plural": "pending",
                "db_table": "audit_pending",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SignedCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField(help_text="signed note")),
                (
                    "cosigned_at",
                    models.DateTimeField(help_text="earliest time that a witness put on it", null=True),
                ),
            ],
            options={
                "db_table": "audit_checkpoint",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Touch",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry", "ordinal", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("entry", models.UUIDField()),
                ("ordinal", models.SmallIntegerField()),
                ("camera", models.UUIDField(null=True)),
                ("placement", models.UUIDField(null=True)),
                (
                    "watched",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        help_text="closed interval of the watching"
                    ),
                ),
                (
                    "footage",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        help_text="closed interval of the footage", null=True
                    ),
                ),
                ("actor", models.CharField(max_length=80, null=True)),
                ("basis", models.UUIDField(null=True)),
                ("owner", models.UUIDField(null=True)),
                ("outcome", models.CharField(max_length=20, null=True)),
                ("event", models.CharField(max_length=40)),
                ("purpose", models.CharField(max_length=40, null=True)),
            ],
            options={
                "verbose_name_plural": "touches",
                "db_table": "audit_touch",
                "managed": False,
            },
        ),
    ]
