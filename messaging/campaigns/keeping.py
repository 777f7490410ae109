"""What an account keeps for its next message: texts, and how it sends."""

from datetime import datetime

from django.db.models.functions import Lower

from messaging.campaigns.models import SendingRules, TextTemplate
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work


class TemplateNameTaken(Exception):
    """The account has another template with this name."""


@unit_of_work
def save_template(
    *, account: Account, template: TextTemplate | None, name: str, text: str, actor_id: int, now: datetime
) -> TextTemplate:
    """Keep a text under a name, a new one or in place of `template`. Raises `TemplateNameTaken`."""
    # Two templates of one name at once: the second waits here and finds the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    others = TextTemplate.objects.annotate(lower=Lower("name")).filter(account=account, lower=name.lower())
    if template:
        others = others.exclude(pk=template.pk)
    if others.exists():
        raise TemplateNameTaken(name)
    kept = template or TextTemplate(account=account)
    kept.name, kept.text, kept.updated_at = name, text, now
    kept.save()
    _record("saved", kept, actor_id, now)
    return kept


@unit_of_work
def delete_template(*, template: TextTemplate, actor_id: int, now: datetime) -> None:
    """Throw a text away; what was sent with it stays."""
    _record("deleted", template, actor_id, now)
    template.delete()


@unit_of_work
def set_rules(*, account: Account, undo_seconds: int, closing: str, actor_id: int, now: datetime) -> None:
    """Decide how long a send can be undone, and how marketing says how to opt out ("": as for everybody)."""
    values = {"undo_seconds": undo_seconds, "closing": closing}
    SendingRules.objects.update_or_create(account=account, defaults=values)
    audit.record(action="sending_rules.changed", actor_id=actor_id, account_id=account.pk, after=values, now=now)


def _record(verb: str, template: TextTemplate, actor_id: int, now: datetime) -> None:
    audit.record(
        action=f"text_template.{verb}",
        actor_id=actor_id,
        account_id=template.account_id,
        subject=f"text_template:{template.public_id}",
        after={"name": template.name},
        now=now,
    )
