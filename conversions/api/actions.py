"""Actions: the endpoints with which staff rolls up or replays a range of a site."""

from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.answers import Marked
from conversions.api.replays import ReplayStates, describe_replay
from conversions.api.schema import replay_schema, replays_schema, rollup_schema
from conversions.marks.ranges import Range, mark_range, read_range
from conversions.models import Replay
from conversions.units.now import now_ms
from tracker.access import readable_site
from tracker.collection.hit import to_plain
from tracker.models import Site
from tracker.permissions import StaffPermissions

#: Only the newest replays of a site are listed, at most this many.
LISTED = 20


class RangeSerializer(serializers.Serializer[Any]):
    """The fields `from` and `to` of a request: instants, or days of the site's calendar. The range ends before `to`. An
    empty field means no limit."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Make the two optional fields. `from` is a keyword of Python, and can't be an attribute of the class."""
        return {name: serializers.CharField(max_length=40, required=False, allow_blank=True) for name in ("from", "to")}


class RangeView(GenericAPIView[Site]):
    """The base of the endpoints that roll up or replay a range of time of a site."""

    permission_classes = (StaffPermissions,)
    serializer_class = RangeSerializer
    queryset = Site.objects.none()

    def read(self, request: Request, key: str) -> tuple[str, str, Range]:
        """Read the range of a request. Returns (`from` as it was sent, `to` as it was sent, the range of time). Raises
        Refusal."""
        site = readable_site(request, key)
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        since, until = (given.validated_data.get(name, "") for name in ("from", "to"))
        return since, until, read_range(site, since, until)


class RollupView(RangeView):
    """Roll up a range of a site again."""

    permissions_needed = {"post": "tracker.roll_up_site"}

    @rollup_schema
    def post(self, request: Request, key: str) -> Response:
        """Mark the hours of the range to be rolled up again. The rollup happens within minutes."""
        *_, site_range = self.read(request, key)
        return Response(to_plain(Marked(mark_range(site_range))), status=202)


class ReplayView(RangeView):
    """Make the facts and figures of a range of a site again from the archive, in the background."""

    permissions_needed = {"post": "tracker.replay_site", "get": "tracker.view_site"}

    @replay_schema
    def post(self, request: Request, key: str) -> Response:
        """Request a replay of the range. The replay runs in the background, for part of each minute. If the same replay
        is already running, it continues."""
        since, until, site_range = self.read(request, key)
        with transaction.atomic():
            row, _ = Replay.objects.get_or_create(site=site_range.site, since=since, until=until, ended_at=None)
            row.requested = True
            row.save(update_fields=["requested"])
        return Response(to_plain(describe_replay(row, now_ms())), status=202)

    @replays_schema
    def get(self, request: Request, key: str) -> Response:
        """List the site's replays with their progress, newest first."""
        rows = Replay.objects.filter(site=readable_site(request, key).key).order_by("-pk")[:LISTED]
        return Response(to_plain(ReplayStates([describe_replay(row, now_ms()) for row in rows])))
