"""What countries do with senders: loaded once, then changed by staff from a moment on (product 6.4, 11.4)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from messaging.senders import selectors
from messaging.senders.codes import Outcome, State
from messaging.senders.models import CountryRule, SenderName
from messaging.senders.passport import Bearer, Standing, judge
from messaging.senders.periods import Period, Terms, laid_over
from messaging.senders.rule_file import RuleRow
from portal.audit import services as audit
from portal.transactions import unit_of_work

# The table that comes with Saldo is older than Saldo: any message ever sent finds its rule.
_SUPPLIED_FROM: Final = datetime(2024, 1, 1, tzinfo=ZoneInfo(settings.TIME_ZONE))


class PeriodOver(Exception):
    """What was valid in the past is history: a change begins now or later, and ends after it begins."""


@unit_of_work
def load(*, rows: Iterable[RuleRow], actor_id: int | None, now: datetime) -> int:
    """Add the rules of countries that have none; give how many. What staff have changed stays as it is."""
    known = selectors.known_countries()
    fresh = [
        CountryRule(**_columns(row), country=row.country, calling_prefix=row.calling_prefix, valid_from=_SUPPLIED_FROM)
        for row in rows
        if row.country not in known
    ]
    if fresh:
        # Loaded twice at once the second finds each row there.
        CountryRule.objects.bulk_create(fresh, ignore_conflicts=True)
        audit.record(
            action="countries.loaded", actor_id=actor_id, after={"countries": [rule.country for rule in fresh]}, now=now
        )
    return len(fresh)


def planned(*, country: str, new: Period) -> list[Period]:
    """Give the country's periods as they would be with `new`, and write nothing."""
    return laid_over(selectors.periods_of(country), new)


def effect(*, country: str, before: Terms | None, after: Terms) -> list[tuple[Outcome, Outcome, int]]:
    """Count the approved senders for whom a change of the country's rule changes something: from what to what.

    The most first. Every approved sender of every customer is looked at, whether it ever wrote there or not.
    """
    number, found = selectors.portal_sender(), Counter[tuple[Outcome, Outcome]]()
    answers = selectors.standings_in(country)
    for pk, name in SenderName.objects.filter(state=State.APPROVED).values_list("pk", "name").iterator():
        bearer, standing = Bearer(name, number), answers.get(pk, Standing())
        one, other = (judge(bearer, each, standing, country_name="").outcome for each in (before, after))
        if one != other:
            found[one, other] += 1
    return [(one, other, count) for (one, other), count in found.most_common()]


@unit_of_work
def change(*, country: str, calling_prefix: str, new: Period, actor_id: int, now: datetime) -> bool:
    """Let a country's rule be `new.terms` from `new.valid_from` on; False where it is so already.

    Periods that had not begun give way, what had begun ends there. Raises `PeriodOver`.
    """
    if new.valid_from < now or (new.valid_until and new.valid_until <= new.valid_from):
        raise PeriodOver(country)
    rows = list(CountryRule.objects.select_for_update().filter(country=country).order_by("valid_from"))
    before = [selectors.period_of(row) for row in rows]
    after = laid_over(before, new)
    if before == after:
        return False
    _write(rows, after, country, calling_prefix)
    audit.record(
        action="country.changed",
        actor_id=actor_id,
        subject=f"country:{country}",
        before={"periods": [_told(each) for each in before]},
        after={"periods": [_told(each) for each in after]},
        now=now,
    )
    return True


def _write(rows: list[CountryRule], after: list[Period], country: str, calling_prefix: str) -> None:
    """Make the rows say `after`. None moves its beginning, so at no moment two overlap."""
    wanted = {(each.valid_from, each.terms): each for each in after}
    kept = {row.pk: wanted.pop((row.valid_from, selectors.period_of(row).terms), None) for row in rows}
    CountryRule.objects.filter(pk__in=[pk for pk, period in kept.items() if period is None]).delete()
    for row in rows:
        period = kept[row.pk]
        if period and row.valid_until != period.valid_until:
            CountryRule.objects.filter(pk=row.pk).update(valid_until=period.valid_until)
    CountryRule.objects.bulk_create(
        [
            CountryRule(
                **_columns(each.terms),
                country=country,
                calling_prefix=calling_prefix,
                valid_from=each.valid_from,
                valid_until=each.valid_until,
            )
            for each in wanted.values()
        ]
    )


def _columns(terms: Terms | RuleRow) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in ("alphanumeric", "numeric", "short_code", "relative_rate")}


def _told(period: Period) -> dict[str, Any]:
    until = period.valid_until.isoformat() if period.valid_until else None
    return {**asdict(period.terms), "from": period.valid_from.isoformat(), "until": until}
