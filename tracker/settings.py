"""Settings: Django's settings, read from environment variables. Without any variable the tracker runs embedded, without
services."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tracker import tls
from tracker.count_files import store_counts_in
from tracker.environment import (
    SQLITE,
    BadSetting,
    kept_secret,
    read_choice,
    read_database,
    read_folder,
    read_hosts,
    read_names,
    read_networks,
    read_number,
    read_paths,
    read_prefix,
    read_shared_folder,
    read_switch,
    read_text,
    read_url,
)

BASE_DIR = Path(__file__).resolve().parent.parent
# The tracker's files contain addresses of people and hashes of passwords. Only the user that runs the tracker may read
# them.
os.umask(0o077)


#: The folder of the embedded data, and of the secret key if SECRET_KEY is unset.
STATE_DIR = read_folder("HITLEDGER_STATE", BASE_DIR / "var")


SECRET_KEY = read_text("SECRET_KEY") or kept_secret(STATE_DIR / "secret_key")
DEBUG = read_switch("DEBUG")
ALLOWED_HOSTS = read_hosts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
PORT = read_number("PORT", 8000, 1, 65535)
#: The web process: where it listens, its processes and threads, and how long a connection may be silent.
WEB_HOST = read_text("WEB_HOST") or "0.0.0.0"  # noqa: S104
WEB_CONCURRENCY = read_number("WEB_CONCURRENCY", 1, 1, 64)
WEB_THREADS = read_number("WEB_THREADS", 32, 1, 1000)
WEB_IDLE_SECONDS = read_number("WEB_IDLE_SECONDS", 75, 1, 3600)
TRUSTED_PROXIES = read_networks("TRUSTED_PROXIES")
#: Whether there is a demo shop, and the sign-in page says where the demo's password is. Only for trying the tracker.
DEMO = read_switch("DEMO")

#: The folder to which all processes write their counts. /metrics shows the sums.
METRICS_DIR = read_shared_folder("PROMETHEUS_MULTIPROC_DIR")
store_counts_in(METRICS_DIR)  # Must come before the first metric is made.

# The services. If a variable is unset, the tracker works without the service.
BROKER_URL = read_url("BROKER_URL", "amqp", "amqps", parameters=tls.FILES)
BROKER_TLS = tls.broker_options("BROKER_URL", BROKER_URL)
CASSANDRA_URL = read_url("CASSANDRA_URL", "cassandra", parameters=tls.CASSANDRA)
ARCHIVE_URL = read_url("ARCHIVE_URL", "s3", "file") or (STATE_DIR / "archive").as_uri()
S3_ENDPOINT_URL = read_url("S3_ENDPOINT_URL", "http", "https")
#: The objects of an hour of the archive are merged this many hours after its end; 0 means never.
ARCHIVE_MERGE_HOURS = read_number("ARCHIVE_MERGE_HOURS", 1, 0, 8760)

# Collection.
QUEUE_PREFIX = read_prefix("QUEUE_PREFIX")
HIT_LINGER_MS = read_number("HIT_LINGER_MS", 5, 0, 1000)
HIT_BATCH_MAX = read_number("HIT_BATCH_MAX", 500, 1, 500)
#: The number of messages that a worker process takes ahead. When a worker ends, each of its messages goes back to the
#: queue, which counts as a delivery. The upper bound is well below the number of deliveries that makes a dead letter.
HIT_QOS = read_number("HIT_QOS", 1, 1, 25)
SITE_CACHE_SECONDS = read_number("SITE_CACHE_SECONDS", 10, 0, 300)
#: Further paths of the script and of the endpoints that pages call, besides the usual ones.
PUBLIC_PATHS = read_paths("PUBLIC_PATHS", ("t.js", "collect", "pixel.gif", "click", "postback"))
REJECTED_DAILY_CAP = read_number("REJECTED_DAILY_CAP", 10_000, 0, 10_000_000)

#: The queues that workers take their tasks from: batches to archive, batches to attribute, rollups and fits, the rest.
QUEUES = [f"{QUEUE_PREFIX}{name}" for name in ("hits", "facts", "figures", "upkeep")]
#: The queues that the Procfile's worker takes tasks from; all queues if the variable is empty. The Procfile passes them
#: to Celery. They are checked here, because Celery answers a wrong name with a page of text.
WORKER_QUEUES = read_names("WORKER_QUEUES", QUEUES)

# Processing and reporting.
CONFIG_CACHE_SECONDS = read_number("CONFIG_CACHE_SECONDS", 10, 1, 300)
RETENTION_DAYS = read_number("RETENTION_DAYS", 396, 120, 3660)

INSTALLED_APPS = [
    *(["django_cassandra_engine"] if CASSANDRA_URL else []),
    "tracker.apps.AdminSiteConfig",
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
    "tracker.forwarded.only_by_proxies",
    "tracker.slashes.without_extra_slashes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tracker.cache_control.no_store",
    "tracker.content_policy.content_policy",
    "tracker.sign_in.guard_sign_in",
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
                "tracker.forwarded.advise",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def default_database() -> dict[str, Any]:
    """Return Django's setting for the configuration database: the one that DATABASE_URL names, or a SQLite file."""
    database = read_database("DATABASE_URL", STATE_DIR / "hitledger.sqlite3")
    if database["ENGINE"] == SQLITE:
        # WAL, and one writer at a time, which waits for its turn. synchronous=FULL, because accepted means durable.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
        database["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 4, "init_command": pragmas}
    else:
        database["OPTIONS"] = {"connect_timeout": 2, **database.get("OPTIONS", {})}
        database["CONN_HEALTH_CHECKS"] = True
        # Server-side cursors need one connection of the server for several statements. PgBouncer may use another for
        # each statement.
        database["DISABLE_SERVER_SIDE_CURSORS"] = True
    return {**database, "CONN_MAX_AGE": 600}


def cassandra_database(url: str) -> dict[str, Any]:
    """Return Django's setting for the Cassandra that stores facts.

    `url`: cassandra://[user:password@]host[,host...][:port]/keyspace[?ssl=true...]
    """
    parts = urlsplit(url)
    keyspace = parts.path.strip("/") or "hitledger"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,47}", keyspace):
        raise BadSetting("CASSANDRA_URL", "must end with a keyspace: a letter, then up to 47 letters, digits and _")
    hosts = re.sub(r"[\[\]]|:\d*$", "", parts.netloc.rpartition("@")[2])
    options: dict[str, Any] = {
        "connection": {
            "lazy_connect": True,
            "retry_connect": True,
            "port": parts.port or 9042,
            "protocol_version": 5,
            "connect_timeout": 3,
            **tls.cassandra_options("CASSANDRA_URL", url),
        },
        "replication": {"strategy_class": "SimpleStrategy", "replication_factor": CASSANDRA_REPLICATION},
    }
    return {
        "ENGINE": "django_cassandra_engine",
        "NAME": keyspace,
        "HOST": hosts,
        "USER": unquote(parts.username or "") or None,
        "PASSWORD": unquote(parts.password or "") or None,
        "OPTIONS": options,
    }


