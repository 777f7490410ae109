"""The verbs of a campaign: drafted, quoted, sent, perhaps paused or cancelled, settled when nothing is open."""

from billing.credits.services import InsufficientCredits, WalletBlocked
from messaging.campaigns.drafts import (
    discard_draft,
    give_default,
    leave_out_missing,
    quote_again,
    save_draft,
    skip_countries,
    work_out_quote,
)
from messaging.campaigns.errors import (
    AlreadySent,
    NothingToCancel,
    NotSendable,
    NotUnderWay,
    QuoteChanged,
    QuoteExpired,
    SenderNotUsable,
    StartPassed,
    TooLateToUndo,
)
from messaging.campaigns.keeping import TemplateNameTaken, delete_template, save_template, set_rules
from messaging.campaigns.launching import NAME_LENGTH, launch, send_draft
from messaging.campaigns.pausing import keep_quiet, pause, resume
from messaging.campaigns.preparing import prepare
from messaging.campaigns.settling import cancel, settle, stop_all, undo

__all__ = [
    "NAME_LENGTH",
    "AlreadySent",
    "InsufficientCredits",
    "NotSendable",
    "NotUnderWay",
    "NothingToCancel",
    "QuoteChanged",
    "QuoteExpired",
    "SenderNotUsable",
    "StartPassed",
    "TemplateNameTaken",
    "TooLateToUndo",
    "WalletBlocked",
    "cancel",
    "delete_template",
    "discard_draft",
    "give_default",
    "keep_quiet",
    "launch",
    "leave_out_missing",
    "pause",
    "prepare",
    "quote_again",
    "resume",
    "save_draft",
    "save_template",
    "send_draft",
    "set_rules",
    "settle",
    "skip_countries",
    "stop_all",
    "undo",
    "work_out_quote",
]
