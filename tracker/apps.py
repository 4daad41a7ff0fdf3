"""Apps: the Django app of the tracker, and Django's admin app with our own admin site. The import of `checks` here
registers the system checks."""

import gc

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from tracker import checks

__all__ = ["AdminSiteConfig", "TrackerConfig", "checks"]

# This is called before any admin module is imported. Django's generic classes then accept type arguments at run time.
django_stubs_ext.monkeypatch()


class TrackerConfig(AppConfig):
    """The app of accounts, sites and the collection of hits."""

    name = "tracker"
    default = True
    verbose_name = "Accounts and sites"

    def ready(self) -> None:
        """Turn on Python's garbage collector, which `manage.py`, `tracker.celery` and `tracker.wsgi` turn off while
        modules are imported. The collector never examines the objects that exist before this call."""
        gc.freeze()
        gc.enable()


class AdminSiteConfig(admin_apps.AdminConfig):
    """Django's admin app, with our own admin site in place of Django's."""

    default_site = "tracker.admin_site.HitledgerAdmin"
    default = False
