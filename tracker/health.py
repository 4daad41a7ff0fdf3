"""Health: /healthz says whether this process serves, /readyz whether each backing service works.

Anybody may read them. The answers have no reasons, which are in the log. Each service is checked at most once a second.
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
    """Make the probe that checks a service. The service is opened at the first request."""
    return Probe(service.name, lambda: service.open().check())


PROBES = [probe(service) for service in SERVICES]


class FirstRenderer(BaseContentNegotiation):
    """Always selects the view's first renderer, whatever `Accept` or `?format=` ask for."""

    def select_parser(self, _request: Request, _parsers: object) -> None:
        """Return None: these views read no body."""

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _format_suffix: object = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer and its media type."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class OpenView(APIView):
    """Base of views without authentication, because authentication would need the database."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = FirstRenderer


class HealthView(OpenView):
    """Says whether this process serves, for load balancers. It checks no service: web processes must keep serving while
    one is away."""

    @extend_schema(summary="Whether the process serves", responses=ALIVE)
    def get(self, _request: Request) -> Response:
        """Answer 200 without asking any service."""
        return Response({"status": "ok"})


class ReadyView(OpenView):
    """Says whether each backing service works, for people and monitors."""

    @extend_schema(summary="How each backing service is", responses={200: READY, 503: READY})
    def get(self, _request: Request) -> Response:
        """Answer 200 if all services are up, else 503. It takes at most about two seconds."""
        answers = ask_all(PROBES)
        ready = all(answer.state == "up" for answer in answers.values())
        services = {name: describe(answer) for name, answer in answers.items()}
        return Response({"ready": ready, "services": services}, status=200 if ready else 503)


def describe(answer: Answer[Any]) -> dict[str, Any]:
    """Return a service's state, and the milliseconds that its check took, or has taken until now."""
    return {"state": answer.state, "ms": round(answer.seconds * 1000, 1)}
