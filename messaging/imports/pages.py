"""What the pages of imports say: about the file, about its rows, and which of them are refused and why."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.contacts import selectors as contacts_selectors
from messaging.contacts.faults import FAULTS
from messaging.encoding.numbers import NumberFault
from messaging.imports import columns, reading, selectors
from messaging.imports.columns import Plan
from messaging.imports.faults import SENTENCES, FileFault
from messaging.imports.files import Kind
from messaging.imports.models import ContactImport, Outcome
from portal.templatetags.formats import country_name, number

MOST_COUNTRIES: Final = 12
MOST_ROWS: Final = 20

CHARSETS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "latin-1": "ISO 8859-1",
}
SEPARATORS: Final[dict[str, str | Promise]] = {
    ";": gettext_lazy("semicolons"),
    ",": gettext_lazy("commas"),
    "\t": gettext_lazy("tabs"),
    "|": gettext_lazy("vertical bars"),
}


def file_facts(contact_import: ContactImport) -> dict[str, Any]:
    """How the file was understood, in words, and the list it goes into."""
    manner, sample = contact_import.manner, contact_import.sample
    if manner["kind"] == Kind.XLSX:
        written = _("Sheet “%(sheet)s”") % {"sheet": sample["sheet"]}
        others = sample["sheet_count"] - 1
        if others > 0:
            text = ngettext("%(count)s other sheet is not read", "%(count)s other sheets are not read", others)
            written = f"{written}; {text % {'count': number(others)}}"
    else:
        separator = SEPARATORS.get(manner["separator"], manner["separator"])
        written = _("Text in %(charset)s, separated by %(separator)s") % {
            "charset": CHARSETS[manner["charset"]],
            "separator": separator,
        }
    return {"written": written, "contact_list": reading.list_of(contact_import)}


def proposal(contact_import: ContactImport, region: str) -> Plan:
    """What the columns mean: as it was chosen, or as it looks."""
    if contact_import.plan:
        return Plan.of(contact_import.plan)
    guessed = columns.guess(contact_import.sample["head"], region=region)
    return guessed or Plan(number=-1, has_headings=False, region=region)


def report(contact_import: ContactImport) -> dict[str, Any]:
    """What saving does, or did, as the page shows it."""
    counted = contact_import.report
    if contact_import.fault:
        return {"fault": SENTENCES[FileFault(contact_import.fault)]}
    if not counted:
        return {}
    home = contacts_selectors.region(contact_import.account)
    shown = list(selectors.invalid(contact_import)[:MOST_ROWS])
    return {
        "report": counted,
        "saved_count": counted["new"] + counted["known"],
        "refused_count": counted["repeated"] + counted["invalid"],
        "faults": [(FAULTS[NumberFault(fault)], count) for fault, count in counted["faults"]],
        "countries": _countries(counted["countries"]),
        "foreign_count": sum(count for code, count in counted["countries"] if code != home),
        "invalid": [(row.row_number, row.written, FAULTS[NumberFault(row.fault)]) for row in shown],
        "more_invalid": counted["invalid"] - len(shown),
    }


def refused(contact_import: ContactImport) -> tuple[list[str], Iterator[Sequence[str]]]:
    """The heading and the rows of the file of what is refused: row, reason, then the row as it stood."""
    plan = proposal(contact_import, "")
    head = contact_import.sample["head"]
    headings = head[0][1] if plan.has_headings and head else []
    return [_("Row"), _("Reason"), *headings], _refused(contact_import, plan)


def _refused(contact_import: ContactImport, plan: Plan) -> Iterator[Sequence[str]]:
    for row in selectors.refused(contact_import).iterator(chunk_size=2_000):
        if row.outcome == Outcome.INVALID:
            yield [str(row.row_number), str(FAULTS[NumberFault(row.fault)]), *row.cells]
            continue
        texts = {plan.number: row.written, plan.name: row.name}
        texts |= {place: row.fields.get(name, "") for name, place in plan.fields.items()}
        cells = [texts.get(place, "") for place in range(1 + max(place for place in texts if place is not None))]
        yield [str(row.row_number), _("This number stands further up in the file already."), *cells]


def _countries(counted: list[tuple[str, int]]) -> list[tuple[str, int]]:
    named = [(country_name(code) if code else _("No country of its own"), count) for code, count in counted]
    rest = sum(count for _name, count in named[MOST_COUNTRIES:])
    return named[:MOST_COUNTRIES] + ([(_("Other countries"), rest)] if rest else [])
