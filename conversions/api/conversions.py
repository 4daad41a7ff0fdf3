"""Conversions: the endpoints that explain conversions, or list those of a range. A conversion is found by its id, an
order, a click, a hit, a visitor or a user."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from conversions.api.answers import ConversionAnswer, ConversionsPage, ListedPage
from conversions.api.parameters import next_url, own_parameters, page_url, read_after, read_only_one, read_start
from conversions.api.reader import ReaderView
from conversions.api.schema import conversion_schema, conversions_schema
from conversions.configuration.readable import load_readable
from conversions.explain.cursor import write_cursor
from conversions.explain.explanation import Explanation
from conversions.explain.find import FoundCases, find_click, find_hit, find_order, find_user, find_visitor
from conversions.explain.newest import find_newest
from conversions.explain.opening import find_readable, open_explainer
from conversions.explain.wanted import read_wanted
from conversions.facts.records import OrderKey
from conversions.marks.marks import known_parts
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.store.reading import open_to_read
from conversions.verdicts.cases import Case
from tracker.collection.hit import to_plain

#: A page has at most this many conversions, each with its touches.
PAGE = 20
#: A page ends after this many bytes or seconds, because anybody can send hits that make explanations long.
PAGE_BYTES, PAGE_SECONDS = 700_000, 1.0

#: The parameters by which conversions can be found -> the function that finds them.
FINDS: Mapping[str, Callable[[Store, SiteConfig, str, OrderKey, int], FoundCases]] = {
    "order": find_order,
    "click": find_click,
    "hit": find_hit,
    "visitor": find_visitor,
    "user": find_user,
}


class ConversionsView(ReaderView):
    """Explains why conversions count or don't count, and what each touch gets.

    Name a `site` and one of `order`, `click`, `hit`, `visitor` and `user`. Or name a range of days, `from` and `to`.
    """

    @conversions_schema
    def get(self, request: Request) -> Response:
        """Explain the conversions of an order, a click, a hit, a visitor or a user. A conversion is also found by one
        of its duplicates.

        If the query names a range of days, list the conversions of the range, newest first.
        """
        site = load_readable(request, request.query_params.get("site", ""))
        if is_range(request.query_params):
            return Response(to_plain(list_page(site, request)))
        found = search(site, request)
        results = list(explain_page(site, found.cases, request))
        after = found.after(len(results))
        return Response(to_plain(ConversionsPage(results, next_url(request, write_cursor(after) if after else None))))


class ConversionView(ReaderView):
    """Explains why one conversion counts or doesn't count, and what each touch gets."""

    @conversion_schema
    def get(self, request: Request, id: str) -> Response:
        """Explain the conversion with this id."""
        site, case = find_readable(id, lambda key: load_readable(request, key))
        start = read_start(request.query_params)
        return Response(to_plain(with_urls(open_explainer(site).explain(case, start), request)))


def is_range(query: Mapping[str, str]) -> bool:
    """Whether a query names a range of days, and nothing to search for (order, click, hit, visitor or user)."""
    return ("from" in query or "to" in query) and not any(query.get(name) for name in FINDS)


def list_page(site: SiteConfig, request: Request) -> ListedPage:
    """Return a page of the list of conversions that the query of a request describes. Raises Refusal."""
    wanted, began = read_wanted(own_parameters(request), site), time.monotonic()
    found = find_newest(open_to_read(), site, wanted, known_parts, lambda: time.monotonic() - began > PAGE_SECONDS)
    return ListedPage(wanted.model, found.conversions, next_url(request, found.next))


def explain_page(site: SiteConfig, cases: Iterable[Case], request: Request) -> Iterator[ConversionAnswer]:
    """Explain conversions until the page is full or time is up. The first conversion is always explained."""
    began, size, explainer = time.monotonic(), 0, open_explainer(site)
    for case in cases:
        answer = with_urls(explainer.explain(case), request)
        yield answer
        size += len(msgspec.json.encode(answer))
        if size > PAGE_BYTES or time.monotonic() - began > PAGE_SECONDS:
            return


def with_urls(explanation: Explanation, request: Request) -> ConversionAnswer:
    """Add two URLs to an explanation: of the page that explains the conversion to people, and of the next page in the
    API."""
    own = request.build_absolute_uri(reverse("conversion", args=[explanation.id]))
    return ConversionAnswer(
        **msgspec.structs.asdict(explanation),
        page=page_url(request, explanation.id),
        next=replace_query_param(own, "after", explanation.after) if explanation.after else None,
    )


def search(site: SiteConfig, request: Request) -> FoundCases:
    """Find the conversions of the order, click, hit, visitor or user that the query names. Raises Refusal."""
    name, text = read_only_one(request.query_params, *FINDS)
    text = text.strip() if name == "order" else text
    return FINDS[name](open_to_read(), site, text, read_after(request.query_params), PAGE)
