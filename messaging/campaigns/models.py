"""One text to many: the draft while it is written, the campaign once it is sent."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from messaging.campaigns.codes import FINISHED, KINDS, Refusal, State, Traffic


class Campaign(models.Model):
    """One text to many numbers. `hold` promised the most it can cost; `settlement` took what it did and gave back the rest.

    `sender` is what telephones show, copied when it was sent. `segment_count` is that of its longest message.
    `starts_at` is when the first message may leave: until then all of it can be undone. A large one is prepared in the
    background: `prepared_count` and `prepared_units` are the messages written so far, `looked_at_count` how many of
    the list were looked at for them, and `work_due_at` is when the work goes to whoever comes, because who had it was
    not heard of. `charged_units` is known when the campaign is finished.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="campaigns")
    name = models.CharField(_("name"), max_length=80)
    sender = models.CharField(_("sender"), max_length=16)
    text = models.TextField(_("text"))
    text_digest = models.CharField(max_length=64, blank=True, editable=False)
    traffic = models.CharField(_("kind"), max_length=16, choices=Traffic.choices, default=Traffic.SERVICE)
    list_public_id = models.UUIDField(_("list"), null=True, blank=True)
    list_name = models.CharField(_("list"), max_length=80, blank=True)
    prefixes = ArrayField(models.CharField(max_length=8), verbose_name=_("prefixes"), default=list, blank=True)
    segment_count = models.PositiveSmallIntegerField(_("segments of the longest message"))
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
    prepared_count = models.PositiveIntegerField(_("prepared"), default=0)
    prepared_units = models.BigIntegerField(_("price of what is prepared"), default=0)
    looked_at_count = models.PositiveIntegerField(_("looked at"), default=0)
    work_due_at = models.DateTimeField(_("work due"), null=True, blank=True)
    refusal = models.CharField(_("why it was not sent"), max_length=16, choices=Refusal.choices, blank=True)
    created_at = models.DateTimeField(_("sent"))
    starts_at = models.DateTimeField(_("begins"), db_default=Now())
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
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
            models.CheckConstraint(condition=Q(traffic__in=Traffic.values), name="a_campaign_is_of_a_known_kind"),
            models.CheckConstraint(
                condition=Q(prepared_units__gte=0, prepared_units__lte=F("held_units")),
                name="a_campaign_prepares_no_more_than_it_holds",
            ),
            models.CheckConstraint(
                condition=Q(state=State.PREPARING, work_due_at__isnull=False)
                | (~Q(state=State.PREPARING) & Q(work_due_at=None)),
                name="a_campaign_has_work_while_it_is_prepared",
            ),
            models.CheckConstraint(
                condition=Q(state=State.REFUSED, refusal__in=Refusal.values)
                | (~Q(state=State.REFUSED) & Q(refusal="")),
                name="a_refused_campaign_says_why",
            ),
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
            models.Index("account", "text_digest", F("created_at").desc(), name="campaigns_with_a_text"),
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

    The quote is made at `quoted_at` and holds its prices for a quarter of an hour; it is kept as it was made, so that
    what is shown is what was quoted. That of a large list is made in the background: until then `quote` is empty,
    `looked_at_count` says how far it is, and `work_due_at` when somebody else may take it over. `closing` is the
    line for opting out as it was then.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="campaign_drafts")
    reference = models.UUIDField()
    name = models.CharField(_("name"), max_length=80, blank=True)
    sender = models.ForeignKey("senders.SenderName", models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(_("text"))
    pasted = models.TextField(_("numbers"), blank=True)
    list_public_id = models.UUIDField(_("list"), null=True, blank=True)
    traffic = models.CharField(_("kind"), max_length=16, choices=Traffic.choices, default=Traffic.SERVICE)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    leaves_out_missing = models.BooleanField(_("without those who miss a field"), default=False)
    skipped_prefixes = ArrayField(models.CharField(max_length=8), verbose_name=_("skipped"), default=list, blank=True)
    closing = models.CharField(_("how to opt out"), max_length=120, blank=True)
    quoted_at = models.DateTimeField(_("quoted"), null=True, blank=True)
    quote = models.JSONField(_("quote"), null=True, blank=True)
    looked_at_count = models.PositiveIntegerField(_("looked at"), default=0)
    work_due_at = models.DateTimeField(_("work due"), null=True, blank=True)
    campaign = models.OneToOneField(Campaign, models.PROTECT, null=True, blank=True, related_name="draft")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint("account", "reference", name="a_form_makes_one_draft"),
            models.CheckConstraint(condition=Q(traffic__in=Traffic.values), name="a_draft_is_of_a_known_kind"),
        ]
        indexes = [
            models.Index("account", F("id").desc(), name="drafts_to_finish", condition=Q(campaign__isnull=True)),
            models.Index("work_due_at", name="drafts_to_quote", condition=Q(work_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Its name, or how its text begins."""
        return self.name or Truncator(self.text.strip()).chars(60)


class TextTemplate(models.Model):
    """A text that is kept to be used again."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="text_templates")
    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("text"))
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("text template")
        verbose_name_plural = _("text templates")
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                name="a_text_template_has_a_name_of_its_own",
                violation_error_message=_("You already have a template with this name."),
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(text=""), name="a_text_template_holds_a_text"),
        ]

    def __str__(self) -> str:
        return self.name


class SendingRules(models.Model):
    """How an account sends: how long a send can be undone, and how recipients of marketing are told to opt out."""

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="sending_rules")
    undo_seconds = models.PositiveSmallIntegerField(_("undo window"), default=30)
    closing = models.CharField(_("how to opt out"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("sending rules")
        verbose_name_plural = _("sending rules")
        constraints = [
            models.CheckConstraint(condition=Q(undo_seconds__lte=3600), name="an_undo_window_ends_within_an_hour"),
        ]

    def __str__(self) -> str:
        return str(self.account)
