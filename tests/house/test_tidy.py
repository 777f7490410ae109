"""The house keeps itself small: functions, files and templates within bounds, and nothing where it does not belong."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.fields.related import RelatedField

ROOT = Path(settings.BASE_DIR)
WINGS = ("portal", "billing", "messaging")
MOST_LINES_IN_A_FUNCTION = 40
MOST_LINES_IN_A_FILE = 300
MOST_LINES_IN_A_TEMPLATE = 150
# One file by decision: what differs between machines is read in one place.
LONG_BY_DECISION = {"portal/settings.py"}
OUR_LABELS = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in WINGS}


def _sources() -> Iterator[tuple[str, str, ast.Module]]:
    for wing in WINGS:
        for file in sorted((ROOT / wing).rglob("*.py")):
            if "migrations" not in file.parts:
                text = file.read_text(encoding="utf-8")
                yield str(file.relative_to(ROOT)), text, ast.parse(text)


@cache
def sources() -> list[tuple[str, str, ast.Module]]:
    """Every Python file of the wings, migrations left out: name, text, syntax tree."""
    return list(_sources())


TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OUR_LABELS]


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for name, _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MOST_LINES_IN_A_FUNCTION
    ]
    assert long == []


def test_no_file_has_grown_two_jobs() -> None:
    long = [
        f"{name} has {text.count(chr(10))} lines"
        for name, text, _ in sources()
        if text.count("\n") > MOST_LINES_IN_A_FILE and name not in LONG_BY_DECISION
    ]
    assert long == []


def test_no_template_is_longer_than_two_screens() -> None:
    long = [
        str(template.relative_to(ROOT))
        for template in TEMPLATES
        if template.read_text(encoding="utf-8").count("\n") > MOST_LINES_IN_A_TEMPLATE
    ]
    assert long == []


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{name}:{inner.lineno}"
        for name, _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_amount_is_a_float() -> None:
    floats = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
    ]
    assert floats == []


def test_no_moment_is_naive() -> None:
    forbidden = re.compile(r"datetime\.now\(\)|utcnow\(|date\.today\(|utcfromtimestamp\(")
    found = [name for name, text, _ in sources() if forbidden.search(text)]
    assert found == []


def test_nothing_reacts_to_a_model_being_saved() -> None:
    forbidden = re.compile(r"\b(pre|post)_(save|delete)\b|\bm2m_changed\b")
    assert [name for name, text, _ in sources() if forbidden.search(text)] == []


def test_services_know_no_pages_and_no_queue() -> None:
    forbidden = re.compile(r"django\.http|django\.shortcuts|\.delay\(|apply_async|import.*\btasks\b")
    found = [name for name, text, _ in sources() if name.endswith("services.py") and forbidden.search(text)]
    assert found == []


def test_every_reference_to_another_room_protects_it_or_says_why() -> None:
    cascading = [
        f"{model._meta.label}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if isinstance(field, RelatedField)
        and field.concrete
        and not field.many_to_many
        and field.remote_field.on_delete is not models.PROTECT
        and field.related_model._meta.app_label != model._meta.app_label
    ]
    assert cascading == []


def test_what_is_public_is_documented() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, _, tree in sources()
        if name.rsplit("/", 1)[-1] in {"services.py", "selectors.py", "amounts.py", "quote.py", "vat.py", "segments.py"}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_nothing_is_left_behind() -> None:
    marks = re.compile(r"TO" + r"DO|FIX" + r"ME|XX" + r"X\b|NotImplementedError|breakpoint\(|\bprint\(")
    assert [name for name, text, _ in sources() if marks.search(text) and "/commands/" not in name] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_inline(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    if "/email/" in str(template) or template.name.endswith((".txt", ".subject")):
        return
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|\shx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


def test_every_template_is_used() -> None:
    everything = "\n".join(text for _, text, _ in sources()) + "\n".join(
        template.read_text(encoding="utf-8") for template in TEMPLATES
    )
    unused = [
        name
        for name in (str(template.relative_to(ROOT / "templates")) for template in TEMPLATES)
        if not name.startswith(("account/", "allauth/", "mfa/", "usersessions/", "django/", "admin/", "email/"))
        and name not in {"400.html", "403.html", "404.html", "500.html", "503.html", "429.html"}
        and name not in everything
        and name.rsplit("/", 1)[-1] not in everything
    ]
    assert unused == []


def test_every_decision_is_listed_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"^- \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    pages = {file for file in folder.glob("*.md") if file.name != "README.md"}
    titles = {(page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# "), page.name) for page in pages}
    assert listed == titles
