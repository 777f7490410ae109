"""Prices come from files: loaded once, changed by periods, checked before anything is written."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.amounts import to_units
from billing.pricing import selectors, services
from billing.pricing.codes import Service
from billing.pricing.files import SUPPLIED, PriceFileFault, PriceFiles, read
from billing.pricing.models import CreditPack, PriceList, Rate
from portal.accounts.models import Account
from portal.audit.models import AuditEvent

Edit = Callable[[str, str, str], PriceFiles]
DAY = timedelta(days=1)


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Read the supplied files with a text replaced in one of them; edits add up."""
    shutil.copytree(SUPPLIED, tmp_path, dirs_exist_ok=True)

    def replace(file: str, old: str, new: str) -> PriceFiles:
        path = tmp_path / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return read(tmp_path)

    return replace


def load(files: PriceFiles, now: datetime) -> services.Changes:
    return services.load(files=files, actor_id=None, now=now)


def rate(prefix: str, at: datetime) -> int:
    return selectors.rates(Service.SMS_SEGMENT, at).find(f"+{prefix}").units


def test_the_supplied_prices_are_those_of_the_sources(prices: None, acme: Account, now: datetime) -> None:
    smallest = selectors.packs(acme, now)[0]
    assert (smallest.credits, smallest.price_cents) == (to_units(Decimal(100)), 420)
    communications = CreditPack.objects.filter(price_list__code="communications").order_by("credits")
    assert [(pack.credits // 10_000, pack.price_cents) for pack in communications] == [
        (500, 4000),
        (1000, 7000),
        (2500, 17000),
    ]
    assert (rate("39", now), rate("91", now), rate("1", now), rate("1242", now)) == (7000, 4000, 3500, 10_500)


def test_loading_the_same_files_again_changes_nothing(prices: None, now: datetime) -> None:
    before = list(Rate.objects.order_by("pk").values()), list(CreditPack.objects.order_by("pk").values())
    assert not load(read(SUPPLIED), now + DAY)
    assert (list(Rate.objects.order_by("pk").values()), list(CreditPack.objects.order_by("pk").values())) == before
    assert AuditEvent.objects.filter(action="prices.loaded").count() == 1


def test_a_rate_that_changes_closes_one_period_and_opens_the_next(prices: None, edit: Edit, now: datetime) -> None:
    changes = load(edit("rates.csv", "0.7,2024", "0.8,2024"), now)
    assert changes == services.Changes({"rate:sms_segment:30": 7000}, {"rate:sms_segment:30": 8000})
    old, new = Rate.objects.filter(prefix="30").order_by("valid_from")
    assert (old.valid_until, new.valid_from, new.valid_until) == (now, now, None)
    assert (rate("30", now - timedelta(microseconds=1)), rate("30", now)) == (7000, 8000)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.before, event.after) == ("prices.loaded", changes.before, changes.after)


def test_a_pack_that_changes_price_is_another_pack(prices: None, edit: Edit, acme: Account, now: datetime) -> None:
    old = selectors.packs(acme, now)[0]
    load(edit("packs.csv", "standard,100,420", "standard,100,430"), now)
    new = selectors.packs(acme, now)[0]
    assert (new.price_cents, new.credits) == (430, old.credits)
    assert new.public_id != old.public_id
    assert selectors.packs(acme, now - DAY)[0] == old


def test_what_leaves_the_file_is_no_longer_sold_and_may_come_back(prices: None, edit: Edit, now: datetime) -> None:
    row = "standard,10000,35000,2024-01-01\n"
    load(edit("packs.csv", row, ""), now)
    assert not CreditPack.objects.filter(credits=to_units(Decimal(10_000)), valid_until=None).exists()
    load(edit("packs.csv", "standard,100,", f"{row}standard,100,"), now + DAY)
    periods = CreditPack.objects.filter(credits=to_units(Decimal(10_000))).order_by("valid_from")
    assert [pack.valid_until for pack in periods] == [now, None]
    assert periods[1].valid_from == now + DAY


def test_two_changes_at_the_same_moment_leave_the_last(prices: None, edit: Edit, now: datetime) -> None:
    load(edit("packs.csv", "standard,100,420", "standard,100,430"), now)
    load(edit("packs.csv", "standard,100,430", "standard,100,440"), now)
    assert CreditPack.objects.get(price_list__code="standard", credits=1_000_000, valid_until=None).price_cents == 440
    assert CreditPack.objects.filter(price_list__code="standard", credits=1_000_000).count() == 2


def test_a_row_with_a_day_to_come_is_valid_from_that_day(prices: None, edit: Edit, now: datetime) -> None:
    load(edit("rates.csv", "sms_segment,20,", "sms_segment,247,Ascension Island,2,2026-12-01\nsms_segment,20,"), now)
    assert "247" not in {entry.prefix for entry in selectors.rates(Service.SMS_SEGMENT, now).entries}
    assert rate("247", datetime(2026, 12, 1, tzinfo=UTC)) == 20_000


def test_a_country_with_a_new_name_keeps_its_rate(prices: None, edit: Edit, now: datetime) -> None:
    assert not load(edit("rates.csv", "Egypt", "Arab Republic of Egypt"), now)
    assert Rate.objects.get(prefix="20").country_names == "Arab Republic of Egypt"


