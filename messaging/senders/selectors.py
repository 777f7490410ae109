"""Questions about sender names; the account comes first."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, TypeVar

from django.conf import settings
from django.db.models import Count, Min, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from messaging.senders import rules
from messaging.senders.codes import Outcome, Reception, RegistrationState, State
from messaging.senders.models import CountryRule, Decision, Registration, SenderName
from messaging.senders.passport import Bearer, PassportLine, Standing, judge
from messaging.senders.periods import Period, Terms
from portal.accounts.models import Account, BillingDetails, User
from portal.periods import valid_at
from portal.templatetags import formats

Key = TypeVar("Key", str, int)

ALIAS_COUNTRY: Final = "IT"
"""Italy: the register of aliases (AGCOM) wants to know the company behind every name."""


_OUTLOOK: Final = (
    Outcome.REFUSED,
    Outcome.NEEDS_REGISTRATION,
    Outcome.REGISTERED,
    Outcome.KEPT,
    Outcome.REPLACED,
    Outcome.UNKNOWN,
)


def portal_sender() -> str:
    """The portal's own number in E.164: what telephones show where no name is chosen, and what can be replied to."""
    return str(settings.PORTAL_SENDER)


def names(account: Account) -> QuerySet[SenderName]:
    """Every name the account has requested, newest first."""
    return SenderName.objects.filter(account=account).order_by("-requested_at", "-pk")


def names_with_registrations(account: Account) -> QuerySet[SenderName]:
    """The same, each with its registrations, oldest first, in one more question."""
    return names(account).prefetch_related(Prefetch("registrations", Registration.objects.order_by("pk")))


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


def waiting_counts() -> tuple[int, int]:
    """For the operator: how many names wait for a review, and how many registrations to be forwarded, in one question."""
    found = SenderName.objects.aggregate(
        names=Count("pk", filter=Q(state=State.REQUESTED), distinct=True),
        registrations=Count("registrations", filter=Q(registrations__state=RegistrationState.REQUESTED), distinct=True),
    )
    return found["names"], found["registrations"]


def all_names() -> QuerySet[SenderName]:
    """For the operator: every name of every customer, newest first."""
    return SenderName.objects.select_related("account", "account__parent", "requested_by", "reviewed_by").order_by(
        "-requested_at", "-pk"
    )


def near_twins(sender: SenderName) -> list[SenderName]:
    """For the operator: names of other customers that somebody could take for this one, the nearest first.

    Never for a customer: it would tell them who the others are (product 6.2). Sub-accounts are their customer.
    """
    if sender.is_number:
        return []
    others = (
        SenderName.objects.filter(state__in=[State.REQUESTED, State.APPROVED])
        .exclude(Q(account=sender.account.customer_id) | Q(account__parent=sender.account.customer_id))
        .select_related("account", "account__parent")
        .order_by("requested_at", "pk")
    )
    near = [(rules.nearness(sender.name, other.name), other) for other in others.iterator()]
    order = list(rules.Nearness)
    return [
        other
        for how, other in sorted(((how, each) for how, each in near if how), key=lambda pair: order.index(pair[0]))
    ]


def outlook(sender: SenderName, at: datetime) -> list[tuple[Outcome, list[str]]]:
    """What happens to the sender everywhere, were it approved: each outcome with the names of its countries.

    What asks for something comes first.
    """
    bearer, standings = Bearer(sender.name, portal_sender()), standings_of(sender)
    found: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    for rule in rules_at(at):
        standing, name = standings.get(rule.country, Standing()), country_name(rule.country)
        found[judge(bearer, period_of(rule).terms, standing, country_name=name).outcome].append(name)
    return [(outcome, sorted(found[outcome])) for outcome in _OUTLOOK if found[outcome]]


def registrable(sender: SenderName, at: datetime) -> list[str]:
    """The countries (ISO 3166) in whose register the sender can be entered at `at`, whether it is there already or not."""
    asks = Q(numeric=Reception.REGISTRATION) if sender.is_number else Q(alphanumeric=Reception.REGISTRATION)
    countries = set(rules_at(at).filter(asks).values_list("country", flat=True))
    # Italy keeps a register of aliases, whatever its networks do with a name that is not in it.
    return sorted(countries if sender.is_number else countries | {ALIAS_COUNTRY})


def open_to(sender: SenderName, at: datetime) -> list[str]:
    """The countries in whose register the sender can be entered and is not, nor is to be."""
    if sender.state not in {State.REQUESTED, State.APPROVED}:
        return []
    taken = set(sender.registrations.filter(state__in=RegistrationState.alive()).values_list("country", flat=True))
    return [country for country in registrable(sender, at) if country not in taken]


def registrations(sender: SenderName) -> list[Registration]:
    """The newest registration of the sender in each country, by the country's name."""
    newest = sender.registrations.select_related("alias_entry").order_by("country", "-pk").distinct("country")
    return sorted(newest, key=lambda each: country_name(each.country))


def story(sender: SenderName) -> QuerySet[Decision]:
    """Every step of the name and of its registrations, the newest first."""
    return sender.decisions.select_related("decided_by").order_by("-decided_at", "-pk")


def waiting_registrations() -> QuerySet[Registration]:
    """For the operator: registrations of all customers that wait for us or for a register, oldest first."""
    return (
        Registration.objects.filter(state__in=[RegistrationState.REQUESTED, RegistrationState.FORWARDED])
        .select_related("sender__account__parent")
        .order_by("requested_at", "pk")
    )


def billing_country(account: Account) -> str:
    """The country (ISO 3166) of the customer's billing details; Italy's own where there are none."""
    country = BillingDetails.objects.filter(account=account.customer_id).values_list("country", flat=True).first()
    return country or ALIAS_COUNTRY


def alias_proposal(account: Account, person: User) -> dict[str, str]:
    """What the billing details (a sub-account's customer's) and the person already say of an alias entry."""
    details = BillingDetails.objects.filter(account=account.customer_id).first()
    about = {"company": details.name, "vat_number": details.vat_number, "pec": details.pec} if details else {}
    contact = {"contact_name": person.get_full_name(), "contact_email": person.email, "contact_phone": person.phone}
    return {**about, **contact}


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
    return _standings(Registration.objects.filter(sender=sender).values_list("country", "state"))


def standings_in(country: str) -> dict[int, Standing]:
    """How every sender (by primary key) stands with the register of one country."""
    return _standings(Registration.objects.filter(country=country).values_list("sender_id", "state"))


def country_name(country: str) -> str:
    """What a country (ISO 3166) is called in the active language."""
    return formats.country_name(country) if country else _("numbers of no country")


def rules_at(at: datetime) -> QuerySet[CountryRule]:
    """What each country does with senders at `at`."""
    return CountryRule.objects.filter(valid_at(at))


def known_countries() -> set[str]:
    """The countries that have a rule, in the past, now or to come."""
    return set(CountryRule.objects.values_list("country", flat=True))


def next_changes(at: datetime) -> dict[str, datetime]:
    """When each country's next period begins, for those that have one to come."""
    coming = CountryRule.objects.filter(valid_from__gt=at).order_by()
    return dict(coming.values("country").annotate(first=Min("valid_from")).values_list("country", "first"))


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


def _standings(rows: QuerySet[Registration, tuple[Key, str]]) -> dict[Key, Standing]:
    standings: dict[Key, Standing] = {}
    for key, state in rows.order_by("pk"):
        is_answer = state in {RegistrationState.APPROVED, RegistrationState.REFUSED}
        answer = state if is_answer else standings.get(key, Standing()).answer
        standings[key] = Standing(newest=state, answer=answer)
    return standings
