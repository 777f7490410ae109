"""What is wrong with a tax number, in a sentence that says which character or which rule."""

from django.utils.translation import gettext as _

from portal.accounts.tax_numbers import DIGIT, LETTER, Fault, InvalidTaxNumber


def sentence(error: InvalidTaxNumber) -> str:
    """Return the sentence for the reader, in the active language."""
    if error.fault == Fault.CHARACTER:
        return _character(error)
    if error.fault == Fault.LENGTH:
        return _("This number has %(expected)s characters; %(length)s were given.") % {
            "expected": error.expected,
            "length": error.length,
        }
    if error.fault == Fault.COUNTRY:
        return _("This number begins with %(given)s, but those of the chosen country begin with %(expected)s.") % {
            "given": error.character,
            "expected": error.expected,
        }
    if error.fault == Fault.CHECK:
        return _("The check digits do not fit the rest of this number: a character is wrong, or two are swapped.")
    return _("This number does not have the form that the chosen country gives its numbers.")


def _character(error: InvalidTaxNumber) -> str:
    place = {"position": error.position, "character": error.character}
    if error.expected == DIGIT:
        return _("Character %(position)s is “%(character)s”, but a digit belongs there.") % place
    if error.expected == LETTER:
        return _("Character %(position)s is “%(character)s”, but a letter belongs there.") % place
    if error.expected == DIGIT + LETTER:
        return _("Character %(position)s is “%(character)s”, but only letters and digits are allowed.") % place
    return _("Character %(position)s is “%(character)s”, but one of %(expected)s belongs there.") % {
        **place,
        "expected": error.expected,
    }
