"""What people read of a bank transfer: what to pay and to quote, what is missing, and that nobody waits any more."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.notices.codes import Stage
from portal.templatetags.formats import credits, day, money


def told(facts: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The subject and the sentences of a mail about a bank transfer, in the active language."""
    named = {
        **facts,
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
        "missing": money(facts["missing_cents"], facts["currency"]),
        "day": day(date.fromisoformat(facts["expires_on"])),
    }
    how = _how(bool(facts["bic"]))
    subject, sentences = {
        Stage.WAITING: (
            _("%(account)s: please transfer %(amount)s"),
            (
                _("%(credits)s credits for %(account)s wait for your bank transfer of %(amount)s."),
                *how,
                _("They are credited when the money has come. We wait for it until %(day)s."),
            ),
        ),
        Stage.PARTLY: (
            _("%(account)s: %(missing)s are still missing"),
            (
                _("A part of your bank transfer of %(amount)s has come. %(missing)s are still missing."),
                *how,
                _("The %(credits)s credits are there as soon as the rest has come with the same reference."),
            ),
        ),
        Stage.EXPIRED: (
            _("%(account)s: the bank transfer did not arrive"),
            (
                _(
                    "We waited for your bank transfer of %(amount)s until %(day)s. The purchase is closed; nothing was paid."
                ),
                _("Buy again to get a new reference. If you have sent the money already, write to us: it is not lost."),
            ),
        ),
    }[Stage(facts["stage"])]
    return subject % named, tuple(sentence % named for sentence in sentences)


def _how(has_bic: bool) -> list[str]:
    how = [_("Account holder: %(holder)s"), _("IBAN: %(iban)s")]
    if has_bic:
        how.append(_("BIC: %(bic)s"))
    return [*how, _("Reference to quote: %(reference)s")]
