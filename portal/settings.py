"""Settings of Saldo, read from the environment and complete at start-up.

Every value that differs between machines comes through one of the typed readers below. A production process that
lacks one stops here with a sentence that names it, not at midnight in the middle of a recharge.
"""

import os
import re
from email.utils import parseaddr
from pathlib import Path

import dj_database_url
import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from kombu import Queue

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


def read_text(name: str, default: str | None = None) -> str:
    """Return the environment's `name`; without a default an absent or empty value stops the start."""
    value = os.environ.get(name, "") or default
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def read_flag(name: str, default: bool) -> bool:
    """Return `name` as a flag: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value == "":
        return default
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def read_number(name: str, default: int) -> int:
    """Return `name` as a whole number."""
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def read_list(name: str, default: str | None = None) -> list[str]:
    """Return `name` as a list, its items separated by commas."""
    return [item.strip() for item in read_text(name, default).split(",") if item.strip()]


def read_addresses(name: str) -> dict[str, str]:
    """Return `name` as addresses by name: `italia=smpps://id:secret@host:2776,world=twilio://AC1:secret@host`.

    A wrong one is named by its place alone: there may be a secret in it.
    """
    addresses = {}
    for place, item in enumerate(read_list(name, ""), 1):
        label, is_given, address = (part.strip() for part in item.partition("="))
        if not is_given or not re.fullmatch("[a-z][a-z0-9-]{0,31}", label) or not re.match("[a-z]+:", address):
            raise ImproperlyConfigured(f"Item {place} of {name} must read name=scheme://address.")
        addresses[label] = address
    return addresses


MODE = read_text("SALDO_MODE", "production")
if MODE not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"SALDO_MODE must be production, demo or test, not {MODE!r}.")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"


def for_production(default: str) -> str | None:
    """Return None in production, where the value must be given, and `default` elsewhere."""
    return None if PRODUCTION else default


DEBUG = False
SECRET_KEY = read_text("SECRET_KEY", for_production("demo-and-tests-only-" + "0" * 44))
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", for_production("localhost,127.0.0.1,[::1],testserver"))
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS", "")
SITE_URL = read_text("SITE_URL", for_production("http://localhost:8000")).rstrip("/")
DATA_DIR = Path(read_text("DATA_DIR", str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "portal.apps.SaldoAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tables2",
    "portal.audit",
    "portal.accounts",
    "portal.notices",
    "billing.ledger",
    "billing.pricing",
    "billing.credits",
    "billing.payments",
    "billing.invoices",
    "billing.recharge",
    "billing.auto_recharge",
    "billing.bank",
    "messaging.senders",
    "messaging.contacts",
    "messaging.imports",
    "messaging.delivery",
    "messaging.campaigns",
    "messaging.replies",
    "messaging.alerts",
    "portal.subaccounts",
    "portal.reports",
    "portal.dashboard",
    "portal.backoffice",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.request_id",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.LoginRequired",
    "portal.middleware.person",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.session_seen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.only_forms",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
FORM_RENDERER = "portal.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.shell.shell",
            ],
            "builtins": ["portal.templatetags.formats"],
        },
    }
]

# PostgreSQL is the truth: the only database, in production, in the demo and under test.
DATABASES = {
    "default": dj_database_url.parse(
        read_text("DATABASE_URL", for_production("postgresql:///saldo")), conn_max_age=60, conn_health_checks=True
    )
}
# Django's own cursors never prepare. The ledger's do, and psycopg lets them only where a threshold is set.
DATABASES["default"].setdefault("OPTIONS", {}).update(application_name="saldo", prepare_threshold=5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis is a hint: a queue, a cache. With it gone pages work, work waits, and the sweeps find it.
REDIS_URL = read_text("REDIS_URL", for_production("redis://127.0.0.1:6379/0"))
CACHES = {
    "default": {
        "BACKEND": "portal.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "saldo",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if MODE == "test"
    else ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "portal.accounts.forms.LoginForm",
    "signup": "portal.accounts.forms.SignupForm",
    "add_email": "portal.accounts.forms.NewAddressForm",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_ADAPTER = "portal.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "portal.accounts.second_factor_forms.SecurityKeyForm",
    "authenticate": "portal.accounts.second_factor_forms.CodeForm",
    "edit_webauthn": "portal.accounts.second_factor_forms.SecurityKeyNameForm",
    "reauthenticate": "portal.accounts.second_factor_forms.CodeAgainForm",
}
# Several, separated by commas, while a key is being replaced: the first encrypts, all of them decrypt.
MFA_ENCRYPTION_KEYS = read_list("MFA_ENCRYPTION_KEY", for_production("demo-and-tests-only"))
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Saldo"
# One step either way, for telephones that are slow or fast and for codes typed in their last second (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = True
# Staff and owners need a second factor before they touch money; the demo says on its face that it is off.
SECOND_FACTOR_REQUIRED = read_flag("SECOND_FACTOR_REQUIRED", PRODUCTION)

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("it", _("Italian")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
TIME_ZONE = "Europe/Rome"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

EMAIL_BACKEND = "portal.outbox.EmailBackend" if DEMO else "django.core.mail.backends.smtp.EmailBackend"
OUTBOX_DIR = DATA_DIR / "outbox"
EMAIL_HOST = read_text("EMAIL_HOST", for_production("127.0.0.1"))
EMAIL_PORT = read_number("EMAIL_PORT", 587 if PRODUCTION else 25)
EMAIL_HOST_USER = read_text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = read_text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = read_flag("EMAIL_USE_TLS", PRODUCTION)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = read_text("DEFAULT_FROM_EMAIL", for_production("Saldo <saldo@saldo.example>"))
# Where customers write to: no reply to DEFAULT_FROM_EMAIL is read, and pages and mails say "write to us".
SUPPORT_EMAIL = read_text("SUPPORT_EMAIL", for_production("help@saldo.example"))
SERVER_EMAIL = parseaddr(DEFAULT_FROM_EMAIL)[1]

SECURE_SSL_REDIRECT = read_flag("SECURE_SSL_REDIRECT", PRODUCTION)
# Behind a proxy that sets X-Forwarded-Proto and appends to X-Forwarded-For; never on without one.
BEHIND_PROXY = read_flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_SECURE = PRODUCTION
X_FRAME_OPTIONS = "DENY"
# A pasted list of numbers is large; a body beyond this is refused with a sentence (HTTP 400) before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4_000_000
FILE_UPLOAD_HANDLERS = [
    "portal.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # above the longest task, else a running task is delivered again
    "unacked_restore_interval": 10,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "global_keyprefix": "saldo:",
    "queue_order_strategy": "priority",  # as CELERY_TASK_QUEUES stand, not in turns
}
CELERY_TASK_ACKS_LATE = True
# With Redis gone the work in hand is finished: it is claimed in PostgreSQL, and being delivered again does no harm.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "saldo"
# What must not wait behind a campaign of a million: alarms, automatic recharges, a STOP. A worker takes them first.
CELERY_TASK_QUEUES = [Queue("prompt"), Queue(CELERY_TASK_DEFAULT_QUEUE)]
CELERY_TASK_ROUTES = {
    "messaging.alerts.tasks.*": "prompt",
    "messaging.replies.tasks.*": "prompt",
    "billing.auto_recharge.tasks.*": "prompt",
}
CELERY_TIMEZONE = "UTC"
# The sweeps alone are complete: every reaction is found here within a minute even if its bell was lost.
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "portal.tasks.beat_heartbeat", "schedule": 15},
    "expire-lots": {"task": "billing.credits.tasks.expire_due_lots", "schedule": 60},
    "tell-of-emptiness": {"task": "billing.credits.tasks.tell_of_emptiness", "schedule": 60},
    "warn-of-expiry": {"task": "billing.credits.tasks.warn_of_expiry", "schedule": 600},
    "recharge-by-itself": {"task": "billing.auto_recharge.tasks.evaluate_due", "schedule": 20},
    "mark-thresholds": {"task": "billing.auto_recharge.tasks.mark_thresholds", "schedule": 3600},
    "see-late-money": {"task": "billing.auto_recharge.tasks.see_late_money", "schedule": 60},
    "restate-needs": {"task": "billing.auto_recharge.tasks.restate_needs", "schedule": 300},
    "resolve-payments": {"task": "billing.recharge.tasks.resolve_waiting", "schedule": 30},
    "hear-providers": {"task": "billing.recharge.tasks.hear_providers", "schedule": 5},
    "take-back-owed": {"task": "billing.recharge.tasks.take_back_owed", "schedule": 60},
    "expire-transfers": {"task": "billing.recharge.tasks.expire_transfers", "schedule": 600},
    "book-bank-lines": {"task": "billing.bank.tasks.book_new_lines", "schedule": 60},
    "check-mandates": {"task": "billing.payments.tasks.check_mandates", "schedule": 30},
    "warn-of-cards": {"task": "billing.payments.tasks.warn_of_cards", "schedule": 3600},
    "move-sandbox": {"task": "billing.payments.tasks.move_sandbox", "schedule": 10},
    "render-invoices": {"task": "billing.invoices.tasks.render_waiting", "schedule": 60},
    "submit-messages": {"task": "messaging.delivery.tasks.submit_waiting", "schedule": 5},
    "resolve-messages": {"task": "messaging.delivery.tasks.resolve_unknown", "schedule": 20},
    "settle-campaigns": {"task": "messaging.campaigns.tasks.settle_finished", "schedule": 20},
    "work-on-drafts": {"task": "messaging.campaigns.tasks.work_on_drafts", "schedule": 20},
    "keep-quiet": {"task": "messaging.campaigns.tasks.keep_quiet", "schedule": 20},
    "evaluate-alerts": {"task": "messaging.alerts.tasks.evaluate_due", "schedule": 20},
    "repair-marks": {"task": "messaging.alerts.tasks.repair_marks", "schedule": 3600},
    "look-ahead": {"task": "messaging.alerts.tasks.look_ahead", "schedule": 60},
    "deliver-notices": {"task": "messaging.alerts.tasks.deliver_waiting", "schedule": 20},
    "escalate-notices": {"task": "messaging.alerts.tasks.escalate", "schedule": 20},
    "deliver-letters": {"task": "portal.notices.tasks.deliver_waiting", "schedule": 5},
    "handle-replies": {"task": "messaging.replies.tasks.handle_waiting", "schedule": 20},
    "work-imports": {"task": "messaging.imports.tasks.work_waiting", "schedule": 5},
    "tidy-imports": {"task": "messaging.imports.tasks.tidy", "schedule": 600},
    "forget-reports": {"task": "portal.reports.tasks.forget_old", "schedule": 3600},
    "build-reports": {"task": "portal.reports.tasks.build_waiting", "schedule": 20},
    "forget-minutes": {
        "task": "messaging.delivery.tasks.forget_minutes",
        "schedule": crontab(hour="3", minute="30"),
    },
    "clear-sessions": {"task": "portal.tasks.clear_sessions", "schedule": crontab(hour="3", minute="15")},
}

# The suppliers' connections by name. Their secrets are in the addresses, and nowhere else; routes are rows.
GATEWAYS = read_addresses("GATEWAYS")
GATEWAY_SIMULATOR_URL = read_text("GATEWAY_SIMULATOR_URL", "" if PRODUCTION else "http://127.0.0.1:8025")
GATEWAY_TOKEN = read_text("GATEWAY_TOKEN", "" if PRODUCTION else "demo-gateway-token")
GATEWAY_WEBHOOK_SECRET = read_text("GATEWAY_WEBHOOK_SECRET", for_production("demo-webhook-secret"))
# The number telephones show where the customer has no sender name. The default is one of those kept for fiction.
PORTAL_SENDER = read_text("PORTAL_SENDER", for_production("+447700900100"))
# Where new cards and bank accounts are kept. The sandbox moves no money, and is refused where customers are real.
PAYMENT_PROVIDER = read_text("PAYMENT_PROVIDER", "none" if PRODUCTION else "sandbox")
if PAYMENT_PROVIDER not in {"none", "sandbox", "stripe"}:
    raise ImproperlyConfigured(f"PAYMENT_PROVIDER must be none, sandbox or stripe, not {PAYMENT_PROVIDER!r}.")
if PRODUCTION and PAYMENT_PROVIDER == "sandbox":
    raise ImproperlyConfigured("PAYMENT_PROVIDER must not be sandbox in production: it moves no money.")
STRIPE_SECRET_KEY = read_text("STRIPE_SECRET_KEY", "" if PAYMENT_PROVIDER != "stripe" else None)
STRIPE_WEBHOOK_SECRET = read_text("STRIPE_WEBHOOK_SECRET", "" if PAYMENT_PROVIDER != "stripe" else None)
# Another address of Stripe's API, for tests on loopback.
STRIPE_API_URL = "" if PRODUCTION else read_text("STRIPE_API_URL", "")
# How webhooks of the sandbox are signed; there is none in production.
SANDBOX_WEBHOOK_SECRET = read_text("SANDBOX_WEBHOOK_SECRET", "" if PRODUCTION else "demo-sandbox-secret")
# The class that asks whether a VAT number is in use; the default asks nobody.
VAT_REGISTER = read_text("VAT_REGISTER", "portal.accounts.registers.NoRegister")
# What the invoices say of the seller. Copied into each invoice when it is issued.
SELLER = {
    "name": read_text("SELLER_NAME", for_production("Saldo S.r.l.")),
    "address": read_text("SELLER_ADDRESS", for_production("Via Torino 51")),
    "postal_code": read_text("SELLER_POSTAL_CODE", for_production("20123")),
    "city": read_text("SELLER_CITY", for_production("Milano")),
    "province": read_text("SELLER_PROVINCE", for_production("MI")),
    "country": read_text("SELLER_COUNTRY", for_production("IT")),
    "vat_number": read_text("SELLER_VAT_NUMBER", for_production("IT01234567897")),
    "email": read_text("SELLER_EMAIL", for_production("billing@saldo.example")),
    "iban": read_text("SELLER_IBAN", for_production("IT60X0542811101000000123456")),
}
# Shown beside the IBAN to those who transfer from outside the area where the IBAN alone will do.
SELLER_BIC = read_text("SELLER_BIC", "" if PRODUCTION else "BLOPIT22")
# For how many days a bank transfer is waited for.
TRANSFER_DAYS = read_number("TRANSFER_DAYS", 30)

DJANGO_TABLES2_TEMPLATE = "django_tables2/saldo.html"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "portal.logs.RequestIdFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "at",  # in UTC, whatever zone the machine or the person is in
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": read_text("LOG_LEVEL", "INFO")},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("django.server", "httpx", "stripe", "weasyprint", "fontTools")},
        "django.request": {"level": "ERROR"},  # every request has its line already; this one brings the traceback
    },
}
