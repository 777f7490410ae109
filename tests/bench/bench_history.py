"""The history of a great many messages, by PostgreSQL's own work, and a page of it as HTML.

A million messages, or ten with SALDO_FULL=1, of one account: twenty campaigns, each at one moment. One message in a
hundred was not delivered, three of all were refused. Milliseconds of all statements of a page together, median.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from time import process_time
from typing import Any

import django_tables2
import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.html import format_html

from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.delivery import history, reasons, tables
from messaging.delivery.history import KINDS, Filters
from messaging.delivery.models import Message
from messaging.encoding import numbers
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.templatetags.parts import badge
from tests.bench.bench_statement import database_ms
from tests.bench.page import record
from tests.conftest import Grant

COUNT = 10_000_000 if os.environ.get("SALDO_FULL") else 1_000_000
CAMPAIGNS = 20
MOST_MS = 20
SHARE = 0.35

FILL = """
    INSERT INTO delivery_message (public_id, account_id, campaign_id, purpose, sender, recipient, country_prefix, text,
        encoding, segment_count, price_units, state, attempt_count, due_at, gateway, gateway_message_id, error_code,
        created_at, submitted_at, final_at)
    SELECT gen_random_uuid(), %(account)s, campaign.id, 'campaign', 'Acme',
           '+39' || (3200000000 + (n::bigint * 7919) %% 700000000), '39', campaign.text, 'gsm7', 1, 7000, kind.state, 1,
           NULL, 'simulator',
           CASE WHEN kind.state = 'refused' THEN '' ELSE 'g' || campaign.id || ':' || n END,
           CASE WHEN kind.state = 'undelivered' THEN 'absent' ELSE '' END, campaign.created_at, campaign.created_at,
           campaign.created_at + interval '1 minute'
      FROM campaigns_campaign campaign, generate_series(1, %(each)s) AS n,
           LATERAL (SELECT CASE WHEN n %% 100 = 0 THEN 'undelivered' WHEN n = 3 AND campaign.text LIKE '%%0' THEN 'refused' ELSE 'delivered' END
                        AS state) AS kind
     WHERE campaign.account_id = %(account)s
