"""What every verb of a campaign needs: its row locked, the cause of a movement, a line in the audit."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from billing.credits.services import Cause
from billing.ledger.codes import TransferCode
from messaging.campaigns.models import Campaign
from portal.audit import services as audit


def locked(campaign: Campaign) -> Campaign:
    """The campaign's row as it is now, held until the transaction ends."""
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("account", "hold")
    return rows.get(pk=campaign.pk)


def cause(public_id: UUID, step: str, actor_id: int | None) -> Cause:
    """Why credits move: this step of this campaign."""
    return Cause(TransferCode.CAMPAIGN, f"campaign:{public_id}:{step}", f"campaign:{public_id}", actor_id)


def record(verb: str, campaign: Campaign, after: Mapping[str, object], actor_id: int | None, now: datetime) -> None:
    """Write into the audit what was done to the campaign."""
    audit.record(
        action=f"campaign.{verb}",
        actor_id=actor_id,
        account_id=campaign.account_id,
        subject=f"campaign:{campaign.public_id}",
        after=after,
        now=now,
    )
