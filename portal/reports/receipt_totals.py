"""What a report of delivery receipts adds up to, campaign by campaign."""

from dataclasses import dataclass, field
from datetime import datetime

from messaging.delivery.codes import CHARGED, OPEN, RETURNED, Purpose


@dataclass(slots=True)
class CampaignLine:
    """A campaign of the period: what its rows say, and what the ledger took from its hold (None: it still holds)."""

    name: str
    created_at: datetime
    ledger_units: int | None
    message_count: int = 0
    charged_units: int = 0

    @property
    def difference_units(self) -> int:
        """What the rows and the ledger disagree by; a campaign that still holds has nothing to compare."""
        return 0 if self.ledger_units is None else self.charged_units - self.ledger_units


@dataclass(slots=True)
class Totals:
    """The sums of a report, in units, each kept apart so that they can be compared.

    The ledger knows campaigns as a whole. Where a report holds the messages to some recipients alone, these are the sums
    of the messages to all of them, and `selected` those of what it holds, with the keys of their campaigns.
    """

    message_count: int = 0
    charged_units: int = 0
    returned_units: int = 0
    open_units: int = 0
    alert_units: int = 0
    ledger_units: int = 0
    campaigns: dict[int, CampaignLine] = field(default_factory=dict)
    selected: "Totals | None" = None
    campaign_ids: set[int] = field(default_factory=set)

    @property
    def written(self) -> "Totals":
        """The sums of what the report holds."""
        return self.selected or self

    @property
    def row_count(self) -> int:
        """The messages that the report holds."""
        return self.written.message_count

    @property
    def row_units(self) -> int:
        """What was charged on the messages that the report holds, whoever paid."""
        return self.written.charged_units + self.written.alert_units

    @property
    def listed(self) -> list[CampaignLine]:
        """The campaigns of which the report holds messages, or holds that there are none."""
        if self.selected is None:
            return list(self.campaigns.values())
        return [line for key, line in self.campaigns.items() if key in self.selected.campaign_ids]

    @property
    def still_held_units(self) -> int:
        """What campaigns that still hold have used of it."""
        return sum(line.charged_units for line in self.campaigns.values() if line.ledger_units is None)

    @property
    def control_units(self) -> int:
        """What was charged on the messages that the report holds; the cover ties it to the ledger."""
        return self.written.charged_units

    @property
    def difference_units(self) -> int:
        """Zero, or the books do not agree."""
        return self.charged_units - self.ledger_units - self.still_held_units

    def add(self, campaign_id: int | None, purpose: str, state: str, count: int, units: int) -> None:
        """Count messages of one campaign and state in."""
        self.message_count += count
        if campaign_id:
            self.campaign_ids.add(campaign_id)
        if state in OPEN:
            self.open_units += units
        if state in RETURNED:
            self.returned_units += units
        charged = units if state in CHARGED else 0
        if purpose == Purpose.ALERT:
            self.alert_units += charged
            return
        self.charged_units += charged
        line = self.campaigns.get(campaign_id) if campaign_id else None
        if line is not None:
            line.message_count += count
            line.charged_units += charged
