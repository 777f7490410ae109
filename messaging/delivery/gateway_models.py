"""The gateways: how each does, what it did minute by minute, and the routes that lead to it."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.periods import LASTS, valid_at


class GatewayState(models.Model):
    """How a gateway does: paused by staff, resting after failures in a row, demoted because too much went wrong there.

    A gateway that is a process of its own is there until `alive_until`; it says so again and again.
    """

    name = models.CharField(_("name"), max_length=32, unique=True)
    is_paused = models.BooleanField(_("paused"), default=False)
    failure_count = models.PositiveIntegerField(_("failures in a row"), default=0)
    retry_at = models.DateTimeField(_("resting until"), null=True, blank=True)
    alive_until = models.DateTimeField(_("connected until"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    last_error_at = models.DateTimeField(_("last failure"), null=True, blank=True)
    last_error = models.CharField(_("what went wrong"), max_length=200, blank=True)
    demotion_count = models.PositiveIntegerField(_("demotions in a row"), default=0)
    demoted_at = models.DateTimeField(_("demoted"), null=True, blank=True)
    demoted_until = models.DateTimeField(_("demoted until"), null=True, blank=True)
    demoted_faults = models.PositiveIntegerField(_("faults before the demotion"), default=0)
    demoted_of = models.PositiveIntegerField(_("messages before the demotion"), default=0)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")

    def __str__(self) -> str:
        return self.name

    def is_open(self, now: datetime) -> bool:
        """Whether messages may be handed to it at `now`, if it is there."""
        return not self.is_paused and (self.retry_at is None or self.retry_at <= now)

    def is_demoted(self, now: datetime) -> bool:
        """Whether another gateway goes first at `now`."""
        return self.demoted_until is not None and self.demoted_until > now


class GatewayMinute(models.Model):
    """What a gateway did in one minute: messages it took, refused, or failed with; calls that failed; receipts."""

    gateway = models.CharField(_("gateway"), max_length=32)
    minute = models.DateTimeField(_("minute"))
    accepted_count = models.PositiveIntegerField(_("taken"), default=0)
    refused_count = models.PositiveIntegerField(_("refused"), default=0)
    fault_count = models.PositiveIntegerField(_("faults"), default=0)
    fault_call_count = models.PositiveIntegerField(_("calls with faults"), default=0)
    delivered_count = models.PositiveIntegerField(_("delivered"), default=0)
    undelivered_count = models.PositiveIntegerField(_("not delivered"), default=0)

    class Meta:
        verbose_name = _("minute of a gateway")
        verbose_name_plural = _("minutes of gateways")
        constraints = [models.UniqueConstraint("gateway", "minute", name="a_gateway_has_each_minute_once")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.minute:%H:%M}"


class RouteQuerySet(models.QuerySet["Route"]):
    def valid(self, now: datetime) -> "RouteQuerySet":
        """The routes of this moment."""
        return self.filter(valid_at(now))


class Route(models.Model):
    """Numbers that begin with `prefix` (digits; empty for all) may go over `gateway`, in a period.

    Of the routes of a number the longest prefix goes first, then the lowest `priority`. `per_second` is how many
    segments may leave over the route in a second; None knows no bound. What was let through lasts until `free_at`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    gateway = models.CharField(_("gateway"), max_length=32)
    prefix = models.CharField(_("prefix"), max_length=15, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=10)
    is_paused = models.BooleanField(_("paused"), default=False)
    per_second = models.PositiveIntegerField(_("segments a second"), null=True, blank=True)
    free_at = models.DateTimeField(_("free from"), null=True, blank=True, editable=False)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    objects = RouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = [
            models.CheckConstraint(condition=Q(prefix__regex=r"^([1-9][0-9]*)?$"), name="a_route_leads_to_a_prefix"),
            models.CheckConstraint(
                condition=Q(per_second__isnull=True) | Q(per_second__gte=1), name="a_route_lets_something_through"
            ),
            models.CheckConstraint(condition=LASTS, name="a_route_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"+{self.prefix} {self.gateway}"
