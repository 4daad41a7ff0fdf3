"""Django's configuration of this app. The import of `checks` registers its checks."""

from django.apps import AppConfig

from conversions import checks

__all__ = ["ConversionsConfig", "checks"]


class ConversionsConfig(AppConfig):
    """The Django app of goals, campaigns, ads and facts."""

    name = "conversions"
