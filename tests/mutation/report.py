"""Writes docs/mutation.md: how many mutants of each file the tests noticed, and why the others may live."""

import json
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE.parent.parent / "docs" / "mutation.md"
ALIVE: Final = ("survived", "untested")
NOT_TRIED: Final = "not tried"
LONGEST: Final = 200
HEAD: Final = """# Mutation testing

What the tests of `billing/credits` and `billing/ledger` notice: every small change of the code (a mutant) is put in, and
the tests that run the changed line are run. A mutant is killed when one of them fails or never ends. `make mutants`
does it again and writes this page; `ROOMS="billing/credits"` takes one room.

mutmut says what is changed how. It starts no tests here: it leaves out every decorated function, which in Saldo is every
verb, and would need a trampoline in each. `tests/mutation/` walks with mutmut's operators into these functions too, adds
some (a call or a `raise` is left out, a condition is turned round, least and most are exchanged), changes the SQL of the
rooms by rules of its own (each comparison, sign, order, lock and step), and tries each mutant in a fork of one warm
process with the database ready. Left out are migrations, admin, forms, tables, views, tasks, and what a class declares
(fields and constraints: each has a test of its own that breaks it, and a change would ask for a migration).
"""


def reasons() -> list[dict[str, str]]:
    """Why some mutants may live, the most particular first."""
    found: list[dict[str, str]] = tomllib.loads((HERE / "reasons.toml").read_text(encoding="utf-8"))["reason"]
    return found


def why(result: dict[str, Any], known: Iterable[dict[str, str]]) -> str:
    """The reason that is known for a mutant that lives; empty when there is none."""
    for reason in known:
        if re.search(reason["file"], result["file"]) and re.search(reason["change"], result["change"]):
            return reason["why"]
    return ""


def page(results: list[dict[str, Any]], *, commit: str, today: str) -> str:
    """The whole page."""
    known = reasons()
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        counts[result["file"]][result["outcome"]] += 1
    lines = [
        HEAD,
        f"Measured on {today} at commit `{commit}`, mutmut {version_of_mutmut()}, Python {sys.version.split()[0]}.",
        "",
    ]
    if any(count[NOT_TRIED] for count in counts.values()):
        lines += [
            "This run was ended before every mutant had its turn. What is not tried counts neither as killed nor as alive, so",
            "the shares say nothing of it: some of these lived in an earlier pass, and tests were written against them since.",
            "A complete run (`make mutants`, on a machine with nothing else to do) replaces this page.",
            "",
        ]
    lines += ["| file | tried | killed | alive | killed, % | not tried |", "|---|---:|---:|---:|---:|---:|"]
    rooms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file, count in sorted(counts.items()):
        lines.append(_row(f"`{file}`", count))
        rooms["/".join(file.split("/")[:2])] += count
    lines += [_row(f"**{room}**", count) for room, count in sorted(rooms.items())]
    lines += ["", "## What lives, and why it may", ""]
    alive = [result for result in results if result["outcome"] in ALIVE]
    for file in sorted({result["file"] for result in alive}):
        lines += [f"### `{file}`", "", "| where | change | why it may live |", "|---|---|---|"]
        for result in (each for each in alive if each["file"] == file):
            place = f"{result['line']} `{result['qualname'].lstrip('=')}`"
            lines.append(f"| {place} | {_cell(result['change'])} | {why(result, known) or '**not looked at yet**'} |")
        lines.append("")
    return "\n".join(lines)


def _row(name: str, count: Counter[str]) -> str:
    alive = sum(count[outcome] for outcome in ALIVE)
    killed = count["killed"] + count["timeout"]
    share = f"{100 * killed / (killed + alive):.1f}" if killed + alive else ""
    return f"| {name} | {killed + alive} | {killed} | {alive} | {share} | {count[NOT_TRIED]} |"


def _cell(change: str) -> str:
    old, _, new = change.partition(" → ")
    return f"`{_short(old)}` → `{_short(new)}`".replace("|", "\\|")


def _short(code: str) -> str:
    code = code.replace("`", "'") or "nothing"
    return code if len(code) <= LONGEST else f"{code[:LONGEST]}…"


def version_of_mutmut() -> str:
    """The version that requirements.txt names."""
    pins = (HERE / "requirements.txt").read_text(encoding="utf-8")
    return next(line.partition("==")[2] for line in pins.splitlines() if line.startswith("mutmut"))


def main(mutants: Path, results: Path) -> None:
    """Write the page from the results of the mutants that there are."""
    wanted = {_key(each): each for each in map(json.loads, mutants.read_text(encoding="utf-8").splitlines())}
    latest = {_key(each): each for each in map(json.loads, results.read_text(encoding="utf-8").splitlines())}
    tried = [latest.get(key) or each | {"outcome": NOT_TRIED} for key, each in wanted.items()]
    found = [each for each in tried if each["outcome"] != "invalid"]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    PAGE.write_text(
        page(found, commit=commit.stdout.strip(), today=f"{datetime.now(tz=UTC):%-d %B %Y}"), encoding="utf-8"
    )


def _key(mutant: dict[str, Any]) -> tuple[str, str, str]:
    return mutant["file"], mutant["qualname"], mutant["change"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
