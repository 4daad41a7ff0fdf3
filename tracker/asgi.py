"""ASGI: Django's application for ASGI servers. Under ASGI, Django itself reads chunked bodies."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

application = get_asgi_application()
