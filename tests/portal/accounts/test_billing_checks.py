"""A wrong number says which character or which rule; what a register answers is kept with its date."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from pytest_django import Settings

from portal.accounts import services, tax_numbers, tax_sentences
from portal.accounts.models import Account, BillingDetails, User
from portal.accounts.registers import NoRegister, Verdict
from tests.portal.accounts.test_people_pages import FRENCH, ITALIAN, of

SignedIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("check", "typed", "said"),
    [
        ("IT", "0764352O567", "Character 8 is “O”, but a digit belongs there."),
        ("IT", "IT 0764352O567", "Character 10 is “O”, but a digit belongs there."),
        ("IT", "0764352056", "This number has 11 characters; 10 were given."),
        ("IT", "076435205677", "This number has 11 characters; 12 were given."),
        ("IT", "FR40303265045", "begins with FR, but those of the chosen country begin with IT"),
        ("IT", "07643520568", "The check digits do not fit"),
        ("FR", "40303265046", "The check digits do not fit"),
        ("FR", "1", "does not have the form"),
        ("GB", "980780685", "The check digits do not fit"),
        ("NO", "99552_825", "Character 6 is “_”, but only letters and digits are allowed."),
        ("fiscal", "RCCMNL83S18D969A", "The check digits do not fit"),
        ("fiscal", "RCC1NL83S18D969H", "Character 4 is “1”, but a letter belongs there."),
        ("fiscal", "RCCMNL83X18D969H", "Character 9 is “X”, but one of ABCDEHLMPRST belongs there."),
        ("fiscal", "RCCMNL83S18D969", "This number has 16 characters; 15 were given."),
        ("fiscal", "0764352056", "This number has 11 characters; 10 were given."),
        ("siret", "7328293200007A", "Character 14 is “A”, but a digit belongs there."),
        ("siret", "732829320", "This number has 14 characters; 9 were given."),
        ("siret", "73282932000075", "The check digits do not fit"),
        ("sdi", "ABC-EF!", "Character 6 is “!”, but only letters and digits are allowed."),
        ("sdi", "ABCDEF", "This number has 7 characters; 6 were given."),
    ],
)
def test_a_wrong_number_says_what_is_wrong(check: str, typed: str, said: str) -> None:
    checks: dict[str, Callable[[str], str]] = {
        "fiscal": tax_numbers.codice_fiscale,
        "siret": tax_numbers.siret_number,
        "sdi": tax_numbers.sdi_code,
    }
    with pytest.raises(tax_numbers.InvalidTaxNumber) as refusal:
        checks[check](typed) if check in checks else tax_numbers.vat_number(check, typed)

    assert said in tax_sentences.sentence(refusal.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ITALIAN | {"vat_number": "0764352O567"}, "Character 8 is “O”"),
        (ITALIAN | {"sdi_code": "12"}, "This number has 7 characters; 2 were given."),
        (ITALIAN | {"pec": "acme.pec.example"}, "A PEC address has a name, one @ and a domain"),
        (FRENCH | {"siret": "73282932000075"}, "The check digits do not fit"),
    ],
)
def test_the_form_says_it(acme: Account, alice: User, signed_in: SignedIn, given: dict[str, str], said: str) -> None:
    response = signed_in(alice).post(of(acme, "billing-details/"), given)

    assert response.status_code == 422
    assert said in response.content.decode()


class Answering:
    """A register that says what it is told to."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.asked: list[str] = []

    def ask(self, vat_number: str) -> Verdict:
        self.asked.append(vat_number)
        return self.verdict


class Unknown(Answering):
    """A register that knows no number."""

    def __init__(self) -> None:
        super().__init__(Verdict.INVALID)


def verdict_of(account: Account) -> tuple[str, datetime | None]:
    details = BillingDetails.objects.get(account=account)
    return details.vat_verdict, details.vat_asked_at


@pytest.mark.parametrize("verdict", [Verdict.VALID, Verdict.INVALID, Verdict.UNAVAILABLE])
def test_an_answer_is_kept_with_its_date(acme: Account, now: datetime, verdict: Verdict) -> None:
    register = Answering(verdict)
    services.ask_vat_register(account=acme, register=register, now=now)

    assert verdict_of(acme) == (verdict, now)
    assert register.asked == ["IT07643520567"]


def test_by_default_nobody_is_asked(acme: Account, now: datetime) -> None:
    assert services.ask_vat_register(account=acme, register=NoRegister(), now=now) == Verdict.NOT_ASKED
    assert verdict_of(acme) == (Verdict.NOT_ASKED, None)


def test_without_a_number_nobody_is_asked(globex: Account, now: datetime) -> None:
    register = Answering(Verdict.VALID)
    services.ask_vat_register(account=globex, register=register, now=now)

    assert register.asked == []


def test_another_number_forgets_the_answer(acme: Account, alice: User, signed_in: SignedIn, now: datetime) -> None:
    services.ask_vat_register(account=acme, register=Answering(Verdict.VALID), now=now)
    signed_in(alice).post(of(acme, "billing-details/"), ITALIAN | {"company": "Acme Nuova"})
    assert verdict_of(acme) == (Verdict.VALID, now)
    signed_in(alice).post(of(acme, "billing-details/"), ITALIAN | {"vat_number": "00743110157"})

    assert verdict_of(acme) == (Verdict.NOT_ASKED, None)


def test_the_page_says_what_the_register_said(
    acme: Account, alice: User, signed_in: SignedIn, settings: Settings
) -> None:
    settings.VAT_REGISTER = f"{__name__}.Unknown"
    response = signed_in(alice).post(of(acme, "billing-details/"), ITALIAN, follow=True)

    assert "does not know this number" in response.content.decode()
    assert "Not known to the VAT register" in signed_in(alice).get(of(acme, "billing-details/")).content.decode()
