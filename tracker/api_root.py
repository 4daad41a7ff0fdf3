"""API root: lists the addresses of the API, which are read from the URL patterns."""

from collections.abc import Iterable, Iterator

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

API = "api/"


class ApiRootView(APIView):
    """The start page of the browsable API. It lists the addresses of the API's lists by name."""

    @extend_schema(summary="What the API offers", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Return the addresses of the API's lists: name -> absolute address."""
        paths = sorted(set(paths_of(get_resolver().url_patterns)))
        names = [path.removeprefix(API) for path in paths if path.startswith(API) and path != API]
        return Response({name: request.build_absolute_uri(f"/{API}{name}") for name in names})


def paths_of(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield the path of each URL pattern, also of included ones, as a text such as "/api/sites/". Paths with parameters
    are left out. `before` is the prefix of all paths."""
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from paths_of(pattern.url_patterns, path)
        elif "<" not in path and "^" not in path:
            yield path
