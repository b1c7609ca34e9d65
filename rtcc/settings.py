"""Django's settings. What differs from machine to machine comes from `rtcc.config`, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

from rtcc.config import config

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = config.secret_key
DEBUG = False
# The name in the address bar is part of the demo sign-in's defence, so it is compared exactly.
ALLOWED_HOSTS = [config.host]
CSRF_TRUSTED_ORIGINS = [config.origin]
SECURE = config.origin.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "csp",
    "audit.apps.AuditConfig",
    "policy.apps.PolicyConfig",
    "cameras.apps.CamerasConfig",
    "evidence.apps.EvidenceConfig",
    "evidence.records.apps.RecordsConfig",
    "evidence.exports.apps.ExportsConfig",
    "rtcc.live.apps.LiveConfig",
    "rtcc.dispatch.apps.DispatchConfig",
    "rtcc.bulletins.apps.BulletinsConfig",
    "rtcc.oversight.apps.OversightConfig",
    "rtcc.partners.apps.PartnersConfig",
    "rtcc.api.apps.ApiConfig",
    "rtcc.board.apps.BoardConfig",
    "rtcc.pages.apps.PagesConfig",
    "rtcc.onebox.apps.OneboxConfig",
]

MIDDLEWARE = [
    # Outermost: gives the database connection back before a streaming body starts.
    "rtcc.middleware.ReleaseConnection",
    "rtcc.health_views.AnswerHealth",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Before the next: who is signed in in a session that has ended is not signed in.
    "policy.accounts.middleware.KeepSession",
    # After the one before, whose person it replaces; before the next two, which ask who it is.
    "rtcc.api.middleware.SignInByToken",
    "rtcc.api.once.SentOnce",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rtcc.middleware.AnswerErrors",
]

ROOT_URLCONF = "rtcc.urls"
ASGI_APPLICATION = "rtcc.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "rtcc" / "pages" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rtcc.pages.context.room",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


def _database(url: str) -> dict[str, Any]:
    """One alias; the role comes with the URL of the process."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", parts.hostname or ""),
        "PORT": query.get("port", str(parts.port or "")),
        # An act decides on what it has read: a connection left over from before a restart of the
        # database must be noticed before the act, not in it.
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        # Each act opens its own transaction (policy.guard); a transaction around the request would
        # turn a refusal's entry into part of a rollback.
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"},
    }


DATABASES = {"default": _database(config.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "policy.Person"
AUTHENTICATION_BACKENDS = ["policy.accounts.backend.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
# Object permissions are facts that Cedar reads; guardian's anonymous user would be a second way in.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = False
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # TLS is ended by uvicorn itself; there is no plain port to redirect from.
    "guardian.W001",  # guardian's backend is not installed on purpose (see above).
]


def _tiles(template: str) -> list[str]:
    """Where the map's pictures come from, if the operator names a server: its origin, with any subdomain."""
    parts = urlsplit(template)
    return [f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"] if parts.netloc else []


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_tiles(config.map_tiles)],
        "media-src": ["blob:"],
        "connect-src": [SELF, config.origin.replace("http", "ws", 1)],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = config.data / "static"
STATICFILES_DIRS = [BASE_DIR / "rtcc" / "pages" / "static"]

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rtcc.api.signing_in.ByToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "rtcc.api.schema.Operation",
    "DEFAULT_PAGINATION_CLASS": "rtcc.api.paging.CursorPage",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "rtcc.middleware.answer_api_error",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Watchlight",
    "DESCRIPTION": "What the pages do, for programs: the same acts, decided by the same rules and entered in"
    " the same log. Lists come in cursor pages; a refusal names its rule and its entry (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # Words stand where they are used; names for sets of them would change whenever a word is added.
    "POSTPROCESSING_HOOKS": ["rtcc.api.handing_in.into_schema"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

ACCOUNT_ADAPTER = "policy.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# Failures are counted in the log and lock the account (`policy.accounts.lock`); this slows a machine that
# tries many names.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": None}
MFA_ADAPTER = "policy.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Watchlight"
# One step of 30 s to either side, for telephones whose clock is off.
MFA_TOTP_TOLERANCE = 1

# kombu spells a socket of Valkey its own way.
CELERY_BROKER_URL = config.broker_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
# Whoever presses a button does not wait for a broker that is away: background work sends it again.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0.1}

from rtcc.logs import LOGGING  # noqa: E402, F401  (the logging table reads config too)
