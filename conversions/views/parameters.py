"""The parameters of support's API, each bounded, and the address of the next page. Raises Refused."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from conversions.facts import OrderKey
from conversions.find import START
from tracker.errors import Refused
from tracker.hit import BadBatch

#: Longer ids no hit has.
MAX_TEXT = 200
#: What the stores can compare with an instant, ms.
MAX_AT = 1 << 60


def read_text(query: Mapping[str, str], name: str) -> str:
    """A parameter's text, empty where it is absent."""
    text = query.get(name, "")
    if len(text) > MAX_TEXT or "\0" in text:
        raise Refused(400, "bad_parameter", f"At most {MAX_TEXT} characters, and no NUL.", name)
    return text


def read_only_one(query: Mapping[str, str], *names: str) -> tuple[str, str]:
    """Which one of these parameters is given, and its text."""
    given = [(name, text) for name in names if (text := read_text(query, name))]
    if len(given) != 1:
        raise Refused(400, "bad_search", f"Give exactly one of {', '.join(names)}.")
    return given[0]


def read_place(query: Mapping[str, str]) -> OrderKey:
    """Where the page begins, of `after`, which `next` names."""
    at, digest, hit = _parts(read_text(query, "after") or write_place(START), 3)
    return _instant(at), hit, digest


def write_place(place: OrderKey) -> str:
    """A place as the parameter `after`."""
    at, hit, digest = place
    return f"{at}.{digest}.{hit}"


def read_time_place(query: Mapping[str, str], latest: int) -> tuple[int, int]:
    """Where a page of what is sorted by time begins: at which instant (ms), and after how many of it."""
    at, skip = _parts(read_text(query, "after") or f"{latest}.0", 2)
    return _instant(at), max(_instant(skip), 0)


def next_url(request: Request, after: str | None) -> str | None:
    """The address of the page that begins there; None after the last."""
    return replace_query_param(request.build_absolute_uri(), "after", after) if after else None


def archive_key(batch: str) -> str | None:
    """The archive's key of a batch id; None of what is no batch id."""
    try:
        key: str = import_string(settings.ARCHIVE_KEY)(batch)
    except BadBatch:
        return None
    return key


def _parts(text: str, count: int) -> list[str]:
    parts = text.split(".", count - 1)
    if len(parts) != count:
        raise _no_page()
    return parts


def _instant(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise _no_page() from error
    if abs(number) > MAX_AT:
        raise _no_page()
    return number


def _no_page() -> Refused:
    return Refused(400, "bad_page", "Take the address of a page from `next` of the one before.", "after")
