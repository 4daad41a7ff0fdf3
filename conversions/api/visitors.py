"""One visitor's timeline."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.parameters import next_url, page_url, read_place, read_text
from conversions.api.reader import ReaderView
from conversions.api.schema import describe_visitor
from conversions.configuration.readable import load_readable
from conversions.explain.cursor import write_place
from conversions.explain.opening import archive_key
from conversions.explain.timeline import meet, read_timeline, tell_fact
from conversions.store.reading import open_to_read
from tracker.collection.refusal import Refusal

PAGE = 100


class VisitorView(ReaderView):
    """What a `visitor` of a `site` did, in order of time: touches, conversions and links, each with its batch."""

    @describe_visitor
    def get(self, request: Request) -> Response:
        """Lists the visitor's facts. Every stored copy of a hit is there; which one counts, the conversion tells."""
        site = load_readable(request, request.query_params.get("site", ""))
        visitor = read_text(request.query_params, "visitor")
        if not visitor:
            raise Refusal(400, "missing_visitor", "Name the visitor by its id.", "visitor")
        facts, after = read_timeline(open_to_read(), site.key, visitor, read_place(request.query_params), PAGE)
        people = meet(open_to_read(), site.key, facts)
        told = (tell_fact(fact, site, people, archive_key) for fact in facts)
        return Response(
            {
                "site": site.key,
                "visitor": visitor,
                "results": [with_page(one, request) for one in told],
                "next": next_url(request, write_place(after) if after else None),
            }
        )


def with_page(told: dict[str, Any], request: Request) -> dict[str, Any]:
    """A conversion with the address of the page that explains it to people."""
    return {**told, "page": page_url(request, told["id"])} if "id" in told else told
