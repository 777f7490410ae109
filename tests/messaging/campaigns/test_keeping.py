"""Texts that are kept, and how an account sends."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from messaging.campaigns import selectors, services
from messaging.campaigns.models import SendingRules, TextTemplate
from portal.accounts.models import Account, User


def test_a_text_is_kept_changed_and_thrown_away(acme: Account, alice: User, now: datetime) -> None:
    kept = services.save_template(
        account=acme, template=None, name="Hours", text="We open at 9.", actor_id=alice.pk, now=now
    )
    services.save_template(account=acme, template=kept, name="hours", text="At 10.", actor_id=alice.pk, now=now)
    assert [(each.name, each.text) for each in selectors.templates(acme)] == [("hours", "At 10.")]
    with pytest.raises(services.TemplateNameTaken):
        services.save_template(account=acme, template=None, name="HOURS", text="x", actor_id=alice.pk, now=now)
    services.delete_template(template=kept, actor_id=alice.pk, now=now)
    assert not selectors.templates(acme).exists()


def test_an_account_without_rules_sends_as_everybody_does(acme: Account, alice: User, now: datetime) -> None:
    assert selectors.rules_of(acme).undo_seconds == 30
    assert "STOP" in selectors.closing_of(acme)
    services.set_rules(account=acme, undo_seconds=60, closing="Stop: 40404", actor_id=alice.pk, now=now)
    assert (selectors.rules_of(acme).undo_seconds, selectors.closing_of(acme)) == (60, "Stop: 40404")


def test_the_tables_refuse_what_cannot_be_kept(acme: Account, now: datetime) -> None:
    TextTemplate.objects.create(account=acme, name="Hours", text="At 9.", updated_at=now)
    with pytest.raises(IntegrityError, match="a_text_template_has_a_name_of_its_own"), transaction.atomic():
        TextTemplate.objects.create(account=acme, name="HOURS", text="At 9.", updated_at=now)
    with pytest.raises(IntegrityError, match="a_text_template_holds_a_text"), transaction.atomic():
        TextTemplate.objects.create(account=acme, name="", text="At 9.", updated_at=now)
    with pytest.raises(IntegrityError, match="an_undo_window_ends_within_an_hour"), transaction.atomic():
        SendingRules.objects.create(account=acme, undo_seconds=3_601)
