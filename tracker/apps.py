"""Django's descriptions of this room and of its admin; importing the checks registers them."""

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from tracker import checks

__all__ = ["AdminSiteConfig", "TrackerConfig", "checks"]

# Before any admin module is imported: Django's generic classes then take their types' arguments at run time, too.
django_stubs_ext.monkeypatch()


class TrackerConfig(AppConfig):
    """Accounts, sites and the collection of hits."""

    name = "tracker"
    default = True
    verbose_name = "Accounts and sites"


class AdminSiteConfig(admin_apps.AdminConfig):
    """Django's admin with our own AdminSite."""

    default_site = "tracker.admin_site.HitledgerAdmin"
    default = False
