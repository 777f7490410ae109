"""When credits expire: so many calendar months after they came."""

from calendar import monthrange
from datetime import datetime, tzinfo


def after_months(moment: datetime, months: int, zone: tzinfo) -> datetime:
    """Return `moment` so many calendar months later: the same day at the same time by the clock of `zone`.

    A month without that day gives its last one: 31 January and one month is 28 or 29 February. What is no time by the
    clock of `zone`, because it is put forward just then, is the time it shows after that.
    """
    local = moment.astimezone(zone)
    years, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + years, month + 1
    day = min(local.day, monthrange(year, month)[1])
    # Once to UTC and back: the clock that was put forward is read as what it then shows.
    return local.replace(year=year, month=month, day=day, fold=0).astimezone(moment.tzinfo)
