"""What the page of a quote shows: everything that will happen, put into rows; nothing is decided here."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.credits import selectors as credits_selectors
from billing.pricing.destinations import main_country
from billing.pricing.quote import QuoteLine
from messaging.campaigns import pages, quiet, selectors
from messaging.campaigns.codes import Traffic
from messaging.campaigns.merge import Template
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.pricer import Priced
from messaging.campaigns.quote import Quote
from messaging.encoding.numbers import international
from messaging.senders import selectors as senders_selectors
from messaging.senders.passport import PassportLine


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country of the quote: its price, what its telephones will show, and until when its messages wait."""

    line: QuoteLine
    passport: PassportLine
    waits_until: datetime | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A real message of the list, as a telephone shows it."""

    title: str
    message: Priced
    encoding: object

    @property
    def number(self) -> str:
        return international(self.message.number)


@dataclass(frozen=True, slots=True)
class BarRow:
    """How many messages take so many segments, as a share of all."""

    encoding: object
    segment_count: int
    recipient_count: int


def country_of(line: QuoteLine) -> str:
    """The main country (ISO 3166) behind a prefix; "" where none is known."""
    return main_country(line.prefix)


def country_rows(draft: CampaignDraft, quote: Quote, now: datetime) -> list[CountryRow]:
    """Every country of the quote, the most recipients first."""
    counts: Counter[str] = Counter()
    for line in quote.lines:
        counts[country_of(line)] += line.recipient_count
    lines = senders_selectors.passport(account=draft.account, sender=draft.sender, recipients=counts, at=now)
    passports = {line.country: line for line in lines}
    starts = max(draft.starts_at or now, now)
    rows = []
    for line in quote.lines:
        leaves = quiet.leaves_at(starts, line.prefix, Traffic(draft.traffic))
        rows.append(CountryRow(line, passports[country_of(line)], leaves if leaves > starts else None))
    return rows


def samples(quote: Quote) -> list[Sample]:
    """The first message, and the longest and the shortest where they differ from it."""
    titles = (_("The first"), _("The longest"), _("The shortest"))
    found: dict[str, Sample] = {}
    for title, message in zip(titles, quote.samples, strict=False):
        found.setdefault(message.text, Sample(title, message, pages.ENCODINGS[message.encoding]))
    return list(found.values())


def context(draft: CampaignDraft, quote: Quote, now: datetime) -> dict[str, Any]:
    """Everything that will happen when the draft is sent."""
    contact_list = selectors.list_of(draft)
    available = credits_selectors.balance(draft.account).available
    rows = country_rows(draft, quote, now)
    blocked = [row for row in rows if not row.passport.may_send]
    before = _sent_before(draft, now)
    problem = quote.problem
    has_passed = draft.starts_at is not None and draft.starts_at <= now
    return {
        "contact_list": contact_list,
        "list_is_gone": draft.list_public_id is not None and contact_list is None,
        "quote": quote,
        "bars": [BarRow(pages.ENCODINGS[bar.encoding], bar.segment_count, bar.recipient_count) for bar in quote.bars],
        "rows": rows,
        "blocked": blocked,
        "somebody_waits": any(row.waits_until for row in rows),
        "samples": samples(quote),
        "is_merged": bool(Template(draft.text).fields),
        "problem": pages.PROBLEMS[problem] if problem else "",
        "problem_code": problem or "",
        "exclusions": pages.exclusions(quote),
        "sender": draft.sender.name if draft.sender else international(senders_selectors.portal_sender()),
        "sent_before": before,
        "undo_seconds": selectors.rules_of(draft.account).undo_seconds,
        "has_expired": not selectors.holds(draft, now),
        "has_passed": has_passed,
        "holds_until": draft.quoted_at + selectors.HOLDS_FOR if draft.quoted_at else None,
        "available": available,
        "balance_after": available - quote.total_units,
        "missing": max(quote.total_units - available, 0),
        "may_not_send": bool(problem or blocked or has_passed),
    }


def compose_url(draft: CampaignDraft) -> str:
    """Where the draft is written on."""
    return f"{reverse('campaign_new', args=[draft.account.public_id])}?draft={draft.public_id}"


def _sent_before(draft: CampaignDraft, now: datetime) -> Campaign | None:
    return selectors.sent_before(draft, selectors.digest_of(draft), now)
