"""ASGI: Django's application for ASGI servers. For them no code of our own is needed: Django itself reads chunked
bodies."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

application = get_asgi_application()