CASSANDRA_REPLICATION = read_number("CASSANDRA_REPLICATION", 1, 1, 9)
DATABASES = {"default": default_database()}
if CASSANDRA_URL:
    DATABASES["cassandra"] = cassandra_database(CASSANDRA_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: The cache of attempts to sign in. Each process has its own. It is bounded, because strangers can fill it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        *("UserAttributeSimilarityValidator", "MinimumLengthValidator"),
        *("CommonPasswordValidator", "NumericPasswordValidator"),
    )
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = read_switch("SECURE_COOKIES")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_FAILURE_VIEW = "tracker.error_pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if host not in ("*", "[::1]")]
X_FRAME_OPTIONS = "DENY"
#: The seconds for which browsers that came by HTTPS once must come by HTTPS only; 0 sets no such rule.
SECURE_HSTS_SECONDS = read_number("HSTS_SECONDS", 0, 0, 63_072_000)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
with suppress(OSError):
    STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns at each start if it is missing
WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755  # Another user may serve what collectstatic makes.
FILE_UPLOAD_HANDLERS = ["tracker.uploads.BoundedUpload"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_PARSER_CLASSES": [
        "tracker.parsers.TextParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["tracker.filters.NamedFilters", "tracker.filters.Search"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tracker.errors.exception_handler",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hitledger",
    "DESCRIPTION": "Self-hosted ad conversion tracking: collect hits, credit ads, explain every number.",
    "VERSION": "1",
    # The schemas of structs are JSON Schema, which OpenAPI uses from this version on.
    "OAS_VERSION": "3.1.0",
    # Choices are described in place, not as components.
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enum_id_removal"],
    "SERVE_INCLUDE_SCHEMA": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

#: The tasks that process a batch, in order. Tasks of other apps are named as text; each app can then be deployed by
#: itself.
HIT_CHAIN = ("tracker.tasks.archive_hits", "conversions.tasks.attribute_hits", "conversions.tasks.count_facts")

TASK_MODULES = ("tracker.tasks", "conversions.tasks", "reporting.tasks")
#: The seconds after which beat sends all scheduled tasks again.
BEAT_SECONDS = 60
BEAT = {
    "marker": "tracker.tasks.send_marker",
    "roll up": "reporting.tasks.roll_up",
    "fits": "reporting.tasks.fit_months",
    "replays": "conversions.tasks.carry_on_replays",
    "snapshot": "conversions.tasks.keep_snapshot",
    "archive": "tracker.tasks.merge_archive",
}

#: What the app `tracker` needs of other apps, named as text like the tasks above: how far the queue is processed, the
#: store to prepare, the function that marks a changed site, and the function that archives a changed configuration.
MARKER = "conversions.models.Marker"
OPEN_STORE = "conversions.store.adapters.open_store"
MARK_SITE = "conversions.marks.marks.mark_site"
KEEP_SOON = "conversions.configuration.snapshot.keep_soon"
#: The names of the functions that read metrics of other apps for /metrics.
GAUGES = ("reporting.gauges.read_gauges",)

#: The log level of all processes. The Procfile passes it to Celery. It is checked here, because Celery answers a wrong
#: level with a page of text.
LOG_LEVEL = read_choice("LOG_LEVEL", "INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        name: {"()": f"tracker.log.{kind}", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
        for name, kind in {"line": "Line", "strangers": "StrangersLine"}.items()
    },
    "filters": {"seldom": {"()": "tracker.log.Seldom"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr},
        "strangers": {
            "class": "logging.StreamHandler",
            "formatter": "strangers",
            "filters": ["seldom"],
            "stream": sys.stderr,
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A refused request concerns its sender, and anybody could fill the log with such requests.
    "loggers": {
        "django.request": {"level": "ERROR"},
        # Requests with a wrong Host, too many parameters, or a form of another site.
        "django.security": {"handlers": ["strangers"], "propagate": False},
        # Celery would log three lines for each batch, with people's hits in them.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # Celery warns about tasks with a delay, which are not used here.
        "kombu.transport.native_delayed_delivery": {"level": "ERROR"},
        # These would log a page for each try to reach a service that is away. Our own logs say it in a line.
        **{key: {"level": "DEBUG" if LOG_LEVEL == "DEBUG" else "CRITICAL"} for key in ("cassandra", "botocore")},
    },
}
