"""Production starts only when it has been told everything, and starts without a warning."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[3]
COMPLETE = {
    "SALDO_MODE": "production",
    "SECRET_KEY": "kL9#vQ2$xZ7!mN4%bT8^cR1&yU6*wE3(pS5)dF0_gH-jJ=oAqWeRtZ",
    "ALLOWED_HOSTS": "saldo.example",
    "SITE_URL": "https://saldo.example",
    "DATABASE_URL": "postgresql://saldo@127.0.0.1:1/saldo",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MFA_ENCRYPTION_KEY": "a long secret that nobody guesses",
    "EMAIL_HOST": "mail.saldo.example",
    "DEFAULT_FROM_EMAIL": "Saldo <saldo@saldo.example>",
    "SUPPORT_EMAIL": "help@saldo.example",
    "GATEWAY_WEBHOOK_SECRET": "another long secret",
    "PORTAL_SENDER": "+447700900100",
    "SELLER_NAME": "Saldo S.r.l.",
    "SELLER_ADDRESS": "Via Torino 51",
    "SELLER_POSTAL_CODE": "20123",
    "SELLER_CITY": "Milano",
    "SELLER_PROVINCE": "MI",
    "SELLER_COUNTRY": "IT",
    "SELLER_VAT_NUMBER": "IT01234567897",
    "SELLER_EMAIL": "billing@saldo.example",
    "SELLER_IBAN": "IT60X0542811101000000123456",
}


# Pressing 600 files with Brotli as well takes three quarters of the time, and is WhiteNoise's business alone.
WITHOUT_BROTLI = """
import runpy, sys
sys.modules["brotli"] = None
sys.argv[0] = "manage.py"
runpy.run_path("manage.py", run_name="__main__")
"""


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return python("manage.py", *arguments, **environment)


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which production has been told everything, and nothing else is set."""
    for name in list(os.environ):
        if name not in {"PATH", "HOME"}:
            monkeypatch.delenv(name)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def read_settings() -> dict[str, object]:
    return runpy.run_path(str(ROOT / "portal" / "settings.py"))


def test_the_deployment_check_has_nothing_to_say() -> None:
    run = manage("check", "--deploy", "--fail-level", "WARNING", **COMPLETE)

    assert run.returncode == 0, run.stderr
    assert "no issues (0 silenced)" in run.stdout


def test_a_start_without_a_variable_names_it() -> None:
    run = manage("check", **{name: value for name, value in COMPLETE.items() if name != "MFA_ENCRYPTION_KEY"})

    assert run.returncode != 0
    assert "Set the environment variable MFA_ENCRYPTION_KEY." in run.stderr


@pytest.mark.parametrize("name", sorted(COMPLETE.keys() - {"SALDO_MODE"}))
def test_every_variable_is_asked_for_by_name(bare: pytest.MonkeyPatch, name: str) -> None:
    bare.setenv(name, "")

    with pytest.raises(ImproperlyConfigured, match=rf"\b{name}\b"):
        read_settings()


def test_production_is_what_runs_when_nobody_says(bare: pytest.MonkeyPatch) -> None:
    bare.delenv("SALDO_MODE")
    read = read_settings()

    assert read["PRODUCTION"] is True
    assert read["SECOND_FACTOR_REQUIRED"] is True
    assert read["DEBUG"] is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SALDO_MODE", "staging"),
        ("BEHIND_PROXY", "maybe"),
        ("EMAIL_PORT", "smtp"),
        ("GATEWAYS", "smpp://id:hush@host"),
        ("GATEWAYS", "italia=hush"),
        ("GATEWAYS", "Italia=smpp://id:hush@host"),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start(bare: pytest.MonkeyPatch, name: str, value: str) -> None:
    bare.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=name) as stopped:
        read_settings()
    assert "hush" not in str(stopped.value)


def test_gateways_are_read_by_name(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("GATEWAYS", " italia=smpps://id:a%2Cb@host:2776?window=50 , world=twilio://AC1:x@api.twilio.com")

    assert read_settings()["GATEWAYS"] == {
        "italia": "smpps://id:a%2Cb@host:2776?window=50",
        "world": "twilio://AC1:x@api.twilio.com",
    }


def test_stripe_is_not_used_without_its_secrets(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("PAYMENT_PROVIDER", "stripe")
    with pytest.raises(ImproperlyConfigured, match="STRIPE_SECRET_KEY"):
        read_settings()
    bare.setenv("STRIPE_SECRET_KEY", "sk_live_1")
    with pytest.raises(ImproperlyConfigured, match="STRIPE_WEBHOOK_SECRET"):
        read_settings()
    bare.setenv("STRIPE_WEBHOOK_SECRET", "whsec_1")
    bare.setenv("STRIPE_API_URL", "http://127.0.0.1:1")
    assert read_settings()["STRIPE_API_URL"] == ""


def test_the_static_files_can_be_collected_and_named_by_their_content(tmp_path: Path) -> None:
    run = python("-c", WITHOUT_BROTLI, "collectstatic", "--noinput", **COMPLETE, DATA_DIR=str(tmp_path))

    assert run.returncode == 0, run.stderr
    names = [path.name for path in (tmp_path / "static" / "css").iterdir()]
    assert any(name.startswith("tokens.") and name.count(".") == 2 for name in names), names
    assert (tmp_path / "static" / "staticfiles.json").is_file()
