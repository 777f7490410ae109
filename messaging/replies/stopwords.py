"""Whether a reply asks for no more messages, in Italian, English or French. Pure.

A reply is read as leniently as people write: accents, case and punctuation do not matter, and one of `ANYWHERE_FIRST`
counts as the first word of a longer text ("Basta, grazie"). Words that as often begin something else ("End of the road
on the left") count only alone.
"""

import unicodedata
from typing import Final

ANYWHERE_FIRST: Final = frozenset(
    {
        "stop", "stopall", "stopp", "unsubscribe", "unsub", "optout", "remove",
        "cancella", "cancellami", "cancellatemi", "cancellare", "cancellazione", "annulla", "annullare", "basta",
        "disiscrivi", "disiscrivimi", "disiscrivetemi", "disiscrizione", "rimuovi", "rimuovimi", "rimuovetemi", "fermati",
        "arret", "arreter", "arretez", "desabonner", "desabonne", "desabonnez", "desabonnement", "desinscrire",
        "desinscription", "desinscrivez",
    }
)  # fmt: skip

ALONE: Final = frozenset(
    {
        "end", "quit", "cancel", "opt out", "no more", "please stop", "no more messages", "ferma", "smettila", "smettetela",
        "non scrivetemi piu", "non scrivermi piu", "non voglio piu messaggi", "annuler", "plus de sms", "plus de messages",
        "ne m envoyez plus", "ne m envoyez plus de sms", "ne m envoyez plus de messages",
        "me desabonner", "se desabonner", "me desinscrire", "se desinscrire",
    }
)  # fmt: skip

_LONGEST: Final = 200
"""Characters that are looked at: whoever asks to be left alone says so at once."""


def asks_to_stop(text: str) -> bool:
    """Whether the text is a request for no more messages."""
    words = _words(text[:_LONGEST])
    if not words:
        return False
    # "S T O P" and "opt-out" are one word to whoever wrote them.
    return words[0] in ANYWHERE_FIRST or " ".join(words) in ALONE or "".join(words) in ANYWHERE_FIRST


def _words(text: str) -> list[str]:
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(char if char.isalnum() else " " for char in plain.casefold()).split()