"""


@pytest.fixture
def long_history(acme: Account, grant: Grant, prices: None, now: datetime) -> list[Campaign]:
    grant(acme, "1000")
    for number in range(CAMPAIGNS):
        campaigns.launch(
            account=acme,
            actor_id=None,
            sender=None,
            text=f"I saldi iniziano domani in tutti i negozi: {number}",
            recipients=["+393479999999"],
            reference=str(number),
            now=now + timedelta(days=number),
        )
    Message.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"account": acme.pk, "each": COUNT // CAMPAIGNS})
        cursor.execute("ANALYZE delivery_message")
    return list(Campaign.objects.order_by("pk"))


def test_a_page_costs_the_same_at_any_depth_and_through_any_filter(
    acme: Account, long_history: list[Campaign], now: datetime
) -> None:
    oldest, middle = long_history[0], long_history[10]
    deep = Message.objects.filter(campaign=middle).order_by("-pk")[10]
    known = Message.objects.filter(campaign=oldest).first()
    assert known is not None

    def page(position: str = "", sort: str = "-created_at", **filters: Any) -> Callable[[], Any]:
        return lambda: history.page(acme, Filters(**filters), sort=sort, position=position)

    day = middle.created_at.date()
    bounded = {
        "first page": page(),
        "last page": page("last"),
        "page in the middle": page(f"after-{deep.public_id}"),
        "page back from the middle": page(f"before-{deep.public_id}"),
        "first page by recipient": page(sort="recipient"),
        "last page by recipient": page("last", sort="recipient"),
        "one day, long ago": page(since=day, until=day),
        "delivered": page(state="delivered"),
        "refused (one in a million)": page(state="refused"),
        "a state that none is in": page(state="expired"),
        "the oldest campaign": page(campaign=oldest.public_id),
        "refused of the oldest campaign": page(campaign=oldest.public_id, state="refused"),
        "words of one campaign's text": page(text="negozi: 3"),
        "words of every campaign's text": page(text="SALDI"),
        "words that nobody wrote": page(text="inverno"),
        "large campaigns": page(least=1),
        "a whole number": page(recipient=known.recipient),
    }
    measured = {name: database_ms(call) for name, call in bounded.items()}
    digits = database_ms(page(recipient="000000000000"))
    record(
        "The history",
        f"{COUNT:,} messages of one account; milliseconds spent in the database, the way there and back included, median "
        f"of 41. Digits of a number are looked for in {history.LOOK_BACK:,} messages at a time, and the page says so.",
        ["page", "ms"],
        [[name, f"{spent:.2f}"] for name, spent in {**measured, "digits that no number has": digits}.items()],
    )
    assert max(measured["first page"], measured["last page"]) <= MOST_MS
    assert max(measured.values()) <= 2 * MOST_MS


class StockTable(django_tables2.Table):  # type: ignore[misc]
    """The same page by django-tables2, with the same words in the same cells."""

    created_at = django_tables2.Column()
    recipient = django_tables2.Column()
    text = django_tables2.Column(orderable=False)
    sender = django_tables2.Column(orderable=False)
    segment_count = django_tables2.Column(orderable=False)
    price_units = django_tables2.Column(orderable=False)
    state = django_tables2.Column(orderable=False)

    def render_created_at(self, value: datetime) -> str:
        return formats.moment(value)

    def render_recipient(self, value: str) -> str:
        return numbers.international(value)

    def render_text(self, record: Message) -> str:
        assert record.campaign
        return format_html('{}<br><span class="soft small">{}</span>', record.text[:36], record.campaign.name[:30])

    def render_price_units(self, value: int) -> str:
        return formats.credits(value)

    def render_state(self, record: Message) -> str:
        shown = badge(KINDS[record.state], record.get_state_display())
        why = reasons.reason(record.error_code)
        return format_html('{}<br><span class="soft small">{}</span>', shown, why.what) if why else shown


def cpu_ms(call: Callable[[], Any]) -> float:
    """The median time that the processor spends on `call`."""
    spent = []
    for _ in range(60):
        started = process_time()
        call()
        spent.append((process_time() - started) * 1000)
    return median(spent[10:])


def test_a_page_of_ours_takes_a_third_of_a_generic_one(acme: Account, now: datetime) -> None:
    campaign = Campaign(name="I saldi")
    rows = [
        Message(
            account=acme,
            campaign=campaign,
            recipient=f"+39347{1_000_000 + each}",
            text="Gentile cliente, i saldi iniziano domani in tutti i nostri negozi",
            sender="Acme",
            segment_count=1,
            price_units=7000,
            state="delivered" if each % 4 else "undelivered",
            error_code="" if each % 4 else "absent",
            created_at=now - timedelta(hours=each),
        )
        for each in range(25)
    ]
    request = RequestFactory().get("/")

    def stock() -> object:
        table = StockTable(rows, request=request)
        table.template_name = "django_tables2/table.html"
        return table.as_html(request)

    def ours() -> object:
        context = {"rows": tables.rows(acme, rows), "sorts": tables.sorts("")}
        return render_to_string("messaging/delivery/_history.html", context, request)

    spent = {"django-tables2, its stock template": cpu_ms(stock), "ours": cpu_ms(ours)}
    share = spent["ours"] / spent["django-tables2, its stock template"]
    record(
        "A page of the history as HTML",
        f"25 messages, the same words in the same seven cells, each at a moment of its own; milliseconds of the processor, "
        f"median of 50. Ours takes {share:.2f} of the other.",
        ["table", "ms"],
        [[name, f"{each:.2f}"] for name, each in spent.items()],
    )
    assert share <= SHARE
