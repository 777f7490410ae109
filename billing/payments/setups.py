"""Keeping what somebody entered on the provider's page, whichever comes first: their browser, or the webhook."""

from datetime import datetime

from billing.payments import mandates
from billing.payments.methods import Consent, add_debit, add_method
from billing.payments.models import MethodSetup, PaymentMethod
from billing.payments.providers.stripe_setup import Kept, NotSetUp, open_page, read_page
from portal.accounts.models import Account
from portal.transactions import unit_of_work

PROVIDER = "stripe"


def begin(*, account: Account, text: str, return_url: str, address: str, actor_id: int, now: datetime) -> str:
    """Open a page for a card, or, where the `text` of a mandate was agreed to, for a bank account; return its address.

    Raises `NotSetUp`. Call it outside any transaction: this is the network.
    """
    page = open_page(account=account.public_id, name=account.name, is_debit=bool(text), return_url=return_url)
    MethodSetup.objects.create(
        account=account,
        session=page.session,
        text=text,
        opened_from=address,
        created_by_id=actor_id,
        created_at=now,
    )
    return page.url


def finish(*, session: str, now: datetime, account: Account | None = None) -> PaymentMethod:
    """Look at a page that was opened here (for `account`) and keep what it brought; again, it changes nothing.

    Raises `NotSetUp`, also for a page of another account. Call it outside any transaction.
    """
    opened = MethodSetup.objects.filter(session=session).select_related("account", "method").first()
    if opened is None or (account is not None and opened.account_id != account.pk):
        raise NotSetUp
    if opened.method is not None:
        return opened.method
    method = _keep(opened, read_page(account=opened.account.public_id, session=session), now)
    if method.kind == PaymentMethod.Kind.SEPA:
        mandates.check(mandate=method.mandate, now=now)
    return method


@unit_of_work
def _keep(opened: MethodSetup, kept: Kept, now: datetime) -> PaymentMethod:
    opened = MethodSetup.objects.select_for_update(of=("self",)).select_related("account", "method").get(pk=opened.pk)
    if opened.method is not None:
        return opened.method
    if kept.is_debit != bool(opened.text):
        raise NotSetUp
    if kept.is_debit:
        opened.method = add_debit(
            account=opened.account,
            provider=PROVIDER,
            token=kept.token,
            label=kept.label,
            consent=Consent(kept.holder[:70], kept.ending, opened.text, opened.opened_from),
            actor_id=opened.created_by_id,
            now=now,
        )
    else:
        opened.method = add_method(
            account=opened.account,
            provider=PROVIDER,
            token=kept.token,
            label=kept.label,
            expires_on=kept.expires_on,
            actor_id=opened.created_by_id,
            now=now,
        )
    opened.save(update_fields=["method"])
    return opened.method
