"""What people read of automatic recharges: a question before an unusual one, and a late payment that passed a limit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.templatetags.formats import credits, moment, money

Facts = Mapping[str, Any]
Told = tuple[str, tuple[str, ...]]
"""The subject and the sentences of a mail, in the active language."""


def asks(facts: Facts) -> Told:
    """What somebody is asked before an unusual purchase is made."""
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    because = {
        "second": _("Credits were bought automatically a short time ago already."),
        "pace": _("Far more credits were used in the last 24 hours than on other days."),
    }
    return (
        _("%(account)s: may we buy %(credits)s credits?") % named,
        (
            because[str(facts["because"])],
            _("%(credits)s credits for %(amount)s wait for your answer. Until then nothing is charged.") % named,
        ),
    )


def over_limit(facts: Facts) -> Told:
    """That a payment that was taken for lost turned up, and by how much a limit was passed with it."""
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
        "moment": moment(datetime.fromisoformat(facts["charged_at"])),
    }
    sentences = [
        _(
            "A payment of %(amount)s that we had taken for lost was charged on %(moment)s. Its %(credits)s credits were added."
        )
        % named
    ]
    passed = {
        "day": _("With it, automatic recharges of that day came to %(sum)s, which is %(over)s above the limit."),
        "month": _("With it, automatic recharges of that month came to %(sum)s, which is %(over)s above the limit."),
    }
    for span, sentence in passed.items():
        if facts[f"{span}_over_cents"]:
            sums = {"sum": facts[f"{span}_cents"], "over": facts[f"{span}_over_cents"]}
            sentences.append(sentence % {name: money(cents, facts["currency"]) for name, cents in sums.items()})
    sentences.append(_("You need not do anything. Write to us if you would rather have the money back."))
    return _("%(account)s: a late payment passed your limit") % named, tuple(sentences)
