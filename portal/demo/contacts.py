"""Invented people with invented numbers, each in a range where nothing rings."""

import random
from typing import Final

from messaging.contacts.paste import Entry

# On the last four digits up to this one the gateway simulator decides what happens; the demo leaves that to chance.
_RESERVED: Final = 8

_FIRST: Final = {
    "IT": "Alessandra Andrea Anna Antonio Beatrice Bruno Caterina Claudio Daniela Enrico Federica Filippo Francesca "
    "Gabriele Giorgia Giovanni Ilaria Laura Lorenzo Maria Matteo Michela Nicola Paola Pietro Roberta Silvia Simone "
    "Stefano Valentina",
    "FR": "Adèle Antoine Aurélie Baptiste Caroline Clément Delphine Émile Fanny Gabriel Hélène Jules Juliette Laurent "
    "Léa Louis Lucie Mathilde Maxime Nathalie Nicolas Pauline Pierre Romain Sophie Théo Valérie Vincent Yann Zoé",
    "GB": "Alfie Alice Amelia Arthur Beth Callum Charlotte Daniel Edith Emily Finlay George Grace Harriet Isla Jack "
    "James Lily Lucy Megan Nathan Niamh Owen Poppy Rhys Rosie Samuel Sophie Thomas Zara",
}
_LAST: Final = {
    "IT": "Albani Baroncini Benassi Bertolini Bianchi Bonfanti Calzolari Casadei Cattani Corradini Donati Fabbri "
    "Fantini Ferrari Galli Gatti Grandi Lombardi Malagoli Marchetti Mazzanti Montanari Neri Orlandi Pasini Poggi "
    "Ravaioli Ricci Rosati Sandri Tassinari Vecchi Venturi Zanetti",
    "FR": "Arnaud Barbier Bernard Blanchard Bonnet Bouvier Chevalier Colin Dufour Dumas Fabre Fontaine Garnier Giraud "
    "Lambert Lefèvre Leroy Marchand Martin Mercier Moreau Morin Noël Perrin Picard Renaud Rivière Rousseau Roux Vidal",
    "GB": "Atkins Barker Bennett Bradley Carter Clarke Davies Ellis Fletcher Foster Griffiths Harper Hughes Jenkins "
    "Kelly Lawson Marsh Mitchell Morgan Palmer Pearce Price Reid Shaw Spencer Turner Walsh Watts Webb Wright",
}
# Prefix in E.164 and how many digits follow. In Italy no range is kept for fiction: these are given to no operator.
_RANGES: Final = {"IT": (("+39315", 7), ("+39317", 7)), "FR": (("+3363998", 4),), "GB": (("+447700900", 3),)}


def invent(country: str, count: int, chance: random.Random) -> list[Entry]:
    """Return `count` contacts of that country, no two with the same number."""
    first, last = _FIRST[country].split(), _LAST[country].split()
    numbers: dict[str, None] = {}
    while len(numbers) < count:
        prefix, digits = chance.choice(_RANGES[country])
        number = f"{prefix}{chance.randrange(10**digits):0{digits}d}"
        if int(number[-4:]) > _RESERVED:
            numbers[number] = None
    return [Entry(number, f"{chance.choice(first)} {chance.choice(last)}") for number in numbers]
