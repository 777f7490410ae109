"""Keeping a card or a bank account at Stripe: its own page asks for the details, and we are told how to use them."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import stripe

from billing.payments.providers.stripe import api, plain


class NotSetUp(Exception):
    """The page at Stripe was not completed, is somebody else's, or could not be asked for."""


class NotReached(NotSetUp):
    """Stripe did not answer: what became of the page is not known."""


@dataclass(frozen=True, slots=True)
class Page:
    """Stripe's name for a page, and its address."""

    session: str
    url: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What Stripe keeps for an account: our token for it, its name, and until when it is good."""

    token: str
    label: str
    is_debit: bool
    ending: str
    holder: str
    expires_on: date | None


def open_page(*, account: UUID, name: str, is_debit: bool, return_url: str) -> Page:
    """Prepare Stripe's page for a card, or for a bank account. Raises `NotSetUp`."""
    try:
        customer = api().v1.customers.create({"name": name, "metadata": {"account": str(account)}})
        order: Any = {
            "mode": "setup",
            "currency": "eur",
            "customer": customer.id,
            "client_reference_id": str(account),
            "payment_method_types": ["sepa_debit" if is_debit else "card"],
            "success_url": f"{return_url}?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": return_url,
        }
        page = api().v1.checkout.sessions.create(order)
    except stripe.StripeError as error:
        raise NotSetUp from error
    return Page(str(page.id), str(page.url))


def read_page(*, account: UUID, session: str) -> Kept:
    """What came of a page that `account` opened. Raises `NotSetUp`, also for a page of another account."""
    try:
        expand: Any = {"expand": ["setup_intent.payment_method"]}
        found = plain(api().v1.checkout.sessions.retrieve(session, expand))
    except stripe.InvalidRequestError as error:
        raise NotSetUp from error
    except stripe.StripeError as error:
        raise NotReached from error
    if found["client_reference_id"] != str(account) or found["status"] != "complete":
        raise NotSetUp
    intent = found["setup_intent"]
    method = intent["payment_method"]
    kind, customer = method["type"], found["customer"]
    if kind == "sepa_debit":
        holder, ending = (method.get("billing_details") or {}).get("name") or "", method[kind]["last4"]
        token = f"{customer}/{method['id']}/{kind}/{intent['mandate']}"
        return Kept(token, f"{holder[:40]} · {ending}", True, ending, holder, None)
    card = method["card"]
    year, month = card["exp_year"], card["exp_month"]
    last_day = date(year, month, calendar.monthrange(year, month)[1])
    label = f"{card['brand'].title()} {card['last4']}"
    return Kept(f"{customer}/{method['id']}/card", label, False, card["last4"], "", last_day)
