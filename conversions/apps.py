"""Django's description of this room; importing the checks registers them."""

from django.apps import AppConfig

from conversions import checks

__all__ = ["ConversionsConfig", "checks"]


class ConversionsConfig(AppConfig):
    """Goals, campaigns, ads and facts."""

    name = "conversions"
