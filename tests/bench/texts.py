"""Texts as customers send them, for what is measured beside other libraries: an Italian shop's mix, with its shares."""

from typing import Final

MIX: Final = (
    ("reminder, GSM", 40, "Gentile cliente, il suo ordine è pronto: può ritirarlo domani dalle 9 alle 18. Grazie, Acme Milano."),
    ("offer with euro signs", 15, "Saldo di fine stagione: da 49,90 € a 29,90 € fino a sabato. Info in negozio."),
    ("two parts, GSM", 15, "Gentile cliente, le ricordiamo l'appuntamento di domani alle 10:30 presso il nostro studio di via Roma 1, Milano. Se non può venire ci avvisi rispondendo a questo messaggio: daremo il posto a un'altra persona."),
    ("brackets, one part", 5, "[Acme] Il codice è {482913}, valido ~10 minuti. Non lo dia a nessuno."),
    ("brackets, three parts", 5, "[codice] " * 38),
    ("typographic quotes", 8, "L’ordine è pronto… passi pure “domani” dalle 9 alle 18, la aspettiamo in negozio"),
    ("upper-case accents", 4, "È ARRIVATO IL SUO ORDINE: PUÒ RITIRARLO DOMANI DALLE 9 ALLE 18"),
    ("emoji", 5, "Il tuo pacco è in arrivo oggi 📦 tra le 14 e le 16"),
    ("emoji, four parts", 1, "Il tuo pacco è in arrivo oggi 📦 tra le 14 e le 16. " * 4),
    ("Cyrillic", 2, "Ваш заказ готов, забрать можно завтра с 9 до 18"),
)  # fmt: skip
"""Name, share in a hundred messages, and text."""

RARE: Final = (
    ("Greek letters of the alphabet", "ΔΩΣ Milano: domani dalle 9 alle 18 prezzi ΦΨ"),
    ("accents typed apart (NFD)", "Il suo ordine e\u0300 pronto: puo\u0300 ritirarlo domani"),
    ("line ends of Windows", "Gentile cliente,\r\nil suo ordine è pronto.\r\nGrazie"),
    ("153 brackets: has to be packed", "]" * 153),
    ("67 emoji: has to be packed", "😀" * 67),
)
"""What hardly anybody sends, and what costs most."""
