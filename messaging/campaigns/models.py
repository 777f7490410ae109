"""One text to many: the draft while it is written, the campaign once it is sent."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """How far a campaign is. It is finished once every message is and the hold has been resolved."""

    SENDING = "sending", _("Sending")
    CANCELLING = "cancelling", _("Being cancelled")
    SETTLED = "settled", pgettext_lazy("campaign", "Sent")
    CANCELLED = "cancelled", _("Cancelled")


FINISHED = (State.SETTLED, State.CANCELLED)
KINDS: dict[str, str] = {
    State.SENDING: "info",
    State.CANCELLING: "warn",
    State.SETTLED: "ok",
    State.CANCELLED: "neutral",
}


class Campaign(models.Model):
    """One text to many numbers. `hold` promised the most it can cost; `settlement` took what it did and gave back the rest.

    `sender` is what telephones show, copied when it was sent. `charged_units` is known when the campaign is finished.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="campaigns")
    name = models.CharField(_("name"), max_length=80)
    sender = models.CharField(_("sender"), max_length=16)
    text = models.TextField(_("text"))
    segment_count = models.PositiveSmallIntegerField(_("segments of each message"))
    recipient_count = models.PositiveIntegerField(_("recipients"))
    reference = models.CharField(_("reference"), max_length=80)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.SENDING)
    # Read by the delivery room: nothing else of a campaign decides whether its messages may leave.
    is_open = models.GeneratedField(
        expression=Q(state=State.SENDING.value),  # type: ignore[arg-type]  # a Q is one, the stubs say no
        output_field=models.BooleanField(),
        db_persist=True,
    )
    held_units = models.BigIntegerField(_("held"))
    charged_units = models.BigIntegerField(_("charged"), null=True, blank=True)
    hold = models.OneToOneField("ledger.Transfer", models.PROTECT, related_name="+")
    settlement = models.OneToOneField("ledger.Transfer", models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("who"))
    created_at = models.DateTimeField(_("sent"))
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    settled_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.UniqueConstraint("account", "reference", name="a_reference_launches_one_campaign"),
            models.CheckConstraint(
                condition=Q(recipient_count__gt=0, segment_count__gt=0), name="a_campaign_sends_something"
            ),
            models.CheckConstraint(condition=Q(held_units__gt=0), name="a_campaign_holds_what_it_may_cost"),
            models.CheckConstraint(
                condition=Q(charged_units=None) | Q(charged_units__gte=0, charged_units__lte=F("held_units")),
                name="a_campaign_never_costs_more_than_it_held",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_campaign_has_a_known_state"),
            models.CheckConstraint(
                condition=Q(
                    ~Q(state__in=FINISHED), settlement__isnull=True, settled_at__isnull=True, charged_units__isnull=True
                )
                | Q(
                    state__in=FINISHED, settlement__isnull=False, settled_at__isnull=False, charged_units__isnull=False
                ),
                name="a_finished_campaign_is_settled",
            ),
        ]
        indexes = [
            models.Index("account", F("id").desc(), name="campaigns_of_an_account"),
            models.Index("id", name="campaigns_under_way", condition=Q(settlement__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """The badge that shows the state."""
        return KINDS[self.state]

    @property
    def is_finished(self) -> bool:
        return self.settlement_id is not None

    @property
    def returned_units(self) -> int | None:
        """What came back of the hold; None until the campaign is finished."""
        return None if self.charged_units is None else self.held_units - self.charged_units


class CampaignDraft(models.Model):
    """What somebody has typed and not yet sent. The quote is made anew from it each time it is looked at.

    `reference` is the form's own key: submitted twice, it is still one draft. A sent draft names its campaign. The list
    is named, not held: deleting a list is not stopped by a draft.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="campaign_drafts")
    reference = models.UUIDField()
    name = models.CharField(_("name"), max_length=80, blank=True)
    sender = models.ForeignKey("senders.SenderName", models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(_("text"))
    pasted = models.TextField(_("numbers"), blank=True)
    list_public_id = models.UUIDField(_("list"), null=True, blank=True)
    campaign = models.OneToOneField(Campaign, models.PROTECT, null=True, blank=True, related_name="draft")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [models.UniqueConstraint("account", "reference", name="a_form_makes_one_draft")]
        indexes = [
            models.Index("account", F("id").desc(), name="drafts_to_finish", condition=Q(campaign__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Its name, or how its text begins."""
        return self.name or Truncator(self.text.strip()).chars(60)
