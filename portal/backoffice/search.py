"""Finding a customer by whatever somebody has at hand (product 11.2)."""

import re
import uuid
from typing import Final

from django.db.models import BigIntegerField, Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.invoices.models import CreditNote, Invoice
from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from billing.payments.creditor_reference import references_in
from billing.payments.models import Attempt
from messaging.delivery.models import Message
from portal.accounts.models import Account

# Fewer digits are in too many telephone numbers to find anybody by.
_FEWEST_DIGITS: Final = 5
_WRITTEN_NUMBER: Final = re.compile(r"\+?[0-9 ()./-]+")


def customers(query: str) -> QuerySet[Account]:
    """The customers that `query` may mean, all of them for "", by name.

    It is a piece of a name (of an account, a company or a person), of an e-mail address, a VAT number or a telephone
    number, or a whole invoice number, message id or reference of a bank transfer; a sub-account that is found stands for its customer. Each comes
    with `available_units` (all its wallets together) and `subaccount_count`.
    """
    found = Account.objects.customers()
    if query := query.strip():
        accounts = Account.objects.filter(_named(query) | Q(pk__in=_by_document(query)))
        found = found.filter(Q(pk__in=accounts.values("pk")) | Q(pk__in=accounts.values("parent")))
    wallets = (
        LedgerAccount.objects.filter(customer=OuterRef("pk"), code=AccountCode.WALLET)
        .order_by()
        .values("customer")
        .annotate(total=Sum("available"))
        .values("total")
    )
    return found.annotate(
        available_units=Coalesce(Subquery(wallets), 0, output_field=BigIntegerField()),
        subaccount_count=Count("subaccounts"),
    ).order_by("name", "pk")


def _named(query: str) -> Q:
    names = Q(name__icontains=query)
    for path in ("billing_details__company", "billing_details__last_name"):
        names |= Q(**{f"{path}__icontains": query})
    person = Q()
    for word in query.split():
        person &= Q(members__user__first_name__istartswith=word) | Q(members__user__last_name__istartswith=word)
    names |= Q(members__user__email__icontains=query) | person
    compact = re.sub(r"[\s.-]", "", query)
    if any(char.isdigit() for char in compact):
        names |= Q(billing_details__vat_number__icontains=compact)
    digits = re.sub(r"[^0-9]", "", query)
    if _WRITTEN_NUMBER.fullmatch(query) and len(digits) >= _FEWEST_DIGITS:
        names |= Q(members__user__phone__contains=digits)
    return names


def _by_document(query: str) -> list[int]:
    """The accounts of the invoice or credit note with this number, the message with this id, the transfer quoted."""
    accounts = [
        account_id
        for documents in (Invoice.objects, CreditNote.objects)
        for account_id in documents.filter(full_number__iexact=query).values_list("account_id", flat=True)
    ]
    quoted = Attempt.objects.filter(provider="bank", provider_reference__in=references_in(query))
    accounts += quoted.values_list("payment__account_id", flat=True)
    try:
        message = uuid.UUID(query)
    except ValueError:
        return accounts
    return [*accounts, *Message.objects.filter(public_id=message).values_list("account_id", flat=True)]
