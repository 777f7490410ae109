"""Which texts ask for no more messages, in three languages and as people write."""

import pytest

from messaging.replies.stopwords import asks_to_stop


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "«STOP»", "STOP MARKETING", "Stop grazie", "S T O P", "stop!!!", "Stop\nper favore",
        "CANCELLA", "Cancellami!", "ANNULLA", "BASTA", "Basta, grazie", "Disiscrivimi", "rimuovimi dalla lista",
        "ARRET", "Arrêt", "ARRÊTEZ", "DÉSABONNER", "desabonner", "De\u0301sabonner", "me désabonner", "Désinscription",
        "UNSUBSCRIBE", "unsubscribe me", "OPT-OUT", "opt out", "Optout", "END", "quit", "CANCEL", "ＳＴＯＰ", "🛑 stop",
        "S.T.O.P.", "Please stop!", "no more messages", "Smettetela!", "Non voglio più messaggi.", "Plus de SMS",
        "Ne m’envoyez plus de messages",
    ],
)  # fmt: skip
def test_these_ask_to_stop(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "?!", "👍", "Ok", "Grazie", "Va bene, basta che sia domani", "End of the street on the left", "nonstop",
        "I can't stop laughing", "Non annulla nulla", "quit smoking course?", "Cancel my order and send another",
        "stopover in Rome", "Please stop at gate 3", "Plus de messages demain ?", "x" * 100_000, "grazie " * 1000 + "STOP",
    ],
)  # fmt: skip
def test_these_do_not(text: str) -> None:
    assert not asks_to_stop(text)
