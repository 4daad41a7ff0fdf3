"""Django's settings: every knob from the environment, each with a default that works embedded."""

import re
import secrets
import sys
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


class BadSetting(SystemExit):
    """An environment variable can't be used. Ends the start with one clear line, without a traceback."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"hitledger: {name} {problem}")


def read(kind: str, name: str, default: Any) -> Any:
    """The variable as `kind` (a method of environ.Env), or the default where it is unset or empty."""
    if not env.str(name, default=""):
        return default
    try:
        return getattr(env, kind)(name)
    except Exception as error:
        raise BadSetting(name, f"must be {kind}: {error}") from error


def read_number(name: str, default: int, least: int, most: int) -> int:
    """A whole number within its bounds."""
    value: int = read("int", name, default)
    if not least <= value <= most:
        raise BadSetting(name, f"must be a whole number from {least} to {most}, not {value}")
    return value


def read_url(name: str, *schemes: str) -> str:
    """A URL of one of the schemes, or nothing. It names a host (a bucket), or a folder where it is a file."""
    url: str = env.str(name, default="")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        named = parts.path if parts.scheme == "file" else parts.hostname and parts.port != 0
    except ValueError as error:
        raise BadSetting(name, f"is not a URL: {error}") from error
    if parts.scheme not in schemes or not url.startswith(f"{parts.scheme}://"):
        raise BadSetting(name, f"must begin with {' or '.join(scheme + '://' for scheme in schemes)}")
    if not named:
        raise BadSetting(name, "must name a host, a bucket or a folder after ://")
    return url


def read_choice(name: str, *choices: str) -> str:
    """One of the words, the first by default; upper or lower case."""
    word: str = env.str(name, default="").upper() or choices[0]
    if word not in choices:
        raise BadSetting(name, f"must be one of {', '.join(choices)}")
    return word


def read_hosts(name: str, default: list[str]) -> list[str]:
    """A comma list of host names, without scheme, port or path."""
    hosts: list[str] = [host.strip() for host in read("list", name, default) if host.strip()]
    for host in hosts:
        if "/" in host or " " in host or (":" in host and not host.startswith("[")):
            raise BadSetting(name, f"must be a comma list of host names, without https:// and port, not {host!r}")
    return hosts


def read_prefix(name: str) -> str:
    """What the names of queues begin with, so that deployments can share a virtual host; nothing by default."""
    prefix: str = env.str(name, default="")
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,40}", prefix):
        raise BadSetting(name, "must be up to 40 letters, digits and . _ -")
    return prefix


def read_networks(name: str) -> list[Any]:
    """A comma list of addresses and networks."""
    try:
        return [ip_network(text.strip()) for text in read("list", name, []) if text.strip()]
    except ValueError as error:
        raise BadSetting(name, f"must be a comma list of networks such as 10.0.0.0/8: {error}") from error


def state_folder(name: str) -> Path:
    """The folder of everything that is kept here: the embedded data, and the secret key unless it is given."""
    folder = Path(env.str(name, default="") or BASE_DIR / "var").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(name, f"must be a folder that can be made and written: {error}") from error
    return folder


STATE_DIR = state_folder("HITLEDGER_STATE")


def kept_secret(path: Path) -> str:
    """A secret that is made at the first start and kept beside the embedded data; complete or not there at all."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        if not path.exists():
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                path.hardlink_to(fresh)
            fresh.unlink()
        return path.read_text()
    except OSError as error:
        raise BadSetting("SECRET_KEY", f"is not set and can't be kept in HITLEDGER_STATE: {error}") from error


SECRET_KEY: str = env.str("SECRET_KEY", default="") or kept_secret(STATE_DIR / "secret_key")
DEBUG = read("bool", "DEBUG", False)
ALLOWED_HOSTS = read_hosts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
PORT = read_number("PORT", 8000, 1, 65535)
TRUSTED_PROXIES = read_networks("TRUSTED_PROXIES")
#: The demo shop and the demo account's sign-in on the start page; only for trying the tool.
DEMO = read("bool", "DEMO", False)

# The services; unset means embedded.
BROKER_URL = read_url("BROKER_URL", "amqp", "amqps")
CASSANDRA_URL = read_url("CASSANDRA_URL", "cassandra")
ARCHIVE_URL = read_url("ARCHIVE_URL", "s3", "file") or (STATE_DIR / "archive").as_uri()
S3_ENDPOINT_URL = read_url("S3_ENDPOINT_URL", "http", "https")

