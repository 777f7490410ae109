"""Statements as banks write them, and files that are none."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.bank import camt, reading, tables
from billing.bank.entries import Entry, Fault, LeftOut, Unreadable, keys
from tests.billing.bank.conftest import IBAN, Paid
from tests.billing.bank.conftest import camt as written

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Document><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>'
)


@pytest.mark.parametrize("version", [2, 4, 6, 8])
def test_every_version_says_the_same(version: int) -> None:
    paid = Paid(51250, text="Ricarica  credits", structured="RF18539007547034", reference="B-1")
    found = camt.read(io.BytesIO(written([paid], version=version)))
    assert found.iban == IBAN
    assert found.entries == [
        Entry(
            date(2026, 11, 20),
            51250,
            payer_name="Acme S.r.l.",
            payer_iban="IT40S0542811101000000123456",
            text="Ricarica credits",
            structured="RF18539007547034",
            bank_reference="B-1",
        )
    ]


def test_a_batch_is_as_many_entries_as_it_has_transactions_and_one_when_they_do_not_add_up() -> None:
    batch = [Paid(100, text="one"), Paid(200, text="two")]
    whole = written([batch])
    assert [(each.amount_cents, each.text) for each in camt.read(io.BytesIO(whole)).entries] == [
        (100, "one"),
        (200, "two"),
    ]
    broken = whole.replace(
        b'<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">3.00', b'<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">9.00'
    )
    entry = camt.read(io.BytesIO(broken)).entries
    assert [(each.amount_cents, each.text, each.payer_name) for each in entry] == [(900, "one\ntwo", "")]


def test_what_is_no_booked_credit_in_euro_is_counted_and_left_out() -> None:
    entries = [
        Paid(1, direction=""),
        Paid(2, status="PDNG"),
        Paid(3, currency="CHF"),
        Paid(0),
        Paid(4, day="2026-02-31"),
        Paid(5),
    ]
    found = camt.read(io.BytesIO(written(entries)))
    assert [each.amount_cents for each in found.entries] == [5]
    assert found.left_out == dict.fromkeys([LeftOut.NOT_BOOKED, LeftOut.CURRENCY, LeftOut.NO_DAY], 1) | {
        LeftOut.NO_AMOUNT: 2
    }


def test_money_that_went_out_is_read_apart_with_who_got_it() -> None:
    sent = Paid(512, text="Rimborso", payer="Acme S.r.l.", direction="DBIT", reference="B-7")
    content = written([sent, Paid(5), [sent, sent]]).replace(b"Dbtr", b"Cdtr")
    found = camt.read(io.BytesIO(content))
    first, *batch = found.outgoing
    assert (first.amount_cents, first.payer_name, first.bank_reference) == (512, "Acme S.r.l.", "B-7")
    assert [each.amount_cents for each in batch] == [512, 512]
    assert [(each.amount_cents, each.payer_name) for each in found.entries] == [(5, "")]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"<html><body>Login</body></html>", Fault.NO_STATEMENT),
        (b"<Document><BkToCstmrStmt>", Fault.DAMAGED),
        (written([Paid(5)])[:-40], Fault.DAMAGED),
        (BOMB, Fault.DAMAGED),
        (b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>', Fault.DAMAGED),
        (b"<\xff\xfe", Fault.DAMAGED),
        (b'<?xml version="1.0" encoding="nonsense"?><d/>', Fault.DAMAGED),
        (b"<Document><BkToCstmrStmt/></Document>", Fault.NO_STATEMENT),
    ],
    ids=["html", "cut", "cut later", "entities", "foreign file", "bytes", "charset", "no account"],
)
def test_what_is_no_statement_is_refused(content: bytes, fault: Fault) -> None:
    with pytest.raises(Unreadable) as refused:
        camt.read(io.BytesIO(content))
    assert refused.value.fault == fault


@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers(content: bytes) -> None:
    for reader in (lambda: camt.read(io.BytesIO(content)), lambda: tables.look(content)):
        try:
            reader()
        except Unreadable:
            continue


@pytest.mark.parametrize(
    "content",
    [
        b"<a>" * 200,
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b'<a b="' + b"x" * 200_000 + b'"/>',
    ],
    ids=["deep", "letters that no parser knows", "one endless tag"],
)
def test_what_would_keep_the_parser_busy_is_damaged(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        reading.recognise(content)
    assert refused.value.fault == Fault.DAMAGED


@pytest.mark.parametrize("day", ["01/01/0001", "31/12/9999", "0001-01-01", "9999-12-31", "29/02/2027", "32/01/2026"])
def test_a_day_on_which_no_bank_books_is_none(day: str) -> None:
    assert tables.to_day(day) is None
    if "-" in day:
        found = camt.read(io.BytesIO(written([Paid(512, day=day)])))
        assert (found.entries, found.left_out) == ([], {LeftOut.NO_DAY: 1})


def test_a_text_of_several_lines_is_one_payment() -> None:
    table = tables.look((HEADING + '20/11/2026;5,12;"acconto\ndi novembre; grazie"\n').encode())
    [entry] = tables.read(table, tables.guess(table)).entries
    assert (entry.amount_cents, entry.text) == (512, "acconto\ndi novembre; grazie")


def test_equal_entries_of_one_file_are_two_and_of_two_files_the_same() -> None:
    twice = Entry(date(2026, 11, 20), 100, text="RF18  5390")
    assert len(set(keys(IBAN, [twice, twice]))) == 2
    assert keys(IBAN, [twice, twice])[:1] == keys(IBAN, [Entry(date(2026, 11, 20), 100, text="rf18 5390")])
    assert keys("OTHER", [twice]) != keys(IBAN, [twice])


@pytest.mark.parametrize(
    ("written_as", "mark", "cents"),
    [
        ("1.234,56", ",", 123456),
        ("1,234.56", ".", 123456),
        ("1 234,5", ",", 123450),
        ("€ 5,12", ",", 512),
        ("1.234", ",", 123400),
        ("+7", ",", 700),
        ("-5,12", ",", -512),
        ("5,12-", ",", -512),
        ("1.234", ".", None),
        ("1,234", ",", None),
        ("12.34.56", ",", None),
        ("1.23,45", ",", None),
        ("5,123", ",", None),
        ("٣", ",", None),
        ("", ",", None),
        ("1E5", ",", None),
        ("9" * 19, ",", None),
    ],
)
def test_amounts_are_read_in_one_way_or_not_at_all(written_as: str, mark: str, cents: int | None) -> None:
    assert tables.to_cents(written_as, mark) == cents


@given(st.integers(1, 10**12), st.sampled_from([(",", "."), (".", ",")]), st.booleans())
def test_every_amount_comes_back_as_it_was_written(cents: int, marks: tuple[str, str], grouped: bool) -> None:
    mark, group = marks
    whole = f"{cents // 100:,}".replace(",", group if grouped else "")
    assert tables.to_cents(f"{whole}{mark}{cents % 100:02}", mark) == cents


ITALIAN = (
    'Estratto conto;;;;\nData contabile;Data valuta;Causale;Entrate;Uscite\n20/11/2026;20/11/2026;"BONIFICO DA ACME '
    'RF18 5390";1.512,50;\n21/11/2026;21/11/2026;Commissioni;;1,00\n22/11/2026;22/11/2026;Bonifico;5,12;\n'
)
ENGLISH = 'Booking date,Amount,Currency,Description,Payer,IBAN\n2026-11-20,"1,512.50",EUR,x,Acme,IT40 S054\n20.11.26,7.00,CHF,y,z,\nx,1.00,EUR,y,z,\n20.11.26,-0.90,EUR,fee,Bank,\n'
FRENCH = (
    "Date;Libellé;Débit;Crédit\n20/11/2026;VIR;2,50;\n20/11/2026;VIR;-3,00;\n20/11/2026;x;;\n20/11/2026;y;1,00;2,00\n"
)


@pytest.mark.parametrize(
    ("text", "charset", "cents", "left_out"),
    [
        (ITALIAN, "cp1252", [151250, 512, -100], {}),
        (ITALIAN, "utf-16", [151250, 512, -100], {}),
        (ENGLISH, "utf-8-sig", [151250, -90], {LeftOut.CURRENCY: 1, LeftOut.NO_DAY: 1}),
        (FRENCH, "cp1252", [-250, -300], {LeftOut.EMPTY: 1, LeftOut.NO_AMOUNT: 1}),
    ],
    ids=["italian", "utf-16", "english", "french"],
)
def test_tables_are_read_as_their_headings_say(text: str, charset: str, cents: list[int], left_out: object) -> None:
    table = tables.look(text.encode(charset))
    found = tables.read(table, tables.guess(table))
    came = [each.amount_cents for each in found.entries]
    assert [*came, *(-each.amount_cents for each in found.outgoing)] == cents
    assert found.left_out == left_out


HEADING = "Data;Importo;Causale\n"
UNCLOSED = '20/11/2026;5,12;"acconto\n21/11/2026;7,00;saldo\n22/11/2026;9,00;"resto\n'


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"a;b\n",
        b"%PDF-1.7\x00\x01;;\n;;",
        b";;;\n;;;\n",
        (HEADING + UNCLOSED).encode(),
        (HEADING + "x;" * 100_000).encode(),
    ],
    ids=["a word", "a heading", "a picture", "nothing", "a mark that nobody closed", "one endless line"],
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        tables.look(content)
