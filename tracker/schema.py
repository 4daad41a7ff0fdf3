"""Schema: the OpenAPI 3 description of every view, public; made once a process, for that takes a third of a second."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

RENDERED: dict[str, bytes | str] = {}


class SchemaView(SpectacularAPIView):
    """`?format=json`, or YAML."""

    @extend_schema(summary="This description", responses={(200, "application/vnd.oai.openapi"): OpenApiTypes.OBJECT})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """The description in the form that was asked for."""
        renderer = request.accepted_renderer
        if renderer.media_type not in RENDERED:
            RENDERED[renderer.media_type] = renderer.render(super().get(request, *args, **kwargs).data)
        return HttpResponse(RENDERED[renderer.media_type], content_type=renderer.media_type)
