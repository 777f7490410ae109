"""Two customers who each have one of everything, so that every door can be tried with one's own and with foreign ids."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile

from billing.amounts import to_units
from billing.auto_recharge.models import AutoRecharge, Question
from billing.bank import services as bank
from billing.bank import statements
from billing.credits import services as credits
from billing.invoices import credit_notes
from billing.ledger.codes import TransferCode
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import services as recharges
from messaging.alerts import services as alerts
from messaging.campaigns import services as campaigns
from messaging.contacts import services as contacts
from messaging.contacts.models import OptOut
from messaging.contacts.paste import Entry
from messaging.delivery import replies
from messaging.delivery.models import Message, Route
from messaging.imports import files
from messaging.imports import services as imports
from messaging.imports.models import Purpose
from messaging.replies import services as replies_services
from messaging.senders import countries, registrations, rule_file
from messaging.senders import services as senders
from messaging.senders.codes import MediaType
from messaging.senders.documents import Paper
from messaging.senders.models import CountryRule
from portal.accounts import invitations
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, User
from portal.reports.models import Kind, ReportRequest

NUMBER = "+393471234567"
Ids = Mapping[str, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Owned:
    """An account, and the public id of what it has, by the name of the URL's argument."""

    account: Account
    ids: Ids


def furnish(account: Account, owner: User, now: datetime) -> Owned:
    """Give `account` one of everything that has an address, by the rooms' own services."""
    parts: list[Callable[[Account, User, datetime], dict[str, uuid.UUID]]] = [
        _credits,
        _recharge,
        _bank,
        _sending,
        _lists,
        _import,
        _alert,
        _question,
        _report,
        _reply,
        _subaccount,
        _invitation,
    ]
    # A gateway's name is no id; one that nobody has configured is enough for its doors.
    route = Route.objects.create(gateway="simulator", valid_from=now - timedelta(days=1))
    ids: dict[str, uuid.UUID] = {
        "gateway": uuid.uuid4(),
        "provider": uuid.uuid4(),
        "route": route.public_id,
        "customer": account.public_id,
        "person": owner.public_id,
    }
    for part in parts:
        ids |= part(account, owner, now)
    return Owned(account, ids)


