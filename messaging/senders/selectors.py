"""Questions about sender names; the account comes first."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from messaging.senders.codes import Reception, RegistrationState, State
from messaging.senders.models import CountryRule, Registration, SenderName
from messaging.senders.passport import Bearer, PassportLine, Standing, judge
from messaging.senders.periods import Period, Terms
from portal.accounts.models import Account
from portal.periods import valid_at
from portal.templatetags import formats


def portal_sender() -> str:
    """The portal's own number in E.164: what telephones show where no name is chosen, and what can be replied to."""
    return str(settings.PORTAL_SENDER)


def names(account: Account) -> QuerySet[SenderName]:
    """Every name the account has requested, newest first."""
    return SenderName.objects.filter(account=account).order_by("-requested_at", "-pk")


def usable(account: Account) -> QuerySet[SenderName]:
    """The names the account may send under today, the default first."""
    return SenderName.objects.filter(account=account, state=State.APPROVED).order_by("-is_default", "name")


def default_of(account: Account) -> SenderName | None:
    """The name the account sends under unless told otherwise; None means the portal's own number."""
    return SenderName.objects.filter(account=account, is_default=True).first()


def waiting() -> QuerySet[SenderName]:
    """For the operator: the requests of all customers that wait for a review, oldest first."""
    return (
        SenderName.objects.filter(state=State.REQUESTED)
        .select_related("account", "account__parent", "requested_by")
        .order_by("requested_at", "pk")
    )


def all_names() -> QuerySet[SenderName]:
    """For the operator: every name of every customer, newest first."""
    return SenderName.objects.select_related("account", "account__parent", "requested_by", "reviewed_by").order_by(
        "-requested_at", "-pk"
    )


def near_twins(sender: SenderName) -> QuerySet[SenderName]:
    """For the operator: names of other customers that look the same to a hurried reader (product 6.2)."""
    return (
        SenderName.objects.filter(folded_name=sender.folded_name)
        .exclude(account=sender.account_id)
        .exclude(state=State.REFUSED)
        .select_related("account")
        .order_by("requested_at", "pk")
    )


def passport(
    *, account: Account, sender: SenderName | None, recipients: Mapping[str, int], at: datetime
) -> list[PassportLine]:
    """Say what telephones in each country will show, the most recipients first (product 6.5).

    `recipients` counts them by country (ISO 3166, "" where a number has none); `sender` None is the portal's own
    number. Rules are those valid at `at`; the name and its registrations are as they stand now. Two questions to the
    database, three with a sender.
    """
    bearer = _bearer(account, sender)
    rules = {rule.country: period_of(rule).terms for rule in rules_at(at)}
    standings = standings_of(sender) if sender else {}
    lines = []
    for country, recipient_count in recipients.items():
        standing = standings.get(country, Standing())
        verdict = judge(bearer, rules.get(country), standing, country_name=country_name(country))
        lines.append(
            PassportLine(
                country=country,
                recipient_count=recipient_count,
                outcome=verdict.outcome,
                shown_as=verdict.shown_as,
                may_send=verdict.may_send,
                why=verdict.why,
            )
        )
    return sorted(lines, key=lambda line: (-line.recipient_count, country_name(line.country)))


def may_use(*, account: Account, sender: SenderName | None, countries: Iterable[str], at: datetime) -> bool:
    """Whether the account may send under `sender` to each of `countries` now: what is asked again at a launch.

    The sender is read anew, so one that was withdrawn a moment ago is refused, also without any country.
    """
    if _bearer(account, sender).standing:
        return False
    lines = passport(account=account, sender=sender, recipients=dict.fromkeys(countries, 1), at=at)
    return all(line.may_send for line in lines)


def standings_of(sender: SenderName) -> dict[str, Standing]:
    """How a sender stands with the register of each country in which it was ever to be registered."""
    standings: dict[str, Standing] = {}
    rows = Registration.objects.filter(sender=sender).order_by("pk").values_list("country", "state")
    for country, state in rows:
        is_answer = state in {RegistrationState.APPROVED, RegistrationState.REFUSED}
        answer = state if is_answer else standings.get(country, Standing()).answer
        standings[country] = Standing(newest=state, answer=answer)
    return standings


def country_name(country: str) -> str:
    """What a country (ISO 3166) is called in the active language."""
    return str(formats.locale().territories.get(country, country)) if country else _("numbers of no country")


def rules_at(at: datetime) -> QuerySet[CountryRule]:
    """What each country does with senders at `at`."""
    return CountryRule.objects.filter(valid_at(at))


def periods_of(country: str) -> list[Period]:
    """Every period of a country, oldest first."""
    return [period_of(rule) for rule in CountryRule.objects.filter(country=country).order_by("valid_from")]


def period_of(rule: CountryRule) -> Period:
    """The row as a period with its terms."""
    terms = Terms(Reception(rule.alphanumeric), Reception(rule.numeric), Reception(rule.short_code), rule.relative_rate)
    return Period(terms, rule.valid_from, rule.valid_until)


def _bearer(account: Account, sender: SenderName | None) -> Bearer:
    number = portal_sender()
    if sender is None:
        return Bearer(number, number, is_own=False)
    state = SenderName.objects.filter(account=account, pk=sender.pk).values_list("state", flat=True).first()
    standing = "" if state == State.APPROVED else _("This sender is not approved. Choose another one.")
    return Bearer(sender.name, number, standing=standing)
