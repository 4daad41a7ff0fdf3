"""The WSGI application of the baseline."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.baseline.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
