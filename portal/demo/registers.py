"""How the demo's sender names came into the registers of countries, with the papers that show whose they are."""

from datetime import datetime

from messaging.senders import registrations, selectors
from messaging.senders import services as senders
from messaging.senders.codes import MediaType, RegistrationState
from messaging.senders.documents import Paper
from messaging.senders.models import SenderName
from messaging.senders.registrations import Alias
from portal.demo.opening import Branch

# A page that says whose it is, written by hand: one line of text.
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 60>>stream\nBT /F 18 Tf 72 760 Td (Company register: invented extract) Tj ET\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def extract() -> Paper:
    """An invented extract from the register of companies."""
    return Paper("visura-camerale.pdf", MediaType.PDF, _PDF)


def enter_in_italy(branch: Branch, sender: SenderName, *, staff_id: int, now: datetime) -> None:
    """Let an Italian customer's name be entered in the register of aliases; without a PEC there is nothing to enter."""
    proposal = selectors.alias_proposal(branch.account, branch.owner)
    if branch.firm.country != selectors.ALIAS_COUNTRY or not all(proposal.values()):
        return
    registration = registrations.request(
        sender=sender,
        country=selectors.ALIAS_COUNTRY,
        alias=Alias(**proposal),
        actor_id=branch.owner.pk,
        now=now,
    )
    for state in (RegistrationState.FORWARDED, RegistrationState.APPROVED):
        registrations.decide(registration=registration, state=state, reason="", actor_id=staff_id, now=now)


def ask_for(branch: Branch, name: str, purpose: str, *, countries: tuple[str, ...], now: datetime) -> SenderName:
    """Request a name with its papers, and its registration in some countries."""
    actor_id = branch.sender.pk
    sender = senders.request(
        account=branch.account, name=name, purpose=purpose, papers=[extract()], actor_id=actor_id, now=now
    )
    for country in countries:
        registrations.request(sender=sender, country=country, alias=None, actor_id=actor_id, now=now)
    return sender
