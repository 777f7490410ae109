"""What the notices of runway alerts say, in the active language and time zone."""

from dataclasses import dataclass
from typing import Final

from babel.dates import format_datetime
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.alerts.codes import Kind
from messaging.alerts.models import Notice
from messaging.alerts.runway import hour_of
from portal.templatetags import formats

# Weekdays are written without letters that the GSM alphabet lacks in each of our languages, months are not ("août").
SHORT_MOMENT: Final = "EEE dd/MM HH:mm"


@dataclass(frozen=True, slots=True)
class Words:
    """The subject of an e-mail, and what it says."""

    subject: str
    sentences: tuple[str, ...]


def sms(notice: Notice, named: dict[str, str]) -> str:
    """The text of a notice; `named` are its `account` and `balance`, short and plain."""
    if notice.kind == Kind.TEST:
        return _("Saldo: %(account)s, test of the runway alert. Credits left: %(balance)s.") % named
    if notice.kind == Kind.FIRED and notice.balance_units <= 0:
        return _("Saldo: %(account)s has no credits left.") % named
    if notice.ends_at is None:
        return _("Saldo: all clear. At this pace the credits of %(account)s last for more than 90 days.") % named
    local = timezone.localtime(hour_of(notice.ends_at))
    named["moment"] = format_datetime(local, SHORT_MOMENT, locale=formats.locale())
    if notice.kind == Kind.FIRED:
        return _("Saldo: %(account)s has %(balance)s credits left. At this pace they last until %(moment)s.") % named
    return _("Saldo: all clear. At this pace the credits of %(account)s last until %(moment)s.") % named


def mail(notice: Notice) -> Words:
    """What the e-mail of a notice says."""
    named = {
        "account": notice.alert.account.name,
        "balance": formats.credits(notice.balance_units),
        "moment": formats.weekday_moment(hour_of(notice.ends_at)) if notice.ends_at else "",
        "days": notice.threshold_days,
        "then": formats.moment(notice.created_at),
    }
    subject, *sentences = {Kind.FIRED: _fired, Kind.CLEARED: _cleared, Kind.TEST: _test}[Kind(notice.kind)](notice)
    return Words(subject % named, tuple(sentence % named for sentence in sentences))


def _fired(notice: Notice) -> list[str]:
    ends = _("At the pace of the last weeks they last until %(moment)s.")
    subject = _("%(account)s: credits last until %(moment)s")
    if notice.balance_units <= 0:
        ends, subject = _("No message can be sent until credits are bought."), _("%(account)s: no credits left")
    return [subject, _("%(account)s can spend %(balance)s credits (%(then)s)."), ends, _asked(notice)]


def _cleared(notice: Notice) -> list[str]:
    subject = _("%(account)s: all clear, credits last until %(moment)s")
    ends = _("At the pace of the last weeks they last until %(moment)s.")
    if notice.ends_at is None:
        subject = _("%(account)s: all clear, credits last for more than 90 days")
        ends = _("At the pace of the last weeks they last for more than 90 days.")
    again = _("That is longer than your alert asks for. It is armed again.")
    return [subject, _("%(account)s can spend %(balance)s credits (%(then)s)."), ends, again]


def _test(notice: Notice) -> list[str]:
    said = [
        _("%(account)s: test of your runway alert"),
        _("This is a test: the alert reaches you."),
        _("%(account)s can spend %(balance)s credits (%(then)s)."),
    ]
    if notice.ends_at:
        said.append(_("At the pace of the last weeks they last until %(moment)s."))
    return [*said, _asked(notice)]


def _asked(notice: Notice) -> str:
    return ngettext(
        "You asked to be told when they last %(days)s day or less.",
        "You asked to be told when they last %(days)s days or less.",
        notice.threshold_days or 0,
    )
