"""Django's descriptions of this room and of its admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class TrackerConfig(AppConfig):
    """Accounts, sites and the collection of hits."""

    name = "tracker"
    default = True
    verbose_name = "Accounts and sites"


class AdminSiteConfig(admin_apps.AdminConfig):
    """Django's admin with our own AdminSite."""

    default_site = "tracker.admin_site.HitledgerAdmin"
    default = False
