"""Parameters: reads and checks the query parameters of the API, and makes the URLs of pages."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.utils.urls import replace_query_param

from conversions.explain.cursor import read_cursor, read_number, write_cursor
from conversions.explain.find import START
from conversions.explain.listing import Position, read_position
from conversions.facts.records import OrderKey
from tracker.collection.refusal import Refusal

#: A parameter has at most this many characters. Ids are not longer.
MAX_TEXT = 200


def own_parameters(request: Request) -> QueryDict:
    """Return the query parameters of a request. The parameter `format` is left out, because it belongs to the browsable
    API, which chooses the form of its answer by it."""
    query = request.query_params.copy()
    query.pop(api_settings.URL_FORMAT_OVERRIDE, None)
    return query


def read_text(query: Mapping[str, str], name: str) -> str:
    """Return the text of a parameter; empty if the parameter is absent. Raises Refusal if the text is too long or has a
    NUL."""
    text = query.get(name, "")
    if len(text) > MAX_TEXT or "\0" in text:
        raise Refusal(400, "bad_parameter", f"At most {MAX_TEXT} characters, and no NUL.", name)
    return text


def read_only_one(query: Mapping[str, str], *names: str) -> tuple[str, str]:
    """Return the name and the text of the one parameter among `names` that the query has. Raises Refusal if the query
    has none or several of them."""
    given = [(name, text) for name in names if (text := read_text(query, name))]
    if len(given) != 1:
        raise Refusal(400, "bad_search", f"Give exactly one of {', '.join(names)}. Or give a range with from and to.")
    return given[0]


def read_after(query: Mapping[str, str]) -> OrderKey:
    """Read from the parameter `after` the position at which a page begins. Without this parameter, the page is the
    first one. Raises Refusal."""
    try:
        return read_cursor(read_text(query, "after") or write_cursor(START))
    except ValueError as error:
        raise _no_page() from error


def read_start(query: Mapping[str, str]) -> Position:
    """Read from the parameter `after` the position at which a page of one explanation begins. Without this parameter,
    the page is the first one. Raises Refusal."""
    try:
        return read_position(read_text(query, "after"))
    except ValueError as error:
        raise _no_page() from error


def read_time_after(query: Mapping[str, str], latest: int) -> tuple[int, int]:
    """Read from the parameter `after` the position at which a page of a list by time begins. Returns (instant in ms,
    how many rows at this instant are on earlier pages). Without this parameter, returns (`latest`, 0). Raises
    Refusal."""
    try:
        at, skip = (read_text(query, "after") or f"{latest}.0").split(".", 1)
        return read_number(at), max(read_number(skip), 0)
    except ValueError as error:
        raise _no_page() from error


def page_url(request: Request, id: str) -> str:
    """Return the URL of the page that explains a conversion to people."""
    return request.build_absolute_uri(reverse("explained", args=[id]))


def find_url(request: Request, site: str, hit: str) -> str:
    """Return the URL of the page that lists the conversions with this hit id."""
    return request.build_absolute_uri(f"{reverse('explain')}?{urlencode({'site': site, 'by': 'hit', 'q': hit})}")


def next_url(request: Request, after: str | None) -> str | None:
    """Return the URL of the next page of this request. None on the last page."""
    return replace_query_param(request.build_absolute_uri(), "after", after) if after else None


def _no_page() -> Refusal:
    return Refusal(400, "bad_page", "Take the URL of the next page from `next` of the page before it.", "after")
