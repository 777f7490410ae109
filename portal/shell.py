"""What every page's frame needs: whose account, which balance, where one can go."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.credits import selectors as credits_selectors
from portal.accounts import selectors as accounts_selectors
from portal.accounts.capabilities import Capability
from portal.accounts.models import Account, Member

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the side navigation: where it leads, and who is shown it."""

    label: str | Promise
    url_name: str
    icon: str
    capability: Capability = Capability.VIEW
    for_customers: bool = False  # not shown in a sub-account
    for_subaccounts: bool = False  # shown in a sub-account alone
    also: tuple[str, ...] = ()  # other pages that belong to it, with everything below them


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the side navigation."""

    label: str | Promise
    links: tuple[Link, ...]


NAV: tuple[Group, ...] = (
    Group("", (Link(_("Dashboard"), "dashboard", "home"),)),
    Group(
        _("Messages"),
        (
            Link(_("Campaigns"), "campaigns", "send"),
            Link(_("Messages"), "messages", "history"),
            Link(_("Replies"), "replies", "message"),
            Link(_("Contact lists"), "contact_lists", "contacts", also=("opt_outs",)),
            Link(_("Sender names"), "sender_names", "sender"),
            Link(_("Reports"), "reports", "report"),
        ),
    ),
    Group(
        _("Credits"),
        (
            Link(_("Statement"), "statement", "wallet"),
            Link(_("Transfers"), "transfers", "arrow", for_subaccounts=True),
            Link(
                _("Recharges"),
                "recharges",
                "card",
                Capability.VIEW_BILLING,
                also=("auto_recharge", "payment_methods"),
            ),
            Link(_("Balance alerts"), "alerts", "bell"),
            Link(_("Invoices"), "invoices", "invoice", Capability.VIEW_BILLING),
        ),
    ),
    Group(
        _("Account"),
        (
            Link(
                _("Sub-accounts"),
                "subaccounts",
                "accounts",
                Capability.MANAGE_SUBACCOUNTS,
                for_customers=True,
                also=("transfers",),
            ),
            Link(_("My account"), "my_account", "settings"),
        ),
    ),
)

STAFF_NAV: tuple[Group, ...] = (
    Group("", (Link(_("Today"), "desk", "desk"),)),
    Group(
        _("Customers"),
        (
            Link(_("Customers"), "desk_customers", "accounts"),
            Link(_("Sender names"), "desk_senders", "sender"),
            Link(_("Undelivered alerts"), "desk_notices", "bell"),
        ),
    ),
    Group(
        _("Money"),
        (
            Link(_("Payments"), "desk_payments", "card"),
            Link(_("Bank account"), "desk_bank", "wallet"),
            Link(_("Invoices"), "desk_invoices", "invoice"),
            Link(_("Unusual recharges"), "desk_questions", "clock"),
            Link(_("Ledger"), "desk_ledger", "ledger"),
        ),
    ),
    Group(
        _("System"),
        (
            Link(_("Gateways"), "desk_gateways", "gateway"),
            Link(_("Countries"), "desk_countries", "globe"),
            Link(_("Routes"), "desk_routes", "send"),
            Link(_("Policies"), "desk_policies", "settings"),
            Link(_("Data tables"), "admin:index", "search"),
        ),
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context of every page: `account`, `accounts`, `balance_units`, `nav`, `theme`, `demo_mode`, `is_staff_area`,
    `support_email`.
    """
    account: Account | None = getattr(request, "account", None)
    member: Member | None = getattr(request, "member", None)
    is_staff_area = request.path.startswith("/desk/")
    context: dict[str, Any] = {
        "account": account,
        "demo_mode": settings.DEMO,
        "support_email": settings.SUPPORT_EMAIL,
        "theme": theme(request),
        "is_staff_area": is_staff_area,
        "accounts": [],
        "balance_units": None,
        "nav": _nav(request, STAFF_NAV, None, None) if is_staff_area else [],
    }
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return context
    context["accounts"] = [
        {
            "name": str(each),
            "url": reverse("dashboard", args=[each.public_id]),
            "current": each == account,
            "parent": each.parent,
        }
        for each in accounts_selectors.accounts_of(request.user)
    ]
    if account and member:
        context["balance_units"] = credits_selectors.balance(account).available
        context["nav"] = _nav(request, NAV, account, member)
    return context


def theme(request: HttpRequest) -> str:
    """The theme the person chose on this device: auto, light or dark."""
    chosen = request.COOKIES.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def _nav(
    request: HttpRequest, groups: tuple[Group, ...], account: Account | None, member: Member | None
) -> list[dict[str, Any]]:
    args = [account.public_id] if account else []
    nav = []
    for group in groups:
        items = [_item(request, link, args) for link in group.links if _is_shown(link, account, member)]
        if items:
            nav.append({"label": group.label, "items": items})
    return nav


def _is_shown(link: Link, account: Account | None, member: Member | None) -> bool:
    if account and (link.for_customers if account.is_subaccount else link.for_subaccounts):
        return False
    return member is None or member.can(link.capability)


def _item(request: HttpRequest, link: Link, args: list[Any]) -> dict[str, Any]:
    url = reverse(link.url_name, args=args)
    is_front = link.url_name in {"dashboard", "desk"}
    roots = (url, *(reverse(name, args=args) for name in link.also))
    current = request.path == url if is_front else request.path.startswith(roots)
    return {"label": link.label, "url": url, "icon": link.icon, "current": current}
