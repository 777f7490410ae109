"""Questions about campaigns; the account comes first."""

from datetime import datetime

from django.db.models import QuerySet

from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.quote import Quote, Recipients, quote
from messaging.contacts import paste
from messaging.contacts import selectors as contacts_selectors
from messaging.contacts.models import ContactList
from messaging.contacts.paste import Pasted
from portal.accounts.models import Account


def campaigns(account: Account) -> QuerySet[Campaign]:
    """The account's campaigns, newest first."""
    return Campaign.objects.filter(account=account).select_related("account", "created_by").order_by("-pk")


def drafts(account: Account) -> QuerySet[CampaignDraft]:
    """What the account has written and not yet sent, newest first."""
    return CampaignDraft.objects.filter(account=account, campaign=None).select_related("sender").order_by("-pk")


def under_way() -> QuerySet[Campaign]:
    """The campaigns of all accounts whose hold is not resolved yet, oldest first."""
    return Campaign.objects.filter(settlement=None).order_by("pk")


def list_of(draft: CampaignDraft) -> ContactList | None:
    """The list that the draft names; None when it names none, or one that is gone."""
    if draft.list_public_id is None:
        return None
    return contacts_selectors.lists(draft.account).filter(public_id=draft.list_public_id).first()


def recipients(account: Account, *, pasted: Pasted, contact_list: ContactList | None) -> Recipients:
    """Whom a message goes to: the pasted numbers first, then the list's; each once."""
    mine = contact_list if contact_list and contact_list.account_id == account.pk else None
    listed = contacts_selectors.numbers(mine) if mine else []
    together = Recipients.of([*(entry.number for entry in pasted.entries), *listed])
    return Recipients(together.numbers, together.duplicate_count + pasted.duplicate_count, pasted.invalid)


def priced(account: Account, *, text: str, recipients: Recipients, now: datetime) -> Quote:
    """The quote of `text` to `recipients` with the rates and opt-outs of `now`."""
    return quote(
        text=text,
        recipients=recipients,
        opted_out=contacts_selectors.opted_out(account, recipients.numbers),
        table=pricing_selectors.rates(Service.SMS_SEGMENT, now),
    )


def quote_of(draft: CampaignDraft, now: datetime) -> Quote:
    """The quote of a draft as it would be sent at `now`."""
    pasted = paste.read(draft.pasted, region=contacts_selectors.region(draft.account))
    whom = recipients(draft.account, pasted=pasted, contact_list=list_of(draft))
    return priced(draft.account, text=draft.text, recipients=whom, now=now)
