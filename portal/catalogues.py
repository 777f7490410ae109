"""The catalogues of translations: extracted, updated, checked and compiled by Babel.

British English is the source language and needs none. Templates are read through Django's `templatize`, so that
`{% translate %}` and `{% blocktranslate %}` are found as Django itself would ask for them.
"""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

KEYWORDS: Final = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
WINGS: Final = ("portal", "billing", "messaging")
Forms = str | list[str] | tuple[str, ...] | None
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]")


def languages() -> list[str]:
    """The languages that have a catalogue: all but the source language."""
    return [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def path(language: str, ending: str = "po") -> Path:
    """Where the catalogue of `language` lies."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / f"django.{ending}"


def template() -> Catalog:
    """Extract everything translatable from code and templates."""
    catalog = Catalog(project="Saldo", charset="utf-8")
    for file, source in _sources():
        for _, message, comments, context in extract("python", BytesIO(source.encode()), KEYWORDS, ["Translators:"]):
            catalog.add(message, locations=[(str(file), 0)], auto_comments=comments, context=context)
    return catalog


def load(language: str) -> Catalog:
    """Read the catalogue of `language`, empty when there is none yet."""
    if not path(language).exists():
        return Catalog(
            locale=language,
            header_comment=f"# Saldo, {language}",
            project="Saldo",
            version="1",
            msgid_bugs_address=settings.SERVER_EMAIL,
            last_translator=settings.DEFAULT_FROM_EMAIL,
            language_team=language,
            charset="utf-8",
            fuzzy=False,
        )
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Bring the catalogue of `language` up to date: new messages untranslated, gone ones dropped, none guessed."""
    catalog, extracted = load(language), template()
    extracted.creation_date = catalog.creation_date
    catalog.update(extracted, no_fuzzy_matching=True)
    path(language).parent.mkdir(parents=True, exist_ok=True)
    with path(language).open("wb") as file:
        write_po(file, catalog, width=110, sort_by_file=True, ignore_obsolete=True, include_lineno=False)


def compile_catalogue(language: str) -> None:
    """Write the `.mo` that Django reads, unless it is newer than the catalogue."""
    source, target = path(language), path(language, "mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    partial = target.with_suffix(".partial")
    with partial.open("wb") as file:
        write_mo(file, load(language))
    partial.replace(target)


def faults(language: str) -> list[str]:
    """What is missing, fuzzy, left over or has other placeholders than its source, a line each."""
    catalog, found = load(language), []
    extracted = {(message.id, message.context): message for message in template() if message.id}
    for key, message in extracted.items():
        translated = catalog.get(*_key(message))
        if translated is None or not _is_whole(translated):
            found.append(f"{language}: not translated: {key[0]!r}")
        elif translated.fuzzy:
            found.append(f"{language}: fuzzy: {key[0]!r}")
        elif _placeholders(message.id) != _placeholders(translated.string):
            found.append(f"{language}: other placeholders: {key[0]!r}")
    known = {_key(message) for message in extracted.values()}
    found += [f"{language}: left over: {m.id!r}" for m in catalog if m.id and _key(m) not in known]
    return found


def _sources() -> Iterator[tuple[Path, str]]:
    """Every file that may hold messages, as Python source."""
    for wing in WINGS:
        for file in sorted((settings.BASE_DIR / wing).rglob("*.py")):
            if "migrations" not in file.parts:
                yield file.relative_to(settings.BASE_DIR), file.read_text(encoding="utf-8")
    for file in sorted((settings.BASE_DIR / "templates").rglob("*.*")):
        name = file.relative_to(settings.BASE_DIR)
        source = templatize(file.read_text(encoding="utf-8"), origin=str(name))
        # What is left of the markup is indented as markup is; Python's tokenizer minds that.
        yield name, "\n".join(line.strip() for line in source.splitlines())


def _key(message: Message) -> tuple[str, str | None]:
    single = message.id if isinstance(message.id, str) else message.id[0]
    return single, message.context


def _is_whole(message: Message) -> bool:
    return all(_forms(message.string))


def _placeholders(text: Forms) -> set[str]:
    return set(PLACEHOLDER.findall(" ".join(_forms(text))))


def _forms(text: Forms) -> Sequence[str]:
    """The singular and plural forms of a message; a single empty one where there is none."""
    return [text or ""] if isinstance(text, str) or text is None else text
