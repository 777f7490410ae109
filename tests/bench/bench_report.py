"""A report of delivery receipts from PostgreSQL to `.xlsx`, in a process of its own so that its memory is its own.

100,000 rows, or a million with SALDO_FULL=1.
"""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from messaging.campaigns.models import Campaign
from messaging.delivery.codes import State
from messaging.delivery.models import Message
from portal.accounts.models import Account
from tests.bench.bench_history import FILL
from tests.bench.page import record
from tests.conftest import Grant
from tests.portal.reports.conftest import Launch, Report, launch, report  # noqa: F401

COUNT = 1_000_000 if os.environ.get("SALDO_FULL") else 100_000
MOST_SECONDS, MOST_MB = 12, 96


# What the process does: write the report with this key, and say what it took.
PROGRAM = """
import django, json, sys, time
django.setup()
from datetime import UTC, datetime
from pathlib import Path
from django.db import connections
from portal.reports import receipts
from portal.reports.models import ReportRequest
from tests.bench.memory import peak_megabytes
name, key, path = sys.argv[1:]
connections["default"].settings_dict["NAME"] = name
report = ReportRequest.objects.select_related("account", "requested_by").get(pk=key)
before = peak_megabytes()
started = time.process_time()
totals = receipts.write(report, Path(path), made_at=datetime.now(UTC), progress=lambda done, rows: None)
spent = time.process_time() - started
print(json.dumps([spent, before, peak_megabytes(), totals.row_count]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_million_rows_take_seconds_and_little_memory(
    acme: Account,
    grant: Grant,
    launch: Launch,  # noqa: F811
    report: Report,  # noqa: F811
    now: datetime,
    tmp_path: Path,
) -> None:
    grant(acme, "1000")
    for each in range(10):
        launch(acme, [State.DELIVERED], at=now + timedelta(hours=each), text=f"I saldi iniziano domani: {each}")
    Message.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"account": acme.pk, "each": COUNT // Campaign.objects.count()})
        cursor.execute("ANALYZE delivery_message")
    asked = report(acme)
    path = tmp_path / "report.xlsx"
    arguments = [sys.executable, "-c", PROGRAM, str(connection.settings_dict["NAME"]), str(asked.pk), str(path)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    done = subprocess.run(
        arguments, env=environment, cwd=settings.BASE_DIR, check=True, capture_output=True, timeout=600
    )
    seconds, before, megabytes, rows = json.loads(done.stdout)
    record(
        "A report of delivery receipts",
        "From PostgreSQL to .xlsx: 14 columns, a cover with the control total, a sheet of campaigns. Seconds of the "
        "processor; the memory of a process that has loaded Saldo and done nothing, and the most it has while it writes.",
        ["rows", "seconds", "MB before", "MB at most", "file in MB"],
        [[f"{rows:,}", f"{seconds:.1f}", f"{before:.0f}", f"{megabytes:.0f}", f"{path.stat().st_size / 1e6:.0f}"]],
    )
    assert rows == COUNT
    assert seconds <= MOST_SECONDS * COUNT / 1_000_000 + 1
    assert megabytes - before <= MOST_MB