def test_another_list_can_become_the_default(prices: None, edit: Edit, acme: Account, now: datetime) -> None:
    edit_first = "standard,Standard,EUR,yes,yes"
    with pytest.raises(PriceFileFault, match="one list is the default, not 0"):
        edit("price_lists.csv", edit_first, "standard,Standard,EUR,yes,no")
    load(edit("price_lists.csv", "Communications,EUR,yes,no", "Communications,EUR,yes,yes"), now)
    assert {pack.price_list.code for pack in selectors.packs(acme, now)} == {"communications"}


def test_a_list_keeps_its_currency(prices: None, edit: Edit, now: datetime) -> None:
    with pytest.raises(services.CurrencyChanged):
        load(edit("price_lists.csv", "Standard,EUR", "Standard,USD"), now)
    assert PriceList.objects.get(code="standard").currency == "EUR"


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("rates.csv", "sms_segment,20,", "fax_page,20,", "rates.csv, line 4: 'fax_page' is no service"),
        ("rates.csv", "sms_segment,20,", "sms_segment,020,", "a prefix has one to seven digits"),
        ("rates.csv", "sms_segment,20,", "sms_segment,27,", "line 5: this is in the file twice"),
        ("rates.csv", "2.45", "2.45001", "at most four decimals"),
        ("rates.csv", "2.45", "-1", "credits are above zero"),
        ("rates.csv", "2.45", "NaN", "at most four decimals"),
        ("rates.csv", "2.45", "two", "at most four decimals"),
        ("rates.csv", "Egypt", "", "a name has 1 to 200 characters, not 0"),
        ("rates.csv", "Egypt", "Egypt,and,more", "more cells than columns"),
        ("rates.csv", "country_names", "countries", "line 1: the column 'country_names' is missing"),
        ("rates.csv", "2.45,2024-01-01", "2.45,soon", "soon"),
        ("packs.csv", "standard,100,420", "standard,100,4.20", "whole number of cents"),
        ("packs.csv", "standard,100,420", "standard,100,0", "whole number of cents"),
        ("packs.csv", "standard,100,420", "standart,100,420", "there is no price list 'standart'"),
        ("packs.csv", "standard,250,1025", "standard,250,1050", "the pack of 250 costs no less than in a smaller one"),
        ("price_lists.csv", "standard,Standard", "Standard,Standard", "small letters"),
        ("price_lists.csv", "EUR", "euro", "three capital letters"),
        ("price_lists.csv", "yes,yes", "yes,perhaps", "write yes or no"),
    ],
)
def test_a_fault_in_a_file_is_said_in_a_sentence(edit: Edit, file: str, old: str, new: str, sentence: str) -> None:
    with pytest.raises(PriceFileFault) as fault:
        edit(file, old, new)
    assert sentence in str(fault.value)
    assert str(fault.value).startswith(file)


def test_the_command_loads_and_says_how_much(db: None) -> None:
    said = StringIO()
    call_command("load_prices", stdout=said)
    call_command("load_prices", stdout=said)
    assert said.getvalue().splitlines() == ["232 prices opened, 0 closed.", "0 prices opened, 0 closed."]


def test_the_command_writes_nothing_when_a_file_is_at_fault(db: None, tmp_path: Path) -> None:
    shutil.copytree(SUPPLIED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "rates.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandError, match=r"Nothing was loaded\. rates\.csv: this is no CSV file in UTF-8\."):
        call_command("load_prices", str(tmp_path))
    with pytest.raises(CommandError, match=r"price_lists\.csv: there is no such file\."):
        call_command("load_prices", str(tmp_path / "nowhere"))
    assert not PriceList.objects.exists()


HEAD = "code,name,currency,is_public,is_default,valid_from"
STANDARD = "standard,Standard,EUR,yes,yes,2024-01-01"
OTHER = "communications,Communications,EUR,yes,no,2024-01-01"


def with_months(edit: Edit, months: str) -> PriceFiles:
    """The supplied files with one column more, filled for the standard list."""
    edit("price_lists.csv", HEAD, f"{HEAD},credits_expire_after_months")
    edit("price_lists.csv", OTHER, f"{OTHER},")
    return edit("price_lists.csv", STANDARD, f"{STANDARD},{months}")


def test_a_file_that_says_nothing_of_expiry_means_never(prices: None) -> None:
    assert set(PriceList.objects.values_list("credits_expire_after_months", flat=True)) == {None}


def test_months_until_credits_expire_come_from_the_file_and_are_audited(
    edit: Edit, prices: None, now: datetime
) -> None:
    changes = load(with_months(edit, "12"), now)
    assert (changes.before, changes.after) == ({}, {"expiry:standard": 12})
    assert AuditEvent.objects.latest("pk").after == {"expiry:standard": 12}
    months = dict(PriceList.objects.values_list("code", "credits_expire_after_months"))
    assert months == {"standard": 12, "communications": None}
    changes = load(read(SUPPLIED), now)
    assert (changes.before, changes.after) == ({"expiry:standard": 12}, {})


@pytest.mark.parametrize("months", ["0", "121", "-1", "1.5", "a year", "012"])
def test_months_that_are_none_are_refused_with_the_line(edit: Edit, months: str) -> None:
    with pytest.raises(PriceFileFault, match=r"price_lists.csv, line 2: .*1 to 120 months"):
        with_months(edit, months)
