"""One table from role to capability. What a role may do is read here and nowhere else."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a member is in an account."""

    OWNER = "owner", _("Owner")
    BILLING = "billing", _("Billing")
    SENDER = "sender", _("Sender")
    VIEWER = "viewer", _("Viewer")


class Capability(TextChoices):
    """What a page or an action asks of a member."""

    VIEW = "view", _("See the account, its balance and its messages")
    SEND = "send", _("Send messages")
    MANAGE_CONTACTS = "manage_contacts", _("Change contacts and lists")
    MANAGE_SENDERS = "manage_senders", _("Request sender names")
    MANAGE_ALERTS = "manage_alerts", _("Change balance alerts")
    VIEW_BILLING = "view_billing", _("See recharges and invoices")
    BUY = "buy", _("Buy credits")
    MANAGE_ACCOUNT = "manage_account", _("Change billing details")
    MANAGE_SUBACCOUNTS = "manage_subaccounts", _("Open sub-accounts and move credits")
    MANAGE_TEAM = "manage_team", _("Invite and remove people")


_EVERYBODY = {Capability.VIEW}
_SENDER = _EVERYBODY | {Capability.SEND, Capability.MANAGE_CONTACTS, Capability.MANAGE_SENDERS}
_BILLING = _EVERYBODY | {
    Capability.MANAGE_ALERTS,
    Capability.VIEW_BILLING,
    Capability.BUY,
    Capability.MANAGE_ACCOUNT,
}

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(Capability),
    Role.BILLING: frozenset(_BILLING),
    Role.SENDER: frozenset(_SENDER),
    Role.VIEWER: frozenset(_EVERYBODY),
}

# These touch money: an owner needs a second factor in the session before any of them (SECOND_FACTOR_REQUIRED).
TOUCHES_MONEY = frozenset({Capability.BUY, Capability.SEND, Capability.MANAGE_SUBACCOUNTS})