# Collection.
QUEUE_PREFIX = read_prefix("QUEUE_PREFIX")
HIT_LINGER_MS = read_number("HIT_LINGER_MS", 5, 0, 1000)
HIT_BATCH_MAX = read_number("HIT_BATCH_MAX", 500, 1, 500)
HIT_QOS = read_number("HIT_QOS", 1, 1, 100)
SITE_CACHE_SECONDS = read_number("SITE_CACHE_SECONDS", 10, 0, 300)
REJECTED_DAILY_CAP = read_number("REJECTED_DAILY_CAP", 10_000, 0, 10_000_000)

# Processing and reporting.
CONFIG_CACHE_SECONDS = read_number("CONFIG_CACHE_SECONDS", 10, 1, 300)
RETENTION_DAYS = read_number("RETENTION_DAYS", 396, 120, 3660)

INSTALLED_APPS = [
    *(["django_cassandra_engine"] if CASSANDRA_URL else []),
    "tracker.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "tracker",
    "conversions",
    "reporting",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def default_database() -> dict[str, Any]:
    """The configuration database: DATABASE_URL, else a SQLite file."""
    database: dict[str, Any] = read("db", "DATABASE_URL", None) or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(STATE_DIR / "hitledger.sqlite3"),
    }
    if database["ENGINE"].endswith("sqlite3"):
        # WAL and one writer at a time that waits its turn; synchronous=FULL because accepted means durable.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
        database["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 4, "init_command": pragmas}
    elif database["ENGINE"].endswith("postgresql"):
        database["OPTIONS"] = {"connect_timeout": 2, **database.get("OPTIONS", {})}
        database["CONN_HEALTH_CHECKS"] = True
    else:
        raise BadSetting("DATABASE_URL", "must begin with sqlite:/// or postgres://")
    return {**database, "CONN_MAX_AGE": 600}


def cassandra_database(url: str) -> dict[str, Any]:
    """The facts' Cassandra: cassandra://[user:password@]host[,host...][:port]/keyspace."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2].rpartition(":")[0] or parts.netloc.rpartition("@")[2]
    options: dict[str, Any] = {
        "connection": {
            "lazy_connect": True,
            "retry_connect": True,
            "port": parts.port or 9042,
            "protocol_version": 5,
            "connect_timeout": 3,
        },
        "replication": {"strategy_class": "SimpleStrategy", "replication_factor": CASSANDRA_REPLICATION},
    }
    return {
        "ENGINE": "django_cassandra_engine",
        "NAME": parts.path.strip("/") or "hitledger",
        "HOST": hosts,
        "USER": parts.username,
        "PASSWORD": parts.password,
        "OPTIONS": options,
    }


CASSANDRA_REPLICATION = read_number("CASSANDRA_REPLICATION", 1, 1, 9)
DATABASES = {"default": default_database()}
if CASSANDRA_URL:
    DATABASES["cassandra"] = cassandra_database(CASSANDRA_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = read("bool", "SECURE_COOKIES", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host not in ("*", "[::1]")]
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
with suppress(OSError):
    STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at each start where it is not there
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_FILTER_BACKENDS": ["tracker.filters.NamedFilters", "rest_framework.filters.SearchFilter"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tracker.errors.exception_handler",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hitledger",
    "DESCRIPTION": "Self-hosted ad conversion tracking: collect hits, credit ads, explain every number.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

#: The way of a batch after the queue; the rooms are named as text so that each can be deployed alone.
HIT_CHAIN = ("tracker.tasks.archive_hits", "conversions.tasks.attribute_hits", "conversions.tasks.count_facts")

TASK_MODULES = ("tracker.tasks", "conversions.tasks", "reporting.tasks")
#: What beat does, each so many seconds.
BEAT_SECONDS = 60
BEAT = {
    "marker": "tracker.tasks.send_marker",
    "roll up": "reporting.tasks.roll_up",
    "replays": "conversions.tasks.carry_on_replays",
}

#: What the commands of one room need of another, named as text for the same reason.
MARKER = "conversions.models.Marker"
WAIT_UNTIL_IDLE = "tracker.queues.wait_until_idle"
OPEN_ARCHIVE = "tracker.archive.open_archive"
ARCHIVE_KEY = "tracker.archive.archive_key"
OPEN_STORE = "conversions.store.adapters.open_store"
#: What /metrics tells of the other rooms: functions that give names and numbers.
GAUGES = ("reporting.gauges.read_gauges",)

LOG_LEVEL = read_choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A refused request is its sender's affair, and anyone could fill the log with them.
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Their every try to reach a service that is away would be a page; our own logs say it in a line.
        **{key: {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "CRITICAL"} for key in ("cassandra", "botocore")},
    },
}
