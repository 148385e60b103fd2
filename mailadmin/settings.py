"""All settings. An operator sets ``MAILADMIN_…`` variables, which README.md and deploy/mailadmin.env list."""

import socket
from pathlib import Path

from csp.constants import NONE, SELF

from mailadmin import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = env.path("MAILADMIN_STATE_DIR", BASE_DIR / "var")

DEBUG = env.flag("MAILADMIN_DEBUG", False)
SECRET_KEY = env.secret("MAILADMIN_SECRET_KEY", generated=STATE_DIR / "secret-key")
ALLOWED_HOSTS = env.words("MAILADMIN_ALLOWED_HOSTS", "localhost 127.0.0.1 [::1]")
CSRF_TRUSTED_ORIGINS = env.words("MAILADMIN_TRUSTED_ORIGINS")
HTTPS = env.flag("MAILADMIN_HTTPS", False)

# --- mailadmin itself -------------------------------------------------------------------------------------------------

#: Where the publisher on this host writes. /etc/mail only when the operator says so.
MAIL_DIR = env.path("MAILADMIN_MAIL_DIR", STATE_DIR / "mail")
#: The name under which this machine's publisher registers.
HOST_NAME = env.text("MAILADMIN_HOST", socket.gethostname())
#: The cluster in which it registers. Empty: the one that it is in, or else the default one.
CLUSTER = env.text("MAILADMIN_CLUSTER")
#: The sendmail.cf that newaliases and the proof of life read; for our own mail directory what make run built.
_OWN_CF = STATE_DIR / "sendmail" / "sendmail.cf"
_LIVE_CF = Path("/etc/mail/sendmail.cf")
SENDMAIL_CF = env.path(
    "MAILADMIN_SENDMAIL_CF", _OWN_CF if not env.text("MAILADMIN_MAIL_DIR") and _OWN_CF.exists() else _LIVE_CF
)
#: Whose pid gets the SIGHUP. Empty: the PidFile option of SENDMAIL_CF.
SENDMAIL_PID_FILE = env.text("MAILADMIN_SENDMAIL_PID_FILE")
#: Whether a daemon must be signalled and answer: yes, no, or auto (only if its pid file names a living process).
SENDMAIL_DAEMON = env.text("MAILADMIN_SENDMAIL_DAEMON", "auto")
#: How all maps are built. Empty: as SENDMAIL_CF says of each.
MAP_TYPE = env.choice("MAILADMIN_MAP_TYPE", "", ("hash", "btree"))
#: Tables whose files or types are others than SENDMAIL_CF says.
FILES = env.files("MAILADMIN_FILES")
#: Published generations that are kept on the host.
KEEP_GENERATIONS = env.number("MAILADMIN_KEEP_GENERATIONS", 5, least=1)
#: Publications of a few changes of one table, each made in a copy of its map, after which it is made anew as a whole.
FULL_EVERY = env.number("MAILADMIN_FULL_EVERY", 50)
#: Whether what began or ended by its date is published at once, with whatever else is applied and not yet live.
PUBLISH_DATES = env.flag("MAILADMIN_PUBLISH_DATES", default=True)
#: Seconds between two looks of the publisher at the database.
POLL_SECONDS = env.number("MAILADMIN_POLL_SECONDS", 1, least=1)
#: Between two looks of the publisher at the files that it wrote.
DRIFT_SECONDS = env.number("MAILADMIN_DRIFT_SECONDS", 60, least=1)
#: Seconds that one external command may take.
COMMAND_SECONDS = env.number("MAILADMIN_COMMAND_SECONDS", 300, least=1)
#: Networks and domains of the site, which keep relaying when everything else is closed. Of the machine and not of the
#: panel: nobody widens them there before they close the rest.
OWN_NETWORKS = env.words("MAILADMIN_OWN_NETWORKS")
#: Share of a table, in per cent, that one publication may delete or change before a person must say so.
UNSAFE_PERCENT = env.number("MAILADMIN_UNSAFE_PERCENT", 30, least=1)
#: Entries that a table may lose or change in any case.
UNSAFE_FLOOR = env.number("MAILADMIN_UNSAFE_FLOOR", 10)
#: Days for which nobody may approve the changes of an account that they made, re-enabled or reset.
ACCOUNT_DISTANCE_DAYS = env.number("MAILADMIN_ACCOUNT_DISTANCE_DAYS", 7)
#: Minutes for which a log-in or a confirmed password lets a person approve.
REAUTHENTICATION_MINUTES = env.number("MAILADMIN_REAUTHENTICATION_MINUTES", 15, least=1)
#: Which local names are users, for the check of targets: this machine's (``system``) or nobody knows (``unknown``).
LOCAL_USERS = env.text("MAILADMIN_LOCAL_USERS", "system")
#: The syslog server that gets every audit event. Nothing: none does.
AUDIT_SYSLOG = env.syslog("MAILADMIN_AUDIT_SYSLOG")
#: The bare git repository that gets a commit for each publication on this host. Nothing: none does.
GIT_REPOSITORY = env.optional_path("MAILADMIN_GIT_REPOSITORY")
#: Whether passwords stand in it as they are, and not as dots.
GIT_SECRETS = env.flag("MAILADMIN_GIT_SECRETS", default=False)
#: What a Prometheus server shows to be told how everything stands. Nothing: nobody is told.
METRICS_TOKEN = env.given_secret("MAILADMIN_METRICS_TOKEN")
PAGE_SIZE = env.number("MAILADMIN_PAGE_SIZE", 50, least=10)

