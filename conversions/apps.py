"""Django's description of this room. Importing the checks registers them."""

from django.apps import AppConfig

from conversions import checks

__all__ = ["ConversionsConfig", "checks"]


class ConversionsConfig(AppConfig):
    """The app of goals, campaigns, ads and facts."""

    name = "conversions"
