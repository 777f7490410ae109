"""Columns whose type carries its own rule: a domain of PostgreSQL.

The rule of a domain is read once a connection; that of a table is read anew by each statement, and cost a third of a
transfer (`docs/decisions/rules-of-single-columns-are-domains.md`). What relates two columns stays a constraint of the
table.
"""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable


class CounterField(models.BigIntegerField[int | Combinable, int]):
    """Units added up, from zero: `a_counter_is_never_negative`."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The domain of counters."""
        return "ledger_counter"


class AmountField(models.BigIntegerField[int | Combinable, int]):
    """Units that move, more than none: `a_transfer_moves_something`."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The domain of amounts."""
        return "ledger_amount"


class CodeField(models.CharField[str | Combinable, str]):
    """One of the codes of a domain, which holds the same list as the field's choices: `an_account_has_a_known_kind`,
    `a_transfer_has_a_known_reason`, `a_transfer_has_a_known_phase`.
    """

    def __init__(self, *args: Any, domain: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.domain = domain

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """As any field, and the domain."""
        name, path, args, options = super().deconstruct()
        return name, path, list(args), {**options, "domain": self.domain}

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The domain named when the field was made."""
        return self.domain
