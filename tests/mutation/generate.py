"""Writes the mutants of some rooms as lines of JSON, one mutant a line. Runs with mutmut's own Python, not Saldo's.

mutmut says what is changed how; it would leave out every decorated function, which here is every verb and every
property, so the walk is told not to. Three operators are added (a statement that is only called for its effect is
left out, a `raise` is left out, a condition is turned round), and the SQL that stands in the rooms is changed too.
"""

import ast
import difflib
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

sys.path.insert(0, str(Path(__file__).parent))
from sql_text import mutated_sql  # type: ignore[import-not-found]

LEFT_OUT = {"admin", "apps", "urls", "__init__", "tables", "forms", "views", "tasks", "signals", "codes"}
EXCHANGED = {"min": "max", "max": "min"}
IS_SQL = re.compile(r"\b(SELECT|UPDATE)\b")


def without_effect(node: cst.Expr | cst.AugAssign) -> Iterable[cst.Pass]:
    """Leave out what is called for its effect only. A string by itself is documentation."""
    if isinstance(node, cst.AugAssign) or isinstance(node.value, cst.Call):
        yield cst.Pass()


def without_raise(node: cst.Raise) -> Iterable[cst.Pass]:
    """Let what is refused pass."""
    yield cst.Pass()


def turned(node: cst.If) -> Iterable[cst.If]:
    """Turn the condition round."""
    test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), test), whitespace_before_test=cst.SimpleWhitespace(" "))


def exchanged(node: cst.Call) -> Iterable[cst.Call]:
    """Take the least for the most."""
    if isinstance(node.func, cst.Name) and node.func.value in EXCHANGED:
        yield node.with_changes(func=cst.Name(EXCHANGED[node.func.value]))


OPERATORS = [
    *mutation_operators,
    (cst.Expr, without_effect),
    (cst.AugAssign, without_effect),
    (cst.Raise, without_raise),
    (cst.If, turned),
    (cst.Call, exchanged),
]


class Walk(MutationVisitor):  # type: ignore[misc]
    """mutmut's walk, into decorated functions too, though not into the decorators."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return False
        if isinstance(node, cst.Decorator | cst.Import | cst.ImportFrom):
            return True
        return bool(super()._skip_node_and_children(node))


def mutants(file: Path) -> Iterator[dict[str, object]]:
    """The mutants of one Python file: of its functions, and of the values its names have at the top."""
    code = file.read_text(encoding="utf-8")
    wrapper = cst.metadata.MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
    walk = Walk(OPERATORS, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(walk)
    seen = {ast.dump(ast.parse(code))}
    for mutation in walk.mutations:
        changed = module.deep_replace(mutation.original_node, mutation.mutated_node)
        yield from _mutant(file, code, changed.code, seen)
    for name, text in _sql_of(code):
        for sql in mutated_sql(text):
            yield from _mutant(file, code, code.replace(text, sql, 1), seen, sql_of=name)


def _mutant(file: Path, code: str, changed: str, seen: set[str], sql_of: str = "") -> Iterator[dict[str, object]]:
    try:
        shape = ast.dump(ast.parse(changed))
    except SyntaxError:
        return
    if shape in seen:
        return
    seen.add(shape)
    where = _where(code, changed)
    if where is None:
        return
    qualname, line = where
    yield {
        "file": str(file),
        "module": ".".join(file.with_suffix("").parts),
        "qualname": qualname,
        "is_sql": bool(sql_of),
        "line": line,
        "change": change_of(code, changed),
        "source": changed,
    }


def _where(code: str, changed: str) -> tuple[str, int] | None:
    """The function (or the name at the top of the module) that differs, and the line; None for a class's own body."""
    before, after = ast.parse(code).body, ast.parse(changed).body
    for old, new in zip(before, after, strict=True):
        if ast.dump(old) == ast.dump(new):
            continue
        line = _first_line(code, changed)
        if isinstance(old, ast.FunctionDef):
            return old.name, line
        if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
            for inner, other in zip(old.body, new.body, strict=True):
                if ast.dump(inner) != ast.dump(other):
                    return (f"{old.name}.{inner.name}", line) if isinstance(inner, ast.FunctionDef) else None
        target = old.targets[0] if isinstance(old, ast.Assign) else getattr(old, "target", None)
        if isinstance(target, ast.Name) and target.id != "__all__":
            return f"={target.id}", line
    return None


def _first_line(code: str, changed: str) -> int:
    pairs = zip(code.splitlines(), changed.splitlines(), strict=False)
    return next((number for number, (a, b) in enumerate(pairs, 1) if a != b), 1)


def change_of(code: str, changed: str) -> str:
    """Return what was removed and what came, as "old → new": the key by which a mutant is known again."""
    diff = list(difflib.ndiff(code.splitlines(), changed.splitlines()))
    old = " ".join(line[2:].strip() for line in diff if line.startswith("- "))
    new = " ".join(line[2:].strip() for line in diff if line.startswith("+ "))
    return f"{old} → {new}"


def _sql_of(code: str) -> Iterator[tuple[str, str]]:
    """The SQL that a module keeps in names of its own."""
    for node in ast.parse(code).body:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and IS_SQL.search(value.value):
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name):
                yield target.id, value.value


def of_sql_file(file: Path) -> Iterator[dict[str, object]]:
    """The mutants of a file of SQL."""
    code = file.read_text(encoding="utf-8")
    for changed in mutated_sql(code):
        yield {
            "file": str(file),
            "module": "",
            "qualname": file.name,
            "is_sql": True,
            "line": _first_line(code, changed),
            "change": change_of(code, changed),
            "source": changed,
        }


def of_folder(folder: Path) -> Iterator[dict[str, object]]:
    """The mutants of a room."""
    for file in sorted(folder.glob("*.py")):
        if file.stem not in LEFT_OUT:
            yield from mutants(file)
    for file in sorted(folder.glob("sql/*.sql")):
        yield from of_sql_file(file)


def main(folders: list[str]) -> None:
    """Print the mutants of `folders`; of two that read alike in one place the second is numbered."""
    times: Counter[tuple[object, ...]] = Counter()
    for mutant in itertools.chain.from_iterable(of_folder(Path(folder)) for folder in folders):
        key = (mutant["file"], mutant["qualname"], mutant["change"])
        times[key] += 1
        if times[key] > 1:
            mutant["change"] = f"{mutant['change']} ({times[key]})"
        sys.stdout.write(json.dumps(mutant) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
