"""Health: /healthz says whether this process answers at all; /readyz says whether each of the tracker's services works.

Both are public. If a service is down, they don't say why; the log does. Each service is checked at most once a second.
"""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tracker.probe import Answer, Probe, ask_all
from tracker.services import SERVICES, Service

STATES = ["up", "down", "slow"]
STATE = inline_serializer(
    "ServiceState",
    {"state": serializers.ChoiceField(STATES), "ms": serializers.FloatField(help_text="How long its answer took.")},
)
READY = inline_serializer(
    "Ready", {"ready": serializers.BooleanField(), "services": serializers.DictField(child=STATE)}
)
ALIVE = inline_serializer("Alive", {"status": serializers.CharField()})


def probe(service: Service) -> Probe[None]:
    """Make the Probe that checks a service. The connection to the service is opened at the first check."""
    return Probe(service.name, lambda: service.open().check())


PROBES = [probe(service) for service in SERVICES]


class FirstRenderer(BaseContentNegotiation):
    """Chooses the view's first renderer (JSON), whatever the header Accept or `?format=` asks for."""

    def select_parser(self, _request: Request, _parsers: object) -> None:
        """Return None: these views read no body."""

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format_suffix: object = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer and its media type."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class OpenView(APIView):
    """Base of public views. They have no authentication, because it would need the database."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = FirstRenderer


class HealthView(OpenView):
    """Tells load balancers that this process answers. It checks no service, because web processes must go on while a
    service is away."""

    @extend_schema(summary="Whether the process serves", responses=ALIVE)
    def get(self, _request: Request) -> Response:
        """Answer 200. No service is checked."""
        return Response({"status": "ok"})


class ReadyView(OpenView):
    """Tells people and monitors whether each service works."""

    @extend_schema(summary="How each backing service is", responses={200: READY, 503: READY})
    def get(self, _request: Request) -> Response:
        """Answer 200 if all services work, 503 if one doesn't. The answer takes about two seconds at most."""
        answers = ask_all(PROBES)
        ready = all(answer.state == "up" for answer in answers.values())
        services = {name: describe(answer) for name, answer in answers.items()}
        return Response({"ready": ready, "services": services}, status=200 if ready else 503)


def describe(answer: Answer[Any]) -> dict[str, Any]:
    """Return the state of a service (up, down or slow), and how many milliseconds its check took, or has taken so
    far."""
    return {"state": answer.state, "ms": round(answer.seconds * 1000, 1)}
