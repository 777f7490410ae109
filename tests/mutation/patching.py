"""Puts a mutant in the place of what it is a mutant of, in a process that has long imported everything."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, TypedDict

from django.db import connection

ROOT: Final = Path(__file__).resolve().parent.parent.parent
OURS: Final = ("billing", "messaging", "portal", "tests")


class Mutant(TypedDict):
    """One change: of a function ("Class.method"), of a name at the top of a module ("=NAME"), or of a file of SQL."""

    file: str
    module: str
    qualname: str
    is_sql: bool
    line: int
    change: str
    source: str


def put_in(mutant: Mutant) -> None:
    """Let this process run the mutant from now on. SQL is changed for everybody: `restore` it afterwards."""
    if not mutant["module"]:
        with connection.cursor() as cursor:
            cursor.execute(mutant["source"])
        return
    module = sys.modules[mutant["module"]]
    if mutant["qualname"].startswith("="):
        _replace_name(module, mutant["qualname"][1:], mutant["source"])
    else:
        _replace_code(module, mutant["qualname"], mutant["source"])


def restore(mutant: Mutant) -> None:
    """Bring the SQL back that the mutant has changed in the database."""
    if not mutant["module"]:
        with connection.cursor() as cursor:
            cursor.execute((ROOT / mutant["file"]).read_text(encoding="utf-8"))


def _replace_code(module: ModuleType, qualname: str, source: str) -> None:
    """Give the function, which everybody who imported it holds, another body; what decorates it stays."""
    function = _function(module, qualname)
    code = next(each for each in _codes(compile(source, module.__file__ or "", "exec")) if each.co_qualname == qualname)
    function.__code__ = code
    [node] = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.lineno <= _def_line(node, code) <= (node.end_lineno or 0)
    ][-1:]
    scope = vars(module)
    if node.args.defaults:
        function.__defaults__ = tuple(_value(default, scope) for default in node.args.defaults)
    if function.__kwdefaults__:
        function.__kwdefaults__ = {
            argument.arg: _value(default, scope)
            for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if default is not None
        }


def _def_line(node: ast.FunctionDef, code: CodeType) -> int:
    """A line within the function; its code begins with its first decorator, its node does not."""
    decorators = [decorator.lineno for decorator in node.decorator_list]
    return node.lineno if min([node.lineno, *decorators]) == code.co_firstlineno else -1


def _value(node: ast.expr, scope: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "default", "eval"), dict(scope))


def _function(module: ModuleType, qualname: str) -> FunctionType:
    holder: Any = module
    for name in qualname.split("."):
        holder = vars(holder)[name]
    while not (isinstance(holder, FunctionType) and holder.__code__.co_qualname == qualname):
        holder = holder.fget if isinstance(holder, property) else holder.__wrapped__
    return holder


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _replace_name(module: ModuleType, name: str, source: str) -> None:
    """Give the name another value in its module, and wherever it was imported by this name; what is made of it too."""
    scope, changed = dict(vars(module)), {name}
    before = dict(scope)
    for node in ast.parse(source).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or node.value is None:  # type: ignore[attr-defined]
            continue
        used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if used & changed:
            changed.add(target.id)
            exec(compile(ast.Module([node], []), module.__file__ or "", "exec"), scope)
    for each in list(sys.modules.values()):
        if each.__name__.startswith(OURS):
            for one in changed:
                if vars(each).get(one) is before[one]:
                    setattr(each, one, scope[one])
