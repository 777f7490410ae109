"""Rows that nearly every test begins with, put into the database in one or two trips instead of nine."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from django.db.models import GeneratedField, Model

from billing.credits.models import Wallet
from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from billing.pricing import services as pricing
from billing.pricing.files import SUPPLIED as SUPPLIED_PRICES
from billing.pricing.files import read as read_prices
from billing.pricing.models import CreditPack, PriceList, Rate
from portal.accounts.models import Account, BillingDetails
from portal.audit.models import AuditEvent

# The moment of the loading, and the statements that put in what it left.
_prices: list[tuple[datetime, str]] = []


def open_account(details: BillingDetails | None = None, **fields: Any) -> Account:
    """An account with its wallet, as `credits.services.open_wallet` opens it, and the details its invoices carry."""
    account = Account(**fields)
    pots = {code: LedgerAccount(code=code) for code in AccountCode}
    wallet = Wallet()
    rows = [account, *pots.values(), wallet, *([details] if details else [])]
    give_keys(rows)
    for code, pot in pots.items():
        pot.owner_id, pot.customer_id = account.pk, account.customer_id
        pot.may_overdraw = account.is_operator or code != AccountCode.WALLET
    wallet.account = account
    wallet.ledger_account, wallet.issue_account = pots[AccountCode.WALLET], pots[AccountCode.ISSUE]
    wallet.usage_account, wallet.expiry_account = pots[AccountCode.USAGE], pots[AccountCode.EXPIRY]
    if details:
        details.account = account
    with connection.cursor() as cursor:
        cursor.execute(*insertion(rows))
    return account


def put_prices(now: datetime) -> None:
    """The prices that come with Saldo, as `pricing.services.load` loads them: by it the first time, then as it left them."""
    if PriceList.objects.exists() or (_prices and _prices[0][0] != now):
        pricing.load(files=read_prices(SUPPLIED_PRICES), actor_id=None, now=now)
    elif _prices:
        with connection.cursor() as cursor:
            cursor.execute(_prices[0][1])
    else:
        pricing.load(files=read_prices(SUPPLIED_PRICES), actor_id=None, now=now)
        loaded = AuditEvent.objects.filter(action="prices.loaded")
        rows = [*PriceList.objects.all(), *CreditPack.objects.all(), *Rate.objects.all(), *loaded]
        _prices.append((now, mogrify(*insertion(rows), connection)))


def give_keys(rows: Sequence[Model]) -> None:
    """Draw a primary key for each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"nextval('{row._meta.db_table}_id_seq')" for row in rows))
        for row, key in zip(rows, cursor.fetchone(), strict=True):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias


def insertion(rows: Sequence[Model]) -> tuple[str, list[Any]]:
    """The statements that insert the rows, primary keys and all, and their parameters."""
    statements, parameters = [], []
    for table, alike in groupby(rows, lambda row: row._meta):
        fields = [field for field in table.concrete_fields if not isinstance(field, GeneratedField)]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        places = []
        for row in alike:
            places.append(f"({', '.join(['%s'] * len(fields))})")
            parameters += [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        statements.append(f"INSERT INTO {table.db_table} ({columns}) VALUES {', '.join(places)}")
    return ";".join(statements), parameters
