"""Rejected: the endpoint that lists rejected hits with their reasons, and counts refused hits."""

from collections.abc import Callable, Mapping

from rest_framework.request import Request
from rest_framework.response import Response

from conversions.api.answers import RejectedPage
from conversions.api.parameters import find_url, next_url, read_text, read_time_after
from conversions.api.reader import ReaderView
from conversions.api.refused import read_refused
from conversions.api.schema import rejected_schema
from conversions.explain.opening import open_finder
from conversions.explain.rejected import KEPT, OWN, RejectedCursor, describe_rejected, find_rejected, is_wanted
from conversions.facts.rejected import RejectedHit
from conversions.marks.ranges import Range, read_range
from conversions.models import AHEAD_MS
from conversions.store.reading import open_to_read
from conversions.units.clock import DAY_MS, FOR_EVER
from conversions.units.now import now_ms
from tracker.access import readable_site
from tracker.collection.hit import to_plain
from tracker.collection.refusal import Refusal
from tracker.models import Site

DEFAULT_DAYS, MAX_DAYS = 30, 100


class RejectedView(ReaderView):
    """The rejected hits of a `site`, newest first.

    Without `from` and `to`, the hits of the last 30 days are listed. `code`, `hit`, `visitor`, `order` and `user`
    filter the list.
    """

    @rejected_schema
    def get(self, request: Request) -> Response:
        """List the rejected hits. The answer's `counts` has the number of rejected hits by code on the range's days
        (UTC). Hits above the daily cap are counted there, but not listed.

        The answer's `refused` counts the hits that collection refused on these days of the site's calendar. Of the
        filters, only `code` applies to these hits.
        """
        site = readable_site(request, request.query_params.get("site", ""))
        site_range = read_days(request.query_params, site, now_ms())
        latest, skip = read_time_after(request.query_params, site_range.until - 1)
        cursor = RejectedCursor(site_range.since, min(latest, site_range.until - 1), skip)
        found = find_rejected(open_to_read(), site.key, cursor, read_filter(request.query_params))
        counts = open_to_read().read_rejected_counts(site.key, site_range.since, site_range.until)
        after = f"{found.next.latest}.{found.next.skip}" if found.next else None
        find = open_finder()
        results = [describe_rejected(hit, find, find_url(request, site.key, hit.hit)) for hit in found.hits]
        refused = read_refused(site, site_range, read_text(request.query_params, "code"))
        return Response(
            to_plain(RejectedPage(results, next_url(request, after), dict(sorted(counts.items())), refused))
        )


def read_days(query: Mapping[str, str], site: Site, now: int) -> Range:
    """Return the range from `from` to `to`; by default the last 30 days. Raises Refusal if the range has more than
    MAX_DAYS days, because each hour is read separately."""
    site_range = read_range(site, read_text(query, "from"), read_text(query, "to"))
    until = site_range.until if site_range.until < FOR_EVER else max(now + AHEAD_MS, site_range.since) + 1
    since = site_range.since if query.get("from") else until - DEFAULT_DAYS * DAY_MS
    if until - since > MAX_DAYS * DAY_MS:
        raise Refusal(400, "range_too_long", f"A range has at most {MAX_DAYS} days.", "from")
    return Range(site.key, since, until)


def read_filter(query: Mapping[str, str]) -> Callable[[RejectedHit], bool] | None:
    """Return a function that says whether a rejected hit meets the filters of the query. None if the query has no
    filter."""
    wanted = {name: text for name in OWN + KEPT if (text := read_text(query, name))}
    return (lambda row: is_wanted(row, wanted)) if wanted else None
