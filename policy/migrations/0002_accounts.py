import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import rtcc.ids


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rtcc.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mfa", models.BooleanField(help_text="a second factor was given")),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(help_text="last sign of the person, not of the page")),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_why", models.CharField(blank=True, help_text="said to the person", max_length=120)),
                ("entry", models.UUIDField()),
                ("ended_entry", models.UUIDField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-started_at",),
            },
        ),
        migrations.AddField(
            model_name="permit",
            name="session",
            field=models.ForeignKey(
                help_text="ends when this does",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="policy.session",
            ),
        ),
        migrations.CreateModel(
            name="FailedSignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "at"], name="policy_fail_person__3dfb1c_idx")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=rtcc.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("token_sha256", models.CharField(max_length=64, unique=True)),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("analyst", "analyst"),
                            ("supervisor", "supervisor"),
                            ("records_officer", "records officer"),
                            ("legal_reviewer", "legal reviewer"),
                            ("auditor", "auditor"),
                            ("outside_reviewer", "outside reviewer"),
                            ("partner", "partner"),
                            ("policy_owner", "policy owner"),
                            ("operator", "operator"),
                            ("officer", "officer"),
                            ("system", "system"),
                        ],
                        max_length=30,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("entry", models.UUIDField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-made_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("made_at"))),
                        name="invitation_expires_after",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("person__isnull", True),
                                (
                                    "role__in",
                                    [
                                        "analyst",
                                        "supervisor",
                                        "records_officer",
                                        "legal_reviewer",
                                        "auditor",
                                        "outside_reviewer",
                                        "partner",
                                        "policy_owner",
                                        "operator",
                                        "officer",
                                        "system",
                                    ],
                                ),
                            ),
                            models.Q(("person__isnull", False), ("role", "")),
                            _connector="OR",
                        ),
                        name="invitation_person_or_role",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["seen_at"], name="session_open_seen"
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_entry__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_entry__isnull", False)),
                    _connector="OR",
                ),
                name="session_ended_at_with_entry",
            ),
        ),
    ]
