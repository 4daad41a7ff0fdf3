"""OpenAPI: helpers for the views' descriptions, shared by all rooms."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers


def parameter(name: str, description: str, **more: Any) -> OpenApiParameter:
    """A parameter of the query."""
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=description, **more)


def amount(**more: Any) -> serializers.CharField:
    """Conversions or money."""
    return serializers.CharField(help_text="A decimal with exactly six places.", **more)
