"""What people read of a bank transfer: what to pay and to quote, what is missing, and that nobody waits any more."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from portal.notices.codes import Stage
from portal.templatetags.formats import credits, day, money


def told(facts: Mapping[str, Any]) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The subject, the sentences and what to fill in at the bank, of a mail about a bank transfer, in the active language."""
    named = {
        **facts,
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
        "missing": money(facts["missing_cents"], facts["currency"]),
        "received": money(facts["gross_cents"] - facts["missing_cents"], facts["currency"]),
        "surplus": money(facts.get("surplus_cents", 0), facts["currency"]),
        "day": day(date.fromisoformat(facts["expires_on"])),
    }
    stage = Stage(facts["stage"])
    is_about_awaited = stage in (Stage.WAITING, Stage.PARTLY, Stage.EXPIRED)
    subject, sentences = _of_awaited(stage) if is_about_awaited else _of_received(stage)
    is_awaited = stage in (Stage.WAITING, Stage.PARTLY)
    details = _details(facts, named["missing"]) if is_awaited else ()
    return subject % named, tuple(sentence % named for sentence in sentences), details


def _details(facts: Mapping[str, Any], missing: str) -> tuple[tuple[str, str], ...]:
    """What the bank's form asks for, the label before the value."""
    details = [
        (_("Amount"), missing),
        (_("Reference to quote"), facts["reference"]),
        (_("IBAN"), facts["iban"]),
        (_("Account holder"), facts["holder"]),
        (_("BIC"), facts["bic"]),
    ]
    return tuple((label, value) for label, value in details if value)


def _of_awaited(stage: Stage) -> tuple[str, tuple[str, ...]]:
    """Of money that is still to come, or was waited for in vain."""
    return {
        Stage.WAITING: (
            _("%(account)s: please transfer %(amount)s"),
            (
                _("%(credits)s credits for %(account)s wait for your bank transfer of %(amount)s."),
                _("They are credited when the money has come. We wait for it until %(day)s."),
            ),
        ),
        Stage.PARTLY: (
            _("%(account)s: %(missing)s are still missing"),
            (
                _("A part of your bank transfer of %(amount)s has come. %(missing)s are still missing."),
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
    }[stage]


def _of_received(stage: Stage) -> tuple[str, tuple[str, ...]]:
    """Of money that came and bought nothing."""
    safe = _("That money is safe. We use it for your next purchase, or send it back: write to us which you prefer.")
    return {
        Stage.SURPLUS: (
            _("%(account)s: %(surplus)s more than asked for have come"),
            (
                _("Your bank transfer for %(credits)s credits came with %(surplus)s more than were missing."),
                safe,
            ),
        ),
        Stage.CLOSED_SHORT: (
            _("%(account)s: the purchase of %(credits)s credits is closed"),
            (
                _("%(received)s of your bank transfer of %(amount)s have come, and the rest has not followed."),
                _("We have closed the purchase, and no credits were added."),
                safe,
            ),
        ),
    }[stage]
