"""Conversions: endpoints that explain one conversion, or those of an order, a click, a hit, a visitor or a user."""

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.answers import ConversionAnswer, ConversionsPage
from conversions.api.parameters import next_url, page_url, read_after, read_only_one
from conversions.api.reader import ReaderView
from conversions.api.schema import conversion_schema, conversions_schema
from conversions.configuration.readable import load_readable
from conversions.explain.cursor import write_cursor
from conversions.explain.explanation import Explanation
from conversions.explain.find import FoundCases, find_click, find_hit, find_order, find_user, find_visitor
from conversions.explain.opening import find_readable, open_explainer
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read
from tracker.collection.hit import to_plain

#: At most this many conversions are on a page. Each comes with all touches of its persons.
PAGE = 20


class ConversionsView(ReaderView):
    """Why conversions count or not, and how much of them each touch gets.

    Name a `site` and one of `order`, `click`, `hit`, `visitor` and `user`.
    """

    @conversions_schema
    def get(self, request: Request) -> Response:
        """Explain the conversions of an order, a click, a hit, a visitor or a user, duplicates included."""
        site = load_readable(request, request.query_params.get("site", ""))
        found = search(site, request)
        results = [with_page(one, request) for one in map(open_explainer(site).explain, found.cases)]
        after = write_cursor(found.next) if found.next else None
        return Response(to_plain(ConversionsPage(results, next_url(request, after))))


class ConversionView(ReaderView):
    """Why one conversion counts or not, and how much of it each touch gets."""

    @conversion_schema
    def get(self, request: Request, id: str) -> Response:
        """Explain the conversion with this id."""
        site, case = find_readable(id, lambda key: load_readable(request, key))
        return Response(to_plain(with_page(open_explainer(site).explain(case), request)))


def with_page(explanation: Explanation, request: Request) -> ConversionAnswer:
    """Add the address of the page for people to an explanation."""
    return ConversionAnswer(**msgspec.structs.asdict(explanation), page=page_url(request, explanation.id))


def search(site: SiteConfig, request: Request) -> FoundCases:
    """Find the cases that the query asks for. Raises Refusal."""
    name, text = read_only_one(request.query_params, "order", "click", "hit", "visitor", "user")
    if name == "order":
        return find_order(open_to_read(), site, text.strip())
    find = {"click": find_click, "hit": find_hit, "visitor": find_visitor, "user": find_user}[name]
    return find(open_to_read(), site, text, read_after(request.query_params), PAGE)
