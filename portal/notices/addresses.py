"""Where the button of a notice leads."""

from urllib.parse import urlencode

from django.urls import reverse

from portal.accounts.models import Account
from portal.notices.codes import RULES, Kind
from portal.notices.models import Notice


def path(notice: Notice) -> str:
    """Where the notice's button leads, on this site; with the key that whoever announced it gave for it."""
    if keeper := guardian(notice):
        return reverse("subaccounts", args=[keeper.public_id])
    rule = RULES[Kind(notice.kind)]
    subject = [notice.subject.partition(":")[2]] if rule.of_subject else []
    page = reverse(rule.url_name, args=[notice.account.public_id, *subject])
    key = notice.context.get("link_key")
    return f"{page}?{urlencode({'key': key})}" if key else page


def guardian(notice: Notice) -> Account | None:
    """Who looks after a sub-account whose own pages nobody opens: its parent while it is deactivated."""
    return notice.account.parent if notice.account.deactivated_at else None
