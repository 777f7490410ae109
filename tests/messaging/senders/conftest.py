"""A table of countries, an approved name, and files kept where the test can look."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from messaging.senders import countries, rule_file, services
from messaging.senders.models import SenderName
from portal.accounts.models import Account, User


@pytest.fixture(autouse=True)
def files(settings: Settings, tmp_path: Path) -> Path:
    """Uploaded files of a test live in its own folder."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def table(db: None, now: datetime) -> None:
    countries.load(rows=rule_file.read(), actor_id=None, now=now)


@pytest.fixture
def sender(acme: Account, alice: User, olga: User, now: datetime) -> SenderName:
    """Acme's name, approved."""
    name = services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    return services.approve(sender=name, actor_id=olga.pk, now=now)
