"""The Celery application of the baseline, for `celery -A bench.baseline.celery worker`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.baseline.settings")

import django

django.setup()

from bench.baseline.tasks import app  # noqa: E402

__all__ = ["app"]
