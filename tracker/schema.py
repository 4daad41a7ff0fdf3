"""Schema: /api/schema, the OpenAPI 3 description of all endpoints. The description is public. Each process makes it
only once, because this takes a third of a second."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

RENDERED: dict[str, bytes | str] = {}


class SchemaView(SpectacularAPIView):
    """Shows the description of the API as JSON, or as YAML if `?format=yaml` or the header Accept asks for it."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    @extend_schema(summary="This description", responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the description of the API as JSON or YAML."""
        renderer = request.accepted_renderer
        if renderer.media_type not in RENDERED:
            answer = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
            RENDERED[renderer.media_type] = renderer.render(answer.data)
        return HttpResponse(RENDERED[renderer.media_type], content_type=renderer.media_type)
