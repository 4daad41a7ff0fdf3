"""Conversions explained: one by its id, or those of an order, a hit, a visitor or a user."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.parameters import next_url, page_url, read_only_one, read_place
from conversions.api.reader import ReaderView
from conversions.api.schema import describe_conversion, describe_conversions
from conversions.configuration.readable import load_readable
from conversions.explain.cursor import write_place
from conversions.explain.find import Found, find_hit, find_order, find_user, find_visitor
from conversions.explain.opening import find_readable, open_explainer
from conversions.rules.site import SiteConfig
from conversions.store.reading import open_to_read

#: Conversions a page: each is told with all of its person's touches.
PAGE = 20


class ConversionsView(ReaderView):
    """Why conversions are counted or not, and which touches get how much of them.

    Name a `site` and one of `order`, `hit`, `visitor` and `user`.
    """

    @describe_conversions
    def get(self, request: Request) -> Response:
        """Explains the conversions of an order, a hit, a visitor or a user, as those that count or as duplicates."""
        site = load_readable(request, request.query_params.get("site", ""))
        found = search(site, request)
        place = write_place(found.next) if found.next else None
        told = map(open_explainer(site).explain, found.cases)
        return Response({"results": [with_page(one, request) for one in told], "next": next_url(request, place)})


class ConversionView(ReaderView):
    """One conversion: why it is counted or not, and which touches get how much of it."""

    @describe_conversion
    def get(self, request: Request, id: str) -> Response:
        """Explains the conversion of an id."""
        site, case = find_readable(id, lambda key: load_readable(request, key))
        return Response(with_page(open_explainer(site).explain(case), request))


def with_page(told: dict[str, Any], request: Request) -> dict[str, Any]:
    """With the address of the page that says it to people."""
    return {**told, "page": page_url(request, told["id"])}


def search(site: SiteConfig, request: Request) -> Found:
    """What the query asks for. Raises Refusal."""
    name, text = read_only_one(request.query_params, "order", "hit", "visitor", "user")
    if name == "order":
        return find_order(open_to_read(), site, text.strip())
    find = {"hit": find_hit, "visitor": find_visitor, "user": find_user}[name]
    return find(open_to_read(), site, text, read_place(request.query_params), PAGE)
