"""Messages, one text to one number each; the receipts that say what became of them; what telephones write back."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from messaging.delivery.codes import CHARGED, FINAL, RETURNED, Purpose, State
from messaging.delivery.gateway_models import GatewayMinute, GatewayState, Route

__all__ = [
    "DeliveryReceipt",
    "GatewayMinute",
    "GatewayState",
    "Message",
    "MessagePart",
    "MessageQuerySet",
    "Reply",
    "ReplyPart",
    "Route",
]


def _in(states: Iterable[State]) -> Q:
    return Q(state__in=sorted(state.value for state in states))


class MessageQuerySet(models.QuerySet["Message"]):
    def claimable(self, now: datetime) -> "MessageQuerySet":
        """What waits to be handed over and may leave, oldest first; lock it with `of=("self",)`.

        The campaign says whether its messages may leave, so that a pause touches one row and not a million.
        """
        may_leave = Q(campaign=None) | Q(campaign__is_open=True)
        return self.filter(may_leave, state=State.WAITING, due_at__lte=now).order_by("due_at", "pk")

    def due(self, state: State, now: datetime) -> "MessageQuerySet":
        """What has been in `state` for as long as it may be."""
        return self.filter(state=state, due_at__lte=now)


class Message(models.Model):
    """One text to one number. `public_id` is also our key at the gateway: the same key is never sent twice.

    `price_units` is the price of the whole message. `leaves_at` is the first moment it may leave: its campaign may
    begin later, and quiet hours may be on. `due_at` is when it must be looked at again: a waiting message is due when
    it may leave, a lease on one that is being handed over runs out, an unknown one is asked for, and one that is on
    its way has had its time for a receipt. What is final is due no more.

    A gateway that takes each part by itself knows the message by several ids: `gateway_message_id` is the first, and
    then all of them are `MessagePart`s. Otherwise there is one id, and no part has a row.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="messages", db_index=False, verbose_name=_("account")
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        db_index=False,
        verbose_name=_("campaign"),
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    sender = models.CharField(_("sender name"), max_length=16)
    recipient = models.CharField(_("recipient"), max_length=16)
    country_prefix = models.CharField(_("country prefix"), max_length=8)
    text = models.TextField(_("text"))
    encoding = models.CharField(_("encoding"), max_length=8)
    segment_count = models.PositiveSmallIntegerField(_("segments"))
    price_units = models.BigIntegerField(_("price"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    gateway = models.CharField(_("gateway"), max_length=32, blank=True)
    gateway_message_id = models.CharField(_("id at the gateway"), max_length=64, blank=True)
    error_code = models.CharField(_("reason"), max_length=32, blank=True)
    created_at = models.DateTimeField(_("created"))
    leaves_at = models.DateTimeField(_("may leave"), db_default=Now())
    submitted_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    final_at = models.DateTimeField(_("final"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(condition=_in(State), name="a_message_has_a_known_state"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="a_message_has_a_known_purpose"),
            models.CheckConstraint(
                condition=Q(recipient__regex=r"^\+[1-9][0-9]{4,14}$"), name="a_recipient_is_an_e164_number"
            ),
            models.CheckConstraint(
                condition=Q(segment_count__gte=1, segment_count__lte=255), name="a_message_has_1_to_255_segments"
            ),
            models.CheckConstraint(condition=Q(price_units__gte=0), name="a_message_never_pays_its_sender"),
            models.CheckConstraint(
                condition=(_in(FINAL) & Q(final_at__isnull=False, due_at__isnull=True))
                | (~_in(FINAL) & Q(final_at__isnull=True, due_at__isnull=False)),
                name="a_message_is_either_final_or_due",
            ),
            models.CheckConstraint(
                condition=~_in(CHARGED) | (~Q(gateway_message_id="") & Q(submitted_at__isnull=False)),
                name="what_is_charged_was_taken_by_a_gateway",
            ),
        ]
        indexes = [
            models.Index("account", F("created_at").desc(), F("id").desc(), name="message_history"),
            models.Index(fields=["account", "recipient", "id"], name="message_by_recipient"),
            models.Index("account", "state", F("created_at").desc(), F("id").desc(), name="message_by_state"),
            models.Index(fields=["campaign", "state"], include=["price_units"], name="message_progress"),
            models.Index(
                "account",
                Coalesce("campaign", 0),
                "country_prefix",
                "due_at",
                "id",
                name="message_lane",
                condition=Q(state=State.WAITING),
            ),
            models.Index("state", "due_at", name="message_due", condition=Q(due_at__isnull=False)),
            models.Index("gateway_message_id", name="message_by_gateway_id", condition=~Q(gateway_message_id="")),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_charged(self) -> bool:
        """Whether the network has it, so that its price is due (product 7.6)."""
        return self.state in CHARGED

    @property
    def is_returned(self) -> bool:
        """Whether it never left, so that its price goes back."""
        return self.state in RETURNED


class MessagePart(models.Model):
    """What a gateway calls one part of a message that it was given in several; `number` counts from 1."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField(_("part"))
    gateway = models.CharField(_("gateway"), max_length=32)
    gateway_message_id = models.CharField(_("id at the gateway"), max_length=64)

    class Meta:
        verbose_name = _("part of a message")
        verbose_name_plural = _("parts of messages")
        constraints = [
            models.UniqueConstraint("message", "number", name="a_part_has_its_own_place_in_the_message"),
        ]
        indexes = [models.Index("gateway_message_id", name="part_by_gateway_id")]

    def __str__(self) -> str:
        return f"{self.message_id}/{self.number}"


class DeliveryReceipt(models.Model):
    """What a gateway reported of a message. It may come before we know the message's id there: then it waits.

    `state` is accepted for a report on the way ("buffered"); only delivered, undelivered and expired move a message.
    """

    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="receipts")
    gateway = models.CharField(_("gateway"), max_length=32)
    gateway_message_id = models.CharField(_("id at the gateway"), max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=State.choices)
    error_code = models.CharField(_("reason"), max_length=32, blank=True)
    recipient = models.CharField(_("recipient"), max_length=16, blank=True)
    reported_at = models.DateTimeField(_("reported"))
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("delivery receipt")
        verbose_name_plural = _("delivery receipts")
        constraints = [
            models.UniqueConstraint("gateway", "gateway_message_id", "state", name="a_receipt_is_kept_once"),
            models.CheckConstraint(
                condition=_in({State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED}),
                name="a_receipt_tells_of_the_way",
            ),
        ]
        indexes = [
            models.Index("received_at", name="receipt_unmatched", condition=Q(message__isnull=True)),
            models.Index("gateway_message_id", name="receipt_unmatched_id", condition=Q(message__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.gateway_message_id} {self.state}"


class Reply(models.Model):
    """A text from a telephone (MO), as its gateway gave it. `key` is the gateway's own name for it.

    `source` is the telephone in E.164, or the name or short number the network shows; `destination` is the number it
    was written to. Whose it is and what follows is another room's work, done once: then `handled_at` is set.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    gateway = models.CharField(_("gateway"), max_length=32)
    key = models.CharField(_("key at the gateway"), max_length=128)
    source = models.CharField(_("telephone"), max_length=24)
    destination = models.CharField(_("written to"), max_length=24)
    text = models.TextField(_("text"), blank=True)
    received_at = models.DateTimeField(_("received"))
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.UniqueConstraint("gateway", "key", name="a_reply_is_taken_once"),
            models.CheckConstraint(condition=~Q(source=""), name="a_reply_comes_from_somewhere"),
        ]
        indexes = [models.Index("id", name="replies_to_handle", condition=Q(handled_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M}"


class ReplyPart(models.Model):
    """A part of a long text from a telephone, kept until all have come; then `reply` is what they were joined to.

    Octets and not text: a telephone may cut between the two halves of a character. `reference` is the telephone's own
    and comes again after some hundred texts.
    """

    gateway = models.CharField(_("gateway"), max_length=32)
    source = models.CharField(_("telephone"), max_length=24)
    destination = models.CharField(_("written to"), max_length=24)
    reference = models.PositiveIntegerField(_("reference"))
    part_count = models.PositiveSmallIntegerField(_("parts"))
    number = models.PositiveSmallIntegerField(_("part"))
    data_coding = models.PositiveSmallIntegerField(_("coding"))
    octets = models.BinaryField(_("octets"))
    received_at = models.DateTimeField(_("received"))
    reply = models.ForeignKey(Reply, models.PROTECT, null=True, related_name="parts", verbose_name=_("reply"))

    class Meta:
        verbose_name = _("part of a reply")
        verbose_name_plural = _("parts of replies")
        constraints = [
            models.UniqueConstraint(
                "gateway",
                "source",
                "destination",
                "reference",
                "part_count",
                "number",
                name="a_reply_part_is_kept_once",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=F("part_count"), part_count__gte=2),
                name="a_reply_part_is_one_of_several",
            ),
        ]
        indexes = [models.Index("received_at", name="reply_parts_by_age")]

    def __str__(self) -> str:
        return f"{self.source} {self.number}/{self.part_count}"