def _credits(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    wallet = credits.open_wallet(account=account)
    cause = credits.Cause(TransferCode.PROMOTION, f"world:{account.pk}", "test")
    credits.grant(wallet=wallet, amount=to_units(Decimal(100)), terms=credits.Terms(), cause=cause, now=now)
    return {}


def _recharge(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    method = payments.add_method(
        account=account,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label="Card",
        expires_on=None,
        actor_id=owner.pk,
        now=now,
    )
    pack = pricing_selectors.packs(account, now)[0]
    recharge = recharges.buy(
        account=account, pack=pack, method=method, reference=uuid.uuid4(), actor_id=owner.pk, now=now
    )
    assert recharge.invoice is not None
    note = credit_notes.issue(
        invoice=recharge.invoice,
        gross_cents=1,
        quantity_units=0,
        reason="test",
        reference=f"world:{account.pk}",
        actor_id=owner.pk,
        now=now,
    )
    return {
        "method": method.public_id,
        "recharge": recharge.public_id,
        "payment": recharge.payment.public_id,
        "invoice": recharge.invoice.public_id,
        "credit_note": note.public_id,
    }


def _bank(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    content = f"Data contabile;Importo;Causale\n{now:%d/%m/%Y};5,12;{account.name}\n".encode()
    made = statements.upload(content=content, file_name="bank.csv", actor_id=owner.pk, now=now)
    statements.import_lines(statement=made, actor_id=owner.pk, now=now)
    line = made.lines.get()
    booking = bank.set_aside(line=line, open_cents=512, reason="rent", actor_id=owner.pk, now=now)
    return {"statement": made.public_id, "line": line.public_id, "booking": booking.public_id}


def _sending(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    paper = Paper("proof.pdf", MediaType.PDF, b"%PDF-1.7 %%EOF")
    sender = senders.request(
        account=account, name=f"Shop {account.name}"[:11], purpose="", papers=[paper], actor_id=owner.pk, now=now
    )
    countries.load(rows=rule_file.read(), actor_id=None, now=now)
    registration = registrations.request(sender=sender, country="IN", alias=None, actor_id=owner.pk, now=now)
    campaign = campaigns.launch(
        account=account,
        actor_id=owner.pk,
        sender=None,
        text="Hello",
        recipients=[NUMBER],
        reference=str(uuid.uuid4()),
        now=now,
    )
    draft = campaigns.save_draft(
        account=account,
        reference=uuid.uuid4(),
        name="",
        sender=None,
        text="Hello",
        pasted=NUMBER,
        contact_list=None,
        actor_id=owner.pk,
        now=now,
    )
    kept = campaigns.save_template(
        account=account, template=None, name="Hello", text="Hello", actor_id=owner.pk, now=now
    )
    message = Message.objects.get(campaign=campaign)
    return {
        "sender": sender.public_id,
        "document": sender.documents.get().public_id,
        "registration": registration.public_id,
        "rule": CountryRule.objects.get(country="IT").public_id,
        "campaign": campaign.public_id,
        "draft": draft.public_id,
        "text_template": kept.public_id,
        "message": message.public_id,
    }


def _lists(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    contact_list = contacts.create_list(
        account=account, name="Friends", entries=[Entry(NUMBER, "Anna")], actor_id=owner.pk, now=now
    )
    contacts.opt_out_all(account=account, numbers=["+393477654321"], actor_id=owner.pk, now=now)
    return {
        "contact_list": contact_list.public_id,
        "contact": contact_list.contacts.get().public_id,
        "opt_out": OptOut.objects.get(account=account).public_id,
    }


def _import(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    file = ContentFile(f"Telefono\n{NUMBER}\n".encode(), name="friends.csv")
    made = imports.upload(
        account=account,
        destination=imports.Destination(Purpose.CONTACTS, list_name="From a file"),
        file=file,
        look=files.look(file.file, size=file.size),
        reference=uuid.uuid4(),
        actor_id=owner.pk,
        now=now,
    )
    return {"contact_import": made.public_id}


def _alert(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    terms = alerts.Terms(threshold_units=50_000, email_on=True, email=owner.email, sms_on=False, number="")
    return {"alert": alerts.create(account=account, terms=terms, actor_id=owner.pk, now=now).public_id}


def _question(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    # Off, so that nothing is bought while doors are tried.
    method = PaymentMethod.objects.get(account=account)
    auto = AutoRecharge.objects.create(
        account=account, method=method, threshold_units=10_000, quantity_units=1_000_000, changed_at=now
    )
    asked = {"because": "second", "units": 1, "gross_cents": 1, "currency": "EUR", "asked_at": now}
    return {"question": Question.objects.create(auto_recharge=auto, **asked).public_id}


def _report(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    report = ReportRequest.objects.create(
        account=account,
        kind=Kind.DELIVERY_RECEIPTS,
        period_from=now - timedelta(days=1),
        period_until=now,
        time_zone="Europe/Rome",
        language="en-gb",
        reference=uuid.uuid4(),
        requested_by=owner,
        created_at=now,
    )
    return {"report": report.public_id}


def _reply(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    replies_services.assign_number(account=account, number=f"+39339{account.pk:07}", actor_id=None, now=now)
    reply = replies.take(
        gateway="simulator",
        key=f"world:{account.pk}",
        source=NUMBER,
        destination=f"+39339{account.pk:07}",
        text="Thanks",
        received_at=now,
    )
    received = replies_services.handle(reply_id=reply.pk, now=now)
    assert received is not None
    return {"reply": received.public_id}


def _subaccount(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    below = Account.objects.create(name=f"{account.name} below", parent=account)
    credits.open_wallet(account=below)
    return {"subaccount": below.public_id}


def _invitation(account: Account, owner: User, now: datetime) -> dict[str, uuid.UUID]:
    issued = invitations.invite(
        account=account,
        email=f"guest.of.{account.public_id}@example.org",
        role=Role.VIEWER,
        may_spend=False,
        actor_id=owner.pk,
        now=now,
    )
    return {"invitation": issued.invitation.public_id, "token": issued.token}
