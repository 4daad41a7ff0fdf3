"""Django's settings of the baseline. It reads the same environment variables as the tracker."""

from tracker.settings import *  # noqa: F403
from tracker.settings import DATABASES, INSTALLED_APPS

ROOT_URLCONF = "bench.baseline.urls"
WSGI_APPLICATION = "bench.baseline.wsgi.application"
INSTALLED_APPS = [*INSTALLED_APPS, "bench.baseline"]
DATABASES = {**DATABASES}
