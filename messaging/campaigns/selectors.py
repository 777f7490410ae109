"""Questions about campaigns; the account comes first."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from billing.pricing.quote import RateTable
from messaging.campaigns import stored
from messaging.campaigns.codes import State
from messaging.campaigns.models import Campaign, CampaignDraft, SendingRules, TextTemplate
from messaging.campaigns.pricer import Addressee, LeftOut, Priced, Pricer, Reason, Terms
from messaging.campaigns.quote import Quote, Recipients, Tally, quote
from messaging.contacts import paste
from messaging.contacts import selectors as contacts_selectors
from messaging.contacts.models import ContactList
from messaging.contacts.paste import Pasted
from messaging.senders import selectors as senders_selectors
from portal.accounts.models import Account

HOLDS_FOR: Final = timedelta(minutes=15)
"""How long a quote holds its prices."""

REMEMBERED: Final = timedelta(days=30)
"""How long a text that was sent to a list is remembered, to warn before it is sent there again."""

PREVIEWED: Final = 10_000
"""So many recipients are looked at at every pause in typing; all of them for the quote."""

_CHUNK: Final = 5_000
Thing = TypeVar("Thing")


def campaigns(account: Account) -> QuerySet[Campaign]:
    """The account's campaigns, newest first."""
    return Campaign.objects.filter(account=account).select_related("account", "created_by").order_by("-pk")


def drafts(account: Account) -> QuerySet[CampaignDraft]:
    """What the account has written and not yet sent, newest first."""
    return CampaignDraft.objects.filter(account=account, campaign=None).select_related("sender").order_by("-pk")


def templates(account: Account) -> QuerySet[TextTemplate]:
    """The texts the account keeps, by name."""
    return TextTemplate.objects.filter(account=account).order_by("name", "pk")


def rules_of(account: Account) -> SendingRules:
    """How the account sends; what it never chose is as it is for everybody."""
    return SendingRules.objects.filter(account=account).first() or SendingRules(account=account)


def closing_of(account: Account) -> str:
    """The line in which the account's marketing says how to opt out: its own, or ours in the account's language."""
    own = rules_of(account).closing
    if own:
        return own
    with override(account.language):
        return _("To opt out, text STOP to %(number)s") % {"number": senders_selectors.portal_sender()}


def under_way() -> QuerySet[Campaign]:
    """The campaigns of all accounts whose hold is not resolved yet, oldest first."""
    return Campaign.objects.filter(settlement=None).order_by("pk")


def drafts_at_work(now: datetime) -> QuerySet[CampaignDraft]:
    """The drafts of all accounts that nobody works on: their quote is to be made, or their campaign to be prepared."""
    to_quote = CampaignDraft.objects.filter(work_due_at__lte=now).values("pk")
    to_prepare = CampaignDraft.objects.filter(campaign__in=under_way().filter(work_due_at__lte=now)).values("pk")
    # Two questions, each by its own index: asked in one, every draft there ever was would be read.
    return CampaignDraft.objects.filter(pk__in=to_quote.union(to_prepare)).order_by("pk")


def list_of(draft: CampaignDraft) -> ContactList | None:
    """The list that the draft names; None when it names none, or one that is gone."""
    if draft.list_public_id is None:
        return None
    return contacts_selectors.lists(draft.account).filter(public_id=draft.list_public_id).first()


def priced(account: Account, *, text: str, recipients: Recipients, now: datetime) -> Quote:
    """The quote of `text` to `recipients` with the rates and opt-outs of `now`."""
    opted_out = contacts_selectors.opted_out(account, recipients.numbers)
    return quote(terms=Terms(text, rates_at(now)), recipients=recipients, opted_out=opted_out)


@dataclass(frozen=True)
class Preview:
    """What is being typed comes to, so far as `PREVIEWED` recipients go; the page says so where there are more."""

    quote: Quote
    terms: Terms
    addressees: tuple[Addressee, ...]

    def units(self, text: str) -> int:
        """What another text would cost the same people."""
        pricer = Pricer(replace(self.terms, text=text))
        messages = (pricer.price(number, fields) for number, fields in self.addressees)
        return sum(each.units for each in messages if not isinstance(each, LeftOut))


def preview(
    account: Account, *, text: str, pasted: Pasted, contact_list: ContactList | None, now: datetime, closing: str = ""
) -> Preview:
    """The quote of what is being typed, and a way to ask what another text would cost the same people."""
    terms = Terms(text, rates_at(now), closing=closing)
    each = list(islice(addressees(account, pasted=pasted, contact_list=contact_list), PREVIEWED))
    tally, reached = Tally(terms), []
    for one, outcome in zip(each, outcomes(account, each, terms), strict=True):
        tally.add(outcome)
        if not isinstance(outcome, LeftOut) and not isinstance(one, LeftOut):
            reached.append(one)
    tally.leave_out(Reason.DUPLICATE, pasted.duplicate_count)
    return Preview(tally.quote(pasted.invalid), terms, tuple(reached))


