"""Destination: checks where the link of an ad may lead, and passes the link's parameters on to the landing page.
Pure."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from conversions.facts.parameters import MAX_PARAMETERS, separator_after
from tracker.collection.text import is_broken

MAX_URL = 2_000
#: The longest URL of a landing page with added parameters. Many servers refuse URLs that are much longer.
MAX_LANDING = 7_500
#: The parameters of a link that are for the tracker itself. They are not passed on.
OWN = frozenset(("to", "consent", "hl_ad", "hl_click"))
#: A URL that browsers and this program read in the same way. It has no backslashes and no control characters, because
#: browsers drop them or turn them into slashes. It has no name or password before the host. The host is ASCII, because
#: browsers may turn other letters into dots or slashes.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?(?:[/?#][^\\\x00-\x1f\x7f]*)?",
    re.IGNORECASE | re.ASCII,
)
USUAL_PORTS = {"http": ":80", "https": ":443"}


def is_web_address(url: str) -> bool:
    """Whether a text is a URL of any host to which a browser can be redirected."""
    return len(url) <= MAX_URL and url.lower().startswith(("http://", "https://")) and url.isprintable()


def is_of_site(url: str, domains: Iterable[str]) -> bool:
    """Whether a URL is on one of these domains. If a domain has a port (`localhost:8000`), the URL must have this port.
    Otherwise the URL must have the usual port."""
    match = _ADDRESS.fullmatch(url) if len(url) <= MAX_URL else None
    if match is None or is_broken(url):
        return False
    host, port = match["host"].lower(), match["port"] or ""
    names = {host + port, host} if port in ("", USUAL_PORTS[match["scheme"].lower()]) else {host + port}
    return not names.isdisjoint(map(_as_host, domains))


def home_page(domains: Iterable[str]) -> str:
    """Return the URL of a site's home page. Empty if the site has no domain."""
    first = next(iter(domains), "")
    return f"https://{_as_host(first)}/" if first else ""


def _as_host(domain: str) -> str:
    """Return a domain in the form that it has in URLs: in lower case and ASCII."""
    try:
        return domain.lower() if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""


def passed_on(query: str) -> list[tuple[str, str]]:
    """Return the parameters of a link that are passed on to the landing page, in order: all but those for the tracker
    itself. Raises ValueError if the query has too many parameters."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PARAMETERS)
    return [(name, value) for name, value in pairs if name not in OWN]


def with_parameters(page: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Add parameters to a URL, after its own query and before its fragment. The first parameter that would make the URL
    longer than MAX_LANDING is left out, and all after it."""
    page, hash_mark, fragment = page.partition("#")
    for name, value in pairs:
        added = f"{separator_after(page)}{urlencode([(name, value)], errors='surrogateescape')}"
        if len(page) + len(added) + len(fragment) > MAX_LANDING:
            break
        page += added
    return f"{page}{hash_mark}{fragment}"
