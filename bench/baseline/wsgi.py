"""The baseline's WSGI application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.baseline.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
