"""`make faults`: every fault in the middle of a campaign, several times, and the table in `docs/reliability.md`.

`python -m tests.faults.run --only beat --seeds 1 --messages 1000 --no-page` tries one of them quickly. PostgreSQL and
Redis are started for it and are its own to stop; they wait for the disk, as in production.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import django

from portal.services_embedded import Services

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"


def main(words: Sequence[str]) -> int:
    """Run the faults; 0 when every book agreed and every campaign went on within a minute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md alone")
    given = parser.parse_args(words)
    runs = ROOT / "var" / "faults"
    runs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=runs))
    with Services(folder / "services", disposable=True, environ={}) as services:
        os.environ.update(services.environment(), SALDO_MODE="test", DJANGO_SETTINGS_MODULE="portal.settings")
        os.environ["DATA_DIR"] = str(folder / "data")
        django.setup()
        from tests.faults import play  # needs Django

        table = play.all_of_it(
            folder,
            services,
            messages=given.messages,
            seeds=given.seeds,
            only=given.only,
            say=_say,
            write=_nowhere if given.no_page else write,
        )
    if table.is_good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"The logs are in {folder}")
    return 0 if table.is_good else 1


def write(row: Sequence[str]) -> None:
    """Put the row into the page, in place of the one of the same fault."""
    page, line = PAGE.read_text(), f"| {' | '.join(row)} |"
    page, count = re.subn(rf"^\| {re.escape(row[0])} \|.*$", line.replace("\\", r"\\"), page, flags=re.MULTILINE)
    if not count:
        page = page.replace("\n<!-- end of the table -->", f"\n{line}\n<!-- end of the table -->")
    PAGE.write_text(page)


def _nowhere(row: Sequence[str]) -> None:
    _say(" | ".join(row))


def _say(sentence: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
