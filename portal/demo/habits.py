"""What the customers of the demo send, how often, and to how many."""

from dataclasses import dataclass
from typing import Final

MON, TUE, WED, THU, FRI, SAT = range(6)


@dataclass(frozen=True, slots=True)
class Habit:
    """Something an account sends again and again, in local time.

    On each of `weekdays`, in every `every_weeks`-th week, at an hour of `hours` (half-open), to between the two sizes
    of recipients. The texts take turns.
    """

    name: str
    texts: tuple[str, ...]
    weekdays: tuple[int, ...]
    hours: tuple[int, int]
    sizes: tuple[int, int]
    every_weeks: int = 1


_BELVEDERE: Final = (
    Habit(
        "Promemoria visite",
        (
            (
                "Ottica Belvedere: le ricordiamo il controllo della vista di domani. "
                "Per spostarlo ci chiami allo 051 5550142. A presto!"
            ),
        ),
        (MON, TUE, THU, FRI),
        (16, 18),
        (60, 120),
    ),
    Habit(
        "Occhiali pronti",
        (
            (
                "Buongiorno, i suoi occhiali sono pronti. Può ritirarli da Ottica Belvedere, "
                "via San Felice 88, dalle 9 alle 19:30."
            ),
        ),
        (TUE,),
        (10, 12),
        (12, 30),
        every_weeks=2,
    ),
    Habit(
        "Lenti a contatto",
        (
            (
                "Le sue lenti a contatto stanno per finire? Risponda SI e le prepariamo la nuova fornitura, "
                "al prezzo di sempre. Ottica Belvedere"
            ),
            "Ottica Belvedere: la sua fornitura di lenti è in negozio. Buono 5 € sulla soluzione unica fino a sabato.",
        ),
        (TUE,),
        (11, 13),
        (150, 240),
        every_weeks=2,
    ),
    Habit(
        "Novità in negozio",
        (
            (
                "Da Ottica Belvedere sono arrivate le nuove montature: fino a domenica la seconda lente è in regalo. "
                "Scopra come su otticabelvedere.example"
            ),
            (
                "Controllo gratuito della vista tutto il sabato da Ottica Belvedere, senza appuntamento. "
                "Porti anche un amico! otticabelvedere.example"
            ),
            (
                "Occhiali da sole graduati: sconto del 30% fino al 15 del mese da Ottica Belvedere. Le lenti sono comprese, "
                "la montatura la sceglie lei tra più di 200 modelli, anche per i più piccoli."
            ),
        ),
        (SAT,),
        (9, 11),
        (220, 330),
    ),
)

_MILANO: Final = (
    Habit(
        "Promemoria visite",
        (
            (
                "Ottica Belvedere Milano: l'aspettiamo domani per il controllo della vista. "
                "Se non può venire ci avvisi allo 02 55501420."
            ),
        ),
        (TUE,),
        (16, 18),
        (40, 70),
    ),
    Habit(
        "Invito in negozio",
        (
            (
                "Ottica Belvedere Milano la invita alla prova delle lenti progressive, giovedì dalle 17. "
                "Posti limitati: risponda SI per prenotare."
            ),
            "Solo questa settimana a Milano: pulizia e regolazione degli occhiali in omaggio. Ottica Belvedere",
        ),
        (WED,),
        (12, 14),
        (210, 310),
        every_weeks=2,
    ),
)

_TORINO: Final = (
    Habit(
        "Promemoria visite",
        ("Ottica Belvedere Torino: le ricordiamo l'appuntamento di domani. Per spostarlo chiami lo 011 5550142.",),
        (WED,),
        (15, 17),
        (20, 40),
    ),
    Habit(
        "Prevenzione della vista",
        ("Torino, mese della vista: il controllo è gratuito per tutta la famiglia. Prenoti allo 011 5550142.",),
        (FRI,),
        (11, 12),
        (90, 150),
        every_weeks=4,
    ),
)

_CONFLUENCE: Final = (
    Habit(
        "Rappel de location",
        (
            (
                "Vélos Confluence: votre vélo vous attend demain, quai Rambaud. Pensez à votre pièce d'identité. "
                "Pour annuler: 04 99 55 50 14."
            ),
        ),
        (TUE,),
        (17, 19),
        (50, 80),
    ),
    Habit(
        "Atelier",
        ("Votre vélo est réparé! Venez le chercher avant 19 h, quai Rambaud. Vélos Confluence",),
        (MON,),
        (11, 13),
        (8, 20),
        every_weeks=2,
    ),
    Habit(
        "Offre du week-end",
        (
            "Ce week-end, la deuxième heure est offerte chez Vélos Confluence. Réservez sur velosconfluence.example",
            "Il fera beau dimanche! 20% sur les vélos électriques avec le code RHONE. velosconfluence.example",
            (
                "Nuit du vélo ce vendredi: nos vélos vous attendent jusqu'à 23 h. Première demi-heure gratuite, "
                "sans réservation et sans caution pour tous nos abonnés."
            ),
        ),
        (FRI,),
        (9, 11),
        (180, 300),
    ),
)

_ANNECY: Final = (
    Habit(
        "Tour du lac",
        ("Tour du lac ce samedi, départ à 9 h. Il reste quelques vélos! Vélos Confluence Annecy",),
        (THU,),
        (10, 12),
        (40, 90),
    ),
)

_HARBOUR: Final = (
    Habit(
        "Appointment reminders",
        (
            (
                "Harbour & Vale Dental: a reminder of your appointment tomorrow. "
                "To change it please call 0117 496 0142. See you soon!"
            ),
        ),
        (MON, WED),
        (15, 17),
        (45, 80),
    ),
    Habit(
        "Hygienist recall",
        (
            (
                "It's been six months since your last hygienist visit. Book online at harbourvale.example or reply YES "
                "and we will call you. Harbour & Vale Dental"
            ),
        ),
        (TUE,),
        (10, 12),
        (110, 150),
        every_weeks=2,
    ),
    Habit(
        "Practice news",
        (
            (
                "Harbour & Vale Dental now opens on Saturdays, 9 to 1. Evening appointments stay as they are. "
                "harbourvale.example"
            ),
            (
                "Whitening offer at Harbour & Vale: £50 off until the end of the month. "
                "Ask at reception or book at harbourvale.example. Text STOP to opt out of offers like this one, any time."
            ),
        ),
        (THU,),
        (12, 14),
        (280, 420),
        every_weeks=3,
    ),
)

HABITS: Final = {
    "belvedere": _BELVEDERE,
    "milano": _MILANO,
    "torino": _TORINO,
    "confluence": _CONFLUENCE,
    "annecy": _ANNECY,
    "harbour": _HARBOUR,
}

# What stands out of the routine: name and text.
CANCELLED: Final = (
    "Saldi di fine stagione",
    "Saldi da Ottica Belvedere: da domani tutto al 50%. otticabelvedere.example",
)
LAST_OF_TORINO: Final = (
    "Invito ai clienti",
    "Ottica Belvedere Torino: venerdì aperitivo in negozio dalle 18. L'aspettiamo!",
)
UNDER_WAY: Final = (
    "Settimana della vista",
    (
        "Settimana della vista da Ottica Belvedere: controllo gratuito da lunedì a sabato in tutti i negozi. "
        "Prenoti su otticabelvedere.example"
    ),
)
DRAFT: Final = (
    "Nuovi orari",
    "Da lunedì Ottica Belvedere è aperta anche a pranzo: orario continuato dalle 9 alle 19:30, sabato fino alle 18.",
)
