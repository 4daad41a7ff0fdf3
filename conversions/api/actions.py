"""What staff does to a site's range: roll it up again, or replay it from the archive."""

from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.schema import describe_replay, describe_replays, describe_rollup
from conversions.marks.ranges import Range, mark_range, read_range
from conversions.models import Replay
from conversions.replay.replay import batch_of
from conversions.units.now import now_ms
from tracker.access import readable_site
from tracker.collection.hit import iso
from tracker.models import Site

#: So many of a site's replays are told, the newest.
LISTED = 20


class RangeSerializer(serializers.Serializer[Any]):
    """`from` and `to`: instants, or days of the site's calendar; `to` is left out itself. Empty: no bound."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Both are optional; `from` is no name that Python allows."""
        return {name: serializers.CharField(max_length=40, required=False, allow_blank=True) for name in ("from", "to")}


class RangeView(GenericAPIView[Site]):
    """An action on a range of a site."""

    permission_classes = (IsAdminUser,)
    serializer_class = RangeSerializer
    queryset = Site.objects.none()

    def read(self, request: Request, key: str) -> tuple[str, str, Range]:
        """`from` and `to` as they were given, and the range that they name. Raises Refusal."""
        site = readable_site(request, key)
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        since, until = (given.validated_data.get(name, "") for name in ("from", "to"))
        return since, until, read_range(site, since, until)


class RollupView(RangeView):
    """Rolls a range of a site up again."""

    @describe_rollup
    def post(self, request: Request, key: str) -> Response:
        """Marks the range's hours; beat rolls them up within minutes."""
        *_, span = self.read(request, key)
        return Response({"marked": mark_range(span)}, status=202)


class ReplayView(RangeView):
    """Makes the facts and figures of a range of a site again from the archive, in the background."""

    @describe_replay
    def post(self, request: Request, key: str) -> Response:
        """Asks for a replay; beat goes on with it each minute. One that is under way already is not begun anew."""
        since, until, span = self.read(request, key)
        with transaction.atomic():
            row, _ = Replay.objects.get_or_create(site=span.site, since=since, until=until, ended_at=None)
            row.requested = True
            row.save(update_fields=["requested"])
        return Response(tell_replay(row, now_ms()), status=202)

    @describe_replays
    def get(self, request: Request, key: str) -> Response:
        """Tells how far the site's replays have come, the newest first."""
        rows = Replay.objects.filter(site=readable_site(request, key).key).order_by("-pk")[:LISTED]
        return Response({"results": [tell_replay(row, now_ms()) for row in rows]})


def tell_replay(row: Replay, now: int) -> dict[str, Any]:
    """How far a replay has come."""
    state = "done" if row.ended_at else "running" if row.held_until > now else "waiting"
    return {
        "id": row.pk,
        "from": row.since or None,
        "to": row.until or None,
        "state": state,
        "batches": row.batches,
        "hits": row.hits,
        "damaged": row.damaged,
        "reached": iso(int(batch_of(row.last_key)[:13])) if row.last_key else None,
        "problem": row.problem or None,
        "started_at": iso_time(row.started_at),
        "ended_at": iso_time(row.ended_at) if row.ended_at else None,
    }


def iso_time(moment: Any) -> str:
    """ISO 8601 UTC with `Z`, to the second."""
    return iso(int(moment.timestamp()) * 1000)