def rates_at(moment: datetime) -> RateTable:
    """What a segment cost at a moment; a price that changes later leaves it as it was."""
    return pricing_selectors.rates(Service.SMS_SEGMENT, moment)


def addressees(account: Account, *, pasted: Pasted, contact_list: ContactList | None) -> Iterator[Addressee | LeftOut]:
    """Whom a message goes to: the pasted numbers first, then the list's, as they are read; a repetition is left out."""
    written = set()
    for entry in pasted.entries:
        written.add(entry.number)
        yield entry.number, {contacts_selectors.NAME: entry.name} if entry.name else {}
    if contact_list and contact_list.account_id == account.pk:
        for number, fields in ((each.number, each.fields) for each in contacts_selectors.recipients(contact_list)):
            yield LeftOut(number, Reason.DUPLICATE) if number in written else (number, fields)


def outcomes(account: Account, each: Iterable[Addressee | LeftOut], terms: Terms) -> Iterator[Priced | LeftOut]:
    """The message to everybody, or why there is none; one outcome for each.

    Opt-outs are those of the moment at which somebody is looked at.
    """
    pricer = Pricer(terms)
    for chunk in chunks(each, _CHUNK):
        opted_out = contacts_selectors.opted_out(account, [one[0] for one in chunk])
        for one in chunk:
            if isinstance(one, LeftOut):
                yield one
            elif one[0] in opted_out:
                yield LeftOut(one[0], Reason.OPTED_OUT)
            else:
                yield pricer.price(one[0], one[1])


def chunks(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    """Lists of at most `size`, in order."""
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk


def terms_of(draft: CampaignDraft, now: datetime) -> Terms:
    """On what terms a draft is priced: at the prices of its quote while it holds them, else at those of `now`."""
    at = draft.quoted_at if draft.campaign_id or holds(draft, now) else now
    return Terms(
        text=draft.text,
        table=rates_at(at or now),
        closing=draft.closing,
        skipped=frozenset(draft.skipped_prefixes),
        leaves_out_missing=draft.leaves_out_missing,
    )


def pasted_in(draft: CampaignDraft) -> Pasted:
    """The numbers that were pasted into the draft."""
    return paste.read(draft.pasted, region=contacts_selectors.region(draft.account))


def outcomes_of(draft: CampaignDraft, now: datetime) -> Iterator[Priced | LeftOut]:
    """What becomes of everybody the draft is for."""
    each = addressees(draft.account, pasted=pasted_in(draft), contact_list=list_of(draft))
    return outcomes(draft.account, each, terms_of(draft, now))


def quote_of(draft: CampaignDraft, now: datetime) -> Quote:
    """The quote of a draft as it would be sent at `now`, made anew from everybody it is for."""
    return quote_from(draft, outcomes_of(draft, now), now)


def quote_from(draft: CampaignDraft, outcomes: Iterable[Priced | LeftOut], now: datetime) -> Quote:
    """What the `outcomes` of a draft at `now` come to."""
    tally = Tally(terms_of(draft, now))
    for outcome in outcomes:
        tally.add(outcome)
    pasted = pasted_in(draft)
    tally.leave_out(Reason.DUPLICATE, pasted.duplicate_count)
    return tally.quote(pasted.invalid)


def kept_quote(draft: CampaignDraft) -> Quote | None:
    """The quote as it was made; None while it is not ready."""
    return stored.from_json(draft.quote) if draft.quote else None


def holds(draft: CampaignDraft, now: datetime) -> bool:
    """Whether the draft's quote still holds its prices at `now`."""
    return draft.quoted_at is not None and now < draft.quoted_at + HOLDS_FOR


def size_of(draft: CampaignDraft) -> int:
    """At most how many people a draft is for, without looking at them."""
    contact_list = list_of(draft)
    listed: int = getattr(contact_list, "contact_count", 0) if contact_list else 0
    return draft.pasted.count("\n") + 1 + listed


def sent_before(draft: CampaignDraft, digest: str, now: datetime) -> Campaign | None:
    """The latest campaign of the last 30 days with the same text to the same list, or numbers; None if there is none."""
    same = campaigns(draft.account).filter(text_digest=digest, created_at__gt=now - REMEMBERED)
    return same.exclude(state__in=[State.CANCELLED, State.CANCELLING, State.REFUSED]).first()


def digest_of(draft: CampaignDraft) -> str:
    """A digest of the text and of whom it goes to: the list by name, pasted numbers one by one."""
    numbers = sorted(entry.number for entry in pasted_in(draft).entries)
    whole = Terms(draft.text, RateTable({}), draft.closing).whole
    return hashlib.sha256("\n".join([whole, str(draft.list_public_id), *numbers]).encode()).hexdigest()
