"""Every fault on a stage of its own, with one customer whose wallet pays for all of it."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

from billing.amounts import to_units
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.models import Account, User
from portal.services_embedded import Services
from tests.faults import reckoning
from tests.faults.reckoning import Found
from tests.faults.stage import FAULTS, MOST_UNKNOWN, PARTS, Stage, wait_until

_LONGEST_TO_RESUME = 60.0
_RECEIPTS_AFTER_SECONDS = 0.1


@dataclass(slots=True)
class Table:
    """How many rows there are, a fault each and the worst of its runs; good when all books agreed."""

    row_count: int = 0
    is_good: bool = True


def all_of_it(
    folder: Path,
    services: Services,
    *,
    messages: int,
    seeds: int,
    only: str,
    say: Callable[[str], None],
    write: Callable[[list[str]], None],
) -> Table:
    """Play the faults whose name contains `only`, each with `seeds` random moments, and write a row of each."""
    account, actor_id = _customer(messages * seeds * len(FAULTS))
    table = Table()
    first = 0
    for name in [each for each in FAULTS if only in each]:
        runs: list[Found] = []
        for seed in range(1, seeds + 1):
            stage = Stage(
                folder / f"{table.row_count}-{seed}",
                services.environment(),
                postgres=services.postgres,
                redis=services.redis,
                web_port=_free_port(),
            )
            runs.append(_one(stage, name, account, actor_id, messages, first, seed))
            first += messages
            say(f"{name}, seed {seed}: {runs[-1]}")
        allowed = MOST_UNKNOWN.get(name, 0)
        unknown, resumed = max(run.unknown_count for run in runs), max(run.resumed_seconds for run in runs)
        faults = sorted({fault for run in runs for fault in run.faults})
        table.is_good &= not faults and unknown <= allowed and resumed < _LONGEST_TO_RESUME
        table.row_count += 1
        write(_row(name, runs, messages, allowed, faults))
    return table


def _row(name: str, runs: list[Found], messages: int, allowed: int, faults: list[str]) -> list[str]:
    return [
        name,
        f"{len(runs)} × {messages:,}",
        str(sum(run.lost_count for run in runs)),
        str(sum(run.twice_count for run in runs)),
        f"{max(run.unknown_count for run in runs)} (at most {allowed})",
        f"{max(run.resumed_seconds for run in runs):.1f} s",
        "; ".join(faults) or "agree",
    ]


def _one(stage: Stage, name: str, account: Account, actor_id: int, messages: int, first: int, seed: int) -> Found:
    with_web = "web" in name or "deploy" in name
    try:
        stage.start_smsc(receipts=_RECEIPTS_AFTER_SECONDS)
        stage.start(*PARTS, *(["web"] if with_web else []))
        if with_web:
            wait_until(stage.web_answers)
        campaign = reckoning.launched(account, actor_id, messages, first)
        return reckoning.run(stage, campaign, messages, FAULTS[name], seed)
    finally:
        stage.end()
        stage.flush_redis()


def _customer(most_messages: int) -> tuple[Account, int]:
    call_command("migrate", verbosity=0)
    call_command("load_prices", verbosity=0)
    operator = Account.objects.create(name="Saldo", is_operator=True)
    credits.open_wallet(account=operator)
    account = Account.objects.create(name="Acme")
    person = User.objects.create_user("alice@acme.example", None, first_name="Alice", last_name="Cast")
    wallet = credits.open_wallet(account=account)
    credits.grant(
        wallet=wallet,
        amount=to_units(Decimal(2 * most_messages)),
        terms=credits.Terms(Decimal("4.2")),
        cause=Cause(TransferCode.PURCHASE, "faults:grant", "faults"),
        now=timezone.now(),
    )
    reckoning.open_route()
    return account, person.pk


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
