"""Visitors: the endpoint that lists what a visitor did."""

from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.answers import TimelinePage
from conversions.api.parameters import next_url, page_url, read_after, read_text
from conversions.api.reader import ReaderView
from conversions.api.schema import visitor_schema
from conversions.configuration.readable import load_readable
from conversions.explain.cursor import write_cursor
from conversions.explain.opening import open_finder
from conversions.explain.timeline import FactDescriber, read_people, read_timeline
from conversions.store.reading import open_to_read
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal

PAGE = 100


class VisitorView(ReaderView):
    """What a `visitor` of a `site` did, in order of time: touches, conversions and links, each with its batch."""

    @visitor_schema
    def get(self, request: Request) -> Response:
        """List the visitor's facts. If a hit is stored in several copies, all copies are listed. The explanation of a
        conversion says which copy counts."""
        site = load_readable(request, request.query_params.get("site", ""))
        visitor = read_text(request.query_params, "visitor")
        if not visitor:
            raise Refusal(400, "missing_visitor", "Name the visitor by its id.", "visitor")
        facts, after = read_timeline(open_to_read(), site.key, visitor, read_after(request.query_params), PAGE)
        describer = FactDescriber(
            site=site,
            people=read_people(open_to_read(), site.key, facts),
            archive_key=open_finder(),
            page_url=lambda id: page_url(request, id),
        )
        results = [describer.describe(fact) for fact in facts]
        following = next_url(request, write_cursor(after) if after else None)
        return Response(to_plain(TimelinePage(site.key, visitor, results, following)))
