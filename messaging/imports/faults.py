"""Why a file cannot be read as a table, as codes and in words that say what to do."""

from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


class FileFault(StrEnum):
    """What is wrong with a file as a whole."""

    EMPTY = "empty"
    ONLY_HEADINGS = "only_headings"
    NO_TABLE = "no_table"
    OLD_EXCEL = "old_excel"
    PROTECTED = "protected"
    MACROS = "macros"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    TOO_MUCH_INSIDE = "too_much_inside"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_LONG = "too_long"
    TOO_MANY_FIELDS = "too_many_fields"
    LIST_FULL = "list_full"
    LIST_GONE = "list_gone"
    NAME_TAKEN = "name_taken"
    BROKEN = "broken"


class Unreadable(Exception):
    """The file cannot be read as a table; `fault` says why."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


SENTENCES: Final[dict[FileFault, Promise]] = {
    FileFault.EMPTY: gettext_lazy("There is nothing in this file."),
    FileFault.ONLY_HEADINGS: gettext_lazy("This file has headings and no rows below them."),
    FileFault.NO_TABLE: gettext_lazy(
        "This is not a table that can be read. Save it as .xlsx or .csv and choose it again."
    ),
    FileFault.OLD_EXCEL: gettext_lazy(
        "This is a file of an old Excel (.xls). Open it, save it as .xlsx, and choose that file."
    ),
    FileFault.PROTECTED: gettext_lazy(
        "This file is protected with a password. Open it, save it without the password, and choose it again."
    ),
    FileFault.MACROS: gettext_lazy(
        "This file holds macros (programs), so it is not opened. Save it as .xlsx, without macros, and choose that file."
    ),
    FileFault.DAMAGED: gettext_lazy(
        "This file is damaged or was not uploaded whole. Open it, save it again, and choose it once more."
    ),
    FileFault.TOO_LARGE: gettext_lazy("This file is too large: at most 50 MB can be read. Split it in two."),
    FileFault.TOO_MUCH_INSIDE: gettext_lazy(
        "This file becomes too large when it is unpacked. Copy the columns you need into a new file."
    ),
    FileFault.TOO_MANY_ROWS: gettext_lazy("This file has more than 1,000,000 rows. Split it into several files."),
    FileFault.TOO_MANY_COLUMNS: gettext_lazy(
        "This file has more than 100 columns. Copy the columns you need into a new file."
    ),
    FileFault.TOO_LONG: gettext_lazy(
        "A row of this file does not end: a quotation mark is probably missing. Save it as .xlsx and choose that file."
    ),
    FileFault.LIST_FULL: gettext_lazy(
        "The list would have more than 1,000,000 contacts. Nothing was added: import into another list."
    ),
    FileFault.TOO_MANY_FIELDS: gettext_lazy(
        "The list would have more than 20 fields. Nothing was added: import fewer columns, or delete fields of the list."
    ),
    FileFault.LIST_GONE: gettext_lazy("The list has been deleted in the meantime. Nothing was added."),
    FileFault.NAME_TAKEN: gettext_lazy(
        "Another list has been given this name in the meantime. Nothing was added: import into that list, or choose a new name."
    ),
    FileFault.BROKEN: gettext_lazy(
        "The import stopped several times. Nothing was added: try once more, and write to us if it stops again."
    ),
}
