"""Whom a customer writes to: lists of contacts, and the numbers that want nothing more."""

import uuid
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from messaging.encoding.numbers import international

# What every stored number looks like; read into this form by `messaging.encoding.numbers`.
E164 = r"^\+[1-9][0-9]{3,14}$"

MAX_CONTACTS: Final = 1_000_000
"""The contacts of one list: as many as one campaign may have recipients."""

MAX_FIELDS: Final = 20
"""The merge fields of one list."""

MAX_FIELD_NAME: Final = 40


class Source(models.TextChoices):
    """Where an opt-out comes from."""

    MANUAL = "manual", _("Added by hand")
    IMPORT = "import", _("Imported from a file")
    REPLY = "reply", _("Asked by reply")
    FAILURE = "failure", _("Messages did not arrive")


class ContactList(models.Model):
    """A named list of contacts of an account.

    `field_names` are the merge fields that its contacts may carry beside their name, in the order they are shown.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="contact_lists")
    name = models.CharField(_("name"), max_length=80)
    field_names = ArrayField(
        models.CharField(max_length=MAX_FIELD_NAME), verbose_name=_("fields"), default=list, blank=True
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("contact list")
        verbose_name_plural = _("contact lists")
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="a_contact_list_has_a_name_of_its_own",
                violation_error_message=_("You already have a list with this name."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="a_contact_list_has_a_name"),
            models.CheckConstraint(
                condition=Q(field_names__len__lte=MAX_FIELDS), name="a_contact_list_has_at_most_20_fields"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A number in a list, in E.164 ("+39…"), whose it is, and what else is known for its messages.

    `fields` holds a text for each merge field of the list that this contact has; the others are missing. The import that
    brought the contact is named, so that it can be undone.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact_list = models.ForeignKey(ContactList, models.CASCADE, related_name="contacts", db_index=False)
    number = models.CharField(_("number"), max_length=16)
    name = models.CharField(_("name"), max_length=120, blank=True)
    fields = models.JSONField(_("fields"), default=dict, blank=True)
    import_public_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.UniqueConstraint("contact_list", "number", name="a_number_is_in_a_list_once"),
            models.CheckConstraint(condition=Q(number__regex=E164), name="a_contact_has_a_number_in_e164"),
        ]
        indexes = [
            models.Index("contact_list", "id", name="contacts_of_a_list"),
            models.Index("import_public_id", name="contacts_of_an_import", condition=Q(import_public_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.number


class OptOut(models.Model):
    """A number that wants no messages from this account; no send reaches it.

    What caused it is named, not held, since a history may end before an opt-out does: the message that was answered or
    did not arrive, the reply, the import. `cause` says it in a few words: what the person wrote, or why it failed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="opt_outs")
    number = models.CharField(_("number"), max_length=16)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, default=Source.MANUAL)
    cause = models.CharField(_("cause"), max_length=160, blank=True)
    message_public_id = models.UUIDField(null=True, blank=True)
    reply_public_id = models.UUIDField(null=True, blank=True)
    import_public_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [
            models.UniqueConstraint("account", "number", name="a_number_opts_out_once"),
            models.CheckConstraint(condition=Q(number__regex=E164), name="an_opt_out_has_a_number_in_e164"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="an_opt_out_has_a_known_source"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def written(self) -> str:
        """The number as the world writes it."""
        return international(self.number)
