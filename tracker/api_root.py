"""API root: lists the addresses of the API. New routes are listed automatically."""

from collections.abc import Iterable, Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

API = "api/"


class ApiRootView(APIView):
    """Lists the addresses of the browsable API by name."""

    @extend_schema(summary="What the API offers", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Return the absolute address of each API list by its name."""
        paths = sorted(set(paths_of(get_resolver().url_patterns)))
        names = [path.removeprefix(API) for path in paths if path.startswith(API) and path != API]
        return Response({name: request.build_absolute_uri(f"/{API}{name}") for name in names})


def paths_of(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield the path of each route, and of each included route. Paths with parameters are left out."""
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths_of(pattern.url_patterns, path)
        elif "<" not in path and "^" not in path:
            yield path
