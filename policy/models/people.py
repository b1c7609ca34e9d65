"""People, organisations and memberships. A role is a membership, never a flag on a person."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q

from policy.querysets import MembershipQuerySet
from policy.vocabulary import OrganisationClass, Role
from rtcc.ids import uuid7


def choices(enum: type[Any]) -> list[tuple[str, str]]:
    """Django choices of a StrEnum."""
    return [(member.value, member.value.replace("_", " ")) for member in enum]


class Organisation(models.Model):
    """An agency, a partner, an oversight body...: owns cameras, bases and people."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=choices(OrganisationClass))

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in OrganisationClass]), name="organisation_kind_known"
            ),
        ]

    class Privacy:
        public = ("id", "code", "name", "kind")

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Makes people; a superuser cannot be made, and the database refuses one."""

    def create_user(self, username: str, *, display_name: str, password: str | None = None) -> Person:
        person = self.model(username=username, display_name=display_name)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody who can sign in. What they may do follows from memberships alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(max_length=60, unique=True)
    display_name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    locked_at = models.DateTimeField(null=True, blank=True, help_text="password sign-in is locked since")
    session_epoch = models.BigIntegerField(
        default=0, help_text="raised when a session of this person starts or ends"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        ordering = ("display_name",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(is_superuser=False), name="person_is_never_superuser"),
        ]

    class Privacy:
        personnel = ("id", "username", "display_name", "email", "is_active", "locked_at", "created_at")
        security = ("password", "last_login", "session_epoch", "is_superuser")

    def __str__(self) -> str:
        return self.display_name


class Membership(models.Model):
    """A person's role in an organisation, from an instant until another (or open)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=choices(Role))
    unit = models.CharField(max_length=80, blank=True)
    rank = models.PositiveSmallIntegerField(
        default=0, help_text="0 civilian, 1 officer, 2 sergeant, 3 captain"
    )
    certified_until = models.DateField(null=True, blank=True, help_text="empty: not known")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="membership_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["person", "organisation", "role"],
                condition=Q(ends_at__isnull=True),
                name="membership_open_once",
            ),
        ]

    class Privacy:
        personnel = (
            "id", "person", "organisation", "role", "unit", "rank", "certified_until", "starts_at", "ends_at",
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} {self.role}"
