"""Who the demo is about: three customers with their branches, and the operator's staff. All of them are invented.

Telephone numbers are of ranges in which nothing rings. Company numbers pass their checksums and are made of counting
digits, so that nobody takes them for somebody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from billing.amounts import to_units
from portal.accounts.capabilities import Role

PASSWORD: Final = "saldo demo 2026"  # noqa: S105 - printed for everybody who starts the demo
COMMUNICATIONS: Final = "communications"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in."""

    first_name: str
    last_name: str
    email: str
    phone: str = ""
    role: Role = Role.OWNER

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Names:
    """The sender names of an account: the one in use, and what else was asked for (name, what for, why refused)."""

    used: str = ""
    purpose: str = ""
    waiting: tuple[str, str] | None = None
    refused: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A balance alert in credits: by e-mail to somebody, by SMS where there is a number.

    `mailbox_is_gone`: the mail server refuses what is sent there.
    """

    threshold: int
    email: str
    number: str = ""
    mailbox_is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Firm:
    """An account: a customer, or a branch of one (then without `billing`, and `pack` is what the parent moves).

    `pack` and `welcome` are credits. It was opened and had its first credits so many days ago as `opened` and `starts`
    say. `audience` is how many contacts it has. Credits are bought when they are down to the first alarm's threshold.
    """

    key: str
    name: str
    people: tuple[Person, ...]
    names: Names
    alarms: tuple[Alarm, ...]
    pack: int
    opened: int
    starts: int
    audience: int
    lists: tuple[tuple[str, int], ...]
    welcome: int = 0
    country: str = ""
    language: str = ""
    time_zone: str = ""
    card: str = ""
    price_list: str = ""
    billing: Mapping[str, str] = field(default_factory=dict)
    branches: tuple["Firm", ...] = ()


STAFF: Final = (
    Person("Olga", "Conti", "olga@saldo.example", "+393155550100"),
    Person("Paolo", "Rinaldi", "paolo@saldo.example", "+393155550101"),
)

_MILANO: Final = Firm(
    key="milano",
    name="Ottica Belvedere Milano",
    people=(Person("Chiara", "Bellandi", "milano@otticabelvedere.example", "+393155550120"),),
    names=Names("BelvedereMI", "Avvisi ai clienti del negozio di Milano"),
    alarms=(Alarm(120, "amministrazione@belvedere-milano.example", mailbox_is_gone=True),),
    pack=400,
    opened=86,
    starts=85,
    audience=320,
    lists=(("Clienti Milano", 320),),
)
_TORINO: Final = Firm(
    key="torino",
    name="Ottica Belvedere Torino",
    people=(Person("Luca", "Avogadro", "torino@otticabelvedere.example", "+393155550130"),),
    names=Names(),
    alarms=(Alarm(60, "torino@otticabelvedere.example", "+393155550130"),),
    pack=150,
    opened=72,
    starts=71,
    audience=230,
    lists=(("Clienti Torino", 230),),
)
BELVEDERE: Final = Firm(
    key="belvedere",
    name="Ottica Belvedere",
    country="IT",
    language="it",
    time_zone="Europe/Rome",
    people=(
        Person("Giulia", "Ferrante", "giulia@otticabelvedere.example", "+393155550110"),
        Person("Marco", "Lodigiani", "marco@otticabelvedere.example", "+393155550111", Role.BILLING),
        Person("Elena", "Sartori", "elena@otticabelvedere.example", "+393155550112", Role.SENDER),
        Person("Davide", "Pini", "davide@otticabelvedere.example", "+393155550113", Role.VIEWER),
    ),
    names=Names(
        "Belvedere",
        "Promemoria degli appuntamenti e offerte ai clienti dei negozi",
        waiting=("OtticaBV", "Messaggi della campagna sulla prevenzione della vista"),
        refused=(
            "SconTop",
            "Offerte di fine stagione",
            (
                "Il nome non corrisponde alla ragione sociale né a un marchio registrato: "
                "ne scelga uno che la identifichi."
            ),
        ),
    ),
    alarms=(
        Alarm(500, "marco@otticabelvedere.example"),
        Alarm(100, "giulia@otticabelvedere.example", "+393155550110"),
    ),
    pack=1000,
    opened=94,
    starts=90,
    audience=1400,
    lists=(("Clienti Bologna", 900), ("Lenti a contatto", 260), ("Tutti i clienti", 1400)),
    welcome=20,
    card="Visa 4242",
    billing={
        "company": "Ottica Belvedere S.r.l.",
        "first_name": "Giulia",
        "last_name": "Ferrante",
        "address": "Via San Felice 88",
        "postal_code": "40122",
        "city": "Bologna",
        "country": "IT",
        "vat_number": "IT09876540379",
        "codice_fiscale": "09876540379",
        "sdi_code": "M5UXCR1",
        "pec": "otticabelvedere@pec.example",
    },
    branches=(_MILANO, _TORINO),
)

_ANNECY: Final = Firm(
    key="annecy",
    name="Vélos Confluence Annecy",
    people=(Person("Manon", "Duvivier", "annecy@velosconfluence.example", "+33639980120"),),
    names=Names(),
    alarms=(Alarm(40, "annecy@velosconfluence.example"),),
    pack=100,
    opened=85,
    starts=46,
    audience=110,
    lists=(("Clients Annecy", 110),),
    welcome=25,
    card="Mastercard 3391",
)
CONFLUENCE: Final = Firm(
    key="confluence",
    name="Vélos Confluence",
    country="FR",
    language="fr",
    time_zone="Europe/Paris",
    people=(
        Person("Camille", "Aubertin", "camille@velosconfluence.example", "+33639980110"),
        Person("Thomas", "Verdier", "thomas@velosconfluence.example", "+33639980111", Role.BILLING),
        Person("Inès", "Carpentier", "ines@velosconfluence.example", "+33639980112", Role.SENDER),
        Person("Hugo", "Lemaire", "hugo@velosconfluence.example", "+33639980113", Role.VIEWER),
    ),
    names=Names(
        "Confluence",
        "Rappels de location et de réparation",
        waiting=("VelosLyon", "Offres du week-end pour les abonnés lyonnais"),
    ),
    alarms=(Alarm(200, "thomas@velosconfluence.example"),),
    pack=500,
    opened=92,
    starts=90,
    audience=470,
    lists=(("Abonnés Lyon", 470), ("Atelier", 140)),
    card="Visa 4417",
    billing={
        "company": "Vélos Confluence SARL",
        "first_name": "Camille",
        "last_name": "Aubertin",
        "address": "14 quai Rambaud",
        "address_complement": "Bâtiment B",
        "postal_code": "69002",
        "city": "Lyon",
        "country": "FR",
        "vat_number": "FR14987654324",
        "siret": "98765432400019",
    },
    branches=(_ANNECY,),
)

HARBOUR: Final = Firm(
    key="harbour",
    name="Harbour & Vale Dental",
    country="GB",
    language="en-gb",
    time_zone="Europe/London",
    people=(
        Person("Oliver", "Pembroke", "oliver@harbourvale.example", "+447700900110"),
        Person("Priya", "Nair", "priya@harbourvale.example", "+447700900111", Role.BILLING),
        Person("Hannah", "Whitlock", "hannah@harbourvale.example", "+447700900112", Role.SENDER),
        Person("Tom", "Ashdown", "tom@harbourvale.example", "+447700900113", Role.VIEWER),
    ),
    names=Names("HarbourVale", "Appointment reminders and recalls"),
    alarms=(Alarm(250, "priya@harbourvale.example", "+447700900110"),),
    pack=1000,
    opened=91,
    starts=90,
    audience=430,
    lists=(("Patients", 430), ("Hygienist recall", 160)),
    card="Visa Debit 0086",
    price_list=COMMUNICATIONS,
    billing={
        "company": "Harbour & Vale Dental Ltd",
        "first_name": "Oliver",
        "last_name": "Pembroke",
        "address": "3 Redcliffe Quay",
        "postal_code": "BS1 6TT",
        "city": "Bristol",
        "country": "GB",
        "vat_number": "GB123456782",
        "purchase_order": "PO-2207",
    },
)

CUSTOMERS: Final = (BELVEDERE, CONFLUENCE, HARBOUR)


def units(credits: int) -> int:
    """Whole credits in units."""
    return to_units(Decimal(credits))


def everybody() -> list[Person]:
    """Everybody who can sign in."""
    firms = [each for customer in CUSTOMERS for each in (customer, *customer.branches)]
    return [*STAFF, *(person for firm in firms for person in firm.people)]


def who() -> list[tuple[Person, str]]:
    """Whom to log in as first, and what they are: staff, everybody of one customer, the owners of the others."""
    people = [(person, "the operator's staff") for person in STAFF]
    for customer in CUSTOMERS:
        for firm in (customer, *customer.branches):
            people += [
                (
                    person,
                    f"{person.role.value} of {firm.name} ({'a sub-account' if firm is not customer else customer.country})",
                )
                for person in firm.people
                if customer is BELVEDERE or (firm is customer and person.role == Role.OWNER)
            ]
    return people
