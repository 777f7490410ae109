"""The page of what was measured: each benchmark writes its own section of `docs/benchmarks.md`."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from django.db import connection

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def record(title: str, method: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Put a table under `## title` in the page, in place of the one of the last run, and print it.

    `method` is a sentence or two: what was measured and how, medians of what.
    """
    lines = [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]
    section = "\n".join([f"## {title}", "", method, "", *lines, "", f"*{_where()}*", ""])
    page = PAGE.read_text()
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    page = page.replace(found[0], section + "\n") if found else page.rstrip() + "\n\n" + section
    PAGE.write_text(page.rstrip() + "\n")
    sys.stdout.write(f"\n{section}")


def _where() -> str:
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else None
    name = cpu[1] if cpu else platform.machine()
    connection.ensure_connection()
    postgresql = connection.connection.info.server_version
    return (
        f"{date.today():%d %B %Y}, {os.cpu_count()} cores, {name}, Python {platform.python_version()}, "  # noqa: DTZ011
        f"PostgreSQL {postgresql // 10000}.{postgresql % 10000}"
    )
