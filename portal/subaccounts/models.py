"""Whom a customer has put in charge of a sub-account."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class PersonInCharge(models.Model):
    """Who was named when the sub-account was opened; they manage it once they have accepted, as its owner."""

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="person_in_charge")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    email = models.EmailField(_("e-mail"), max_length=254)

    class Meta:
        verbose_name = _("person in charge")
        verbose_name_plural = _("persons in charge")
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="a_person_in_charge_is_in_lower_case"),
            models.CheckConstraint(
                condition=~Q(first_name="") & ~Q(last_name="") & ~Q(email=""),
                name="a_person_in_charge_has_a_name_and_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"
