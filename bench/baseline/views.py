"""The baseline's endpoint for hits: check the hit, look its site up, and send its tasks."""

import time
from uuid import uuid4

from celery import chain
from django.http import HttpRequest, HttpResponse
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.baseline.tasks import archive, attribute, count
from tracker.models import Site


def health(_request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process is up."""
    return HttpResponse("ok")


class HitSerializer(serializers.Serializer):
    """Checks a hit as the client sends it."""

    site = serializers.CharField(max_length=64)
    type = serializers.ChoiceField(["page", "click", "conversion"], default="page")
    visitor = serializers.CharField(max_length=64)
    ad = serializers.CharField(max_length=200, required=False, default="")
    url = serializers.CharField(max_length=8192, required=False, default="")
    name = serializers.CharField(max_length=200, required=False, default="")
    value = serializers.DecimalField(max_digits=18, decimal_places=6, required=False, default=None)


class Collect(APIView):
    """Takes one hit in a request."""

    authentication_classes: list[type] = []
    permission_classes: list[type] = []

    def get(self, request: Request) -> Response:
        """Take the hit of the query string."""
        return self.take(request.query_params)

    def post(self, request: Request) -> Response:
        """Take the hit of a form or of JSON."""
        return self.take(request.data)

    def take(self, data: object) -> Response:
        """Check a hit and send its tasks."""
        serializer = HitSerializer(data=data)
        serializer.is_valid(raise_exception=True)
        hit = dict(serializer.data)
        get_object_or_404(Site, key=hit["site"])
        hit |= {"id": uuid4().hex, "at": time.time_ns() // 1_000_000}
        chain(archive.s(hit), attribute.s(), count.s()).delay()
        return Response({"accepted": 1})