# --- letters ----------------------------------------------------------------------------------------------------------

#: Whether anybody is told anything by e-mail. Notices in the panel are written in any case.
EMAIL_ON = env.flag("MAILADMIN_EMAIL", True)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_ON else 'dummy'}.EmailBackend"
EMAIL_HOST = env.text("MAILADMIN_EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("MAILADMIN_EMAIL_PORT", 25, least=1, most=65535)
#: Seconds that the mail server may take for any one answer.
EMAIL_TIMEOUT = 30
EMAIL_FROM = DEFAULT_FROM_EMAIL = env.address("MAILADMIN_EMAIL_FROM", f"mailadmin@{HOST_NAME}")
#: Days for which a letter that nobody takes is tried again.
EMAIL_DAYS = env.number("MAILADMIN_EMAIL_DAYS", 3, least=1)
#: Where the links in letters lead.
BASE_URL = env.url(
    "MAILADMIN_BASE_URL",
    f"https://{ALLOWED_HOSTS[0].lstrip('.*')}" if HTTPS and ALLOWED_HOSTS else "http://localhost:8000",
)
#: The hour, in TIME_ZONE, from which the daily digest goes out.
DIGEST_HOUR = env.number("MAILADMIN_DIGEST_HOUR", 7, most=23)

# --- Django -----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "mailadmin.accounts",
    "tables",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "heroicons",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "mailadmin.middleware.HtmxLoginMiddleware",
    "mailadmin.middleware.PasswordChangeMiddleware",
]

ROOT_URLCONF = "mailadmin.urls"
WSGI_APPLICATION = "mailadmin.wsgi.application"

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
                "tables.context.navigation",
            ],
            "builtins": ["heroicons.templatetags.heroicons", "tables.templatetags.icons"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": env.database("MAILADMIN_DATABASE_URL", BASE_DIR, f"sqlite:///{STATE_DIR / 'mailadmin.sqlite3'}"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["mailadmin.accounts.backends.RolesBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

ACCOUNT_ADAPTER = "mailadmin.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
# Behind the proxy that HTTPS implies, everybody would else share one address, and one limit of failed log-ins.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_MINUTES * 60
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "mailadmin"
MFA_FORMS = {
    "authenticate": "mailadmin.accounts.second_factor.AuthenticateForm",
    "reauthenticate": "mailadmin.accounts.second_factor.ReauthenticateForm",
}

SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.text("MAILADMIN_TIME_ZONE", "UTC")
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

#: How a line of the log is written: for people (line) or for programs (json).
LOG_FORMAT = env.choice("MAILADMIN_LOG_FORMAT", "line", ("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "mailadmin.logs.json_formatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"mailadmin": {"level": env.text("MAILADMIN_LOG_LEVEL", "INFO").upper()}},
}
