"""What the codes of the audit log are called."""

from typing import Final

from django.utils.translation import gettext_lazy

ACTIONS: Final = {
    "account.opened": gettext_lazy("Account opened"),
    "alert.changed": gettext_lazy("Balance alert changed"),
    "alert.created": gettext_lazy("Balance alert set up"),
    "alert.removed": gettext_lazy("Balance alert deleted"),
    "alert.tested": gettext_lazy("Balance alert tested"),
    "billing_details.changed": gettext_lazy("Billing details changed"),
    "campaign.cancelled": gettext_lazy("Campaign cancelled"),
    "campaign.launched": gettext_lazy("Campaign sent"),
    "campaign.settled": gettext_lazy("Campaign settled"),
    "contact_list.created": gettext_lazy("Contact list created"),
    "contact_list.deleted": gettext_lazy("Contact list deleted"),
    "contact_list.extended": gettext_lazy("Contacts added"),
    "contact_list.reduced": gettext_lazy("Contacts removed"),
    "email.added": gettext_lazy("E-mail address added"),
    "email.changed": gettext_lazy("E-mail address changed"),
    "email.removed": gettext_lazy("E-mail address removed"),
    "gateway.paused": gettext_lazy("Gateway paused"),
    "gateway.resumed": gettext_lazy("Gateway resumed"),
    "invitation.accepted": gettext_lazy("Invitation accepted"),
    "invitation.renewed": gettext_lazy("Invitation sent again"),
    "invitation.sent": gettext_lazy("Invitation sent"),
    "invitation.withdrawn": gettext_lazy("Invitation withdrawn"),
    "invoice.issued": gettext_lazy("Invoice issued"),
    "invoice.paid": gettext_lazy("Invoice paid"),
    "login.closed": gettext_lazy("Signed out"),
    "login.opened": gettext_lazy("Signed in"),
    "login.refused": gettext_lazy("Sign-in refused"),
    "member.changed": gettext_lazy("Role changed"),
    "member.removed": gettext_lazy("Member removed"),
    "notices.chosen": gettext_lazy("Notices chosen"),
    "opt_out.added": gettext_lazy("Numbers opted out"),
    "opt_out.withdrawn": gettext_lazy("Opt-out withdrawn"),
    "password.changed": gettext_lazy("Password changed"),
    "password.reset": gettext_lazy("Password reset"),
    "password.set": gettext_lazy("Password set"),
    "payment_method.added": gettext_lazy("Card added"),
    "payment_method.removed": gettext_lazy("Card removed"),
    "person.changed": gettext_lazy("Personal information changed"),
    "prices.agreed": gettext_lazy("Price list agreed"),
    "prices.loaded": gettext_lazy("Prices loaded"),
    "recharge.failed": gettext_lazy("Recharge failed"),
    "recharge.paid": gettext_lazy("Recharge paid"),
    "report.requested": gettext_lazy("Report requested"),
    "second_factor.added": gettext_lazy("Second factor added"),
    "second_factor.refused": gettext_lazy("Second factor refused"),
    "second_factor.removed": gettext_lazy("Second factor removed"),
    "second_factor.reset": gettext_lazy("Recovery codes renewed"),
    "sender.approved": gettext_lazy("Sender name approved"),
    "sender.default_changed": gettext_lazy("Default sender changed"),
    "sender.refused": gettext_lazy("Sender name refused"),
    "sender.requested": gettext_lazy("Sender name requested"),
    "subaccount.credited": gettext_lazy("Credits moved to a sub-account"),
    "subaccount.opened": gettext_lazy("Sub-account opened"),
}


def action(code: str) -> str:
    """What an audit event tells of, in words; a code that has none yet as it is."""
    return str(ACTIONS.get(code, code))
