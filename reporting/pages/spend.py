"""Spend: the page that lists what a site's ads cost, and imports a file that an ad network exported. Before an import
the page shows what would change."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from conversions.configuration.spend_list import read_page, read_sources
from conversions.configuration.spend_table import Imported, check_spend, import_spend
from conversions.facts.ad_names import AdNames
from conversions.rules.site import SiteConfig
from conversions.spend.change import changed_days, count_unchanged
from conversions.spend.days import MAX_DAYS
from conversions.spend.lines import BadSpend
from conversions.spend.listed import PARAMETERS, list_row, read_wanted, write_place
from conversions.spend.options import OPTIONS, read_options
from conversions.spend.packed import pack, unpack
from conversions.spend.reader import NETWORKS
from conversions.spend.upload import MAX_BODY, read_upload, too_large
from conversions.units.clock import day_of, days_between, next_day
from conversions.units.now import now_ms
from reporting.pages.site_page import SitePage
from tracker.access import readable_site
from tracker.collection.currencies import CURRENCIES
from tracker.collection.refusal import Refusal

#: The days that the page lists by default; the most rows that it shows; and the most days of an import's changes.
DAYS, ROWS, CHANGED = 90, 50, 60


class SpendPage(SitePage):
    """The page that lists what a site's ads cost by day, and has the form to import more."""

    template = "reporting/spend.html"
    needs_site = False

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Set which days to list: the days that the address names. After an import, the days of the imported file are
        listed."""
        super().setup(request, *args, **kwargs)
        self.query: Mapping[str, str] = request.GET if request.method == "GET" else {}

    def values(self, site: SiteConfig) -> Iterator[dict[str, Any]]:
        """Yield what the form offers, and the list: what the ads cost, latest day first. Raises Refusal."""
        yield {"networks": NETWORKS, "currencies": sorted(CURRENCIES)}
        yield list_context(site, self.query)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Import the file that the form sent. If the form asks for a preview, only show what the import would
        change."""
        given = {name: request.POST.get(name, "") for name in OPTIONS}
        key, action = request.POST.get("site", ""), request.POST.get("action", "")
        context: dict[str, Any] = {"given": given, "action": action}
        try:
            body = sent_file(request)
            found = run_import(request, key, given, body, keep=action == "import")
        except BadSpend as error:
            context |= {"problems": error.detail.splitlines(), "status": error.status}
        except Refusal as error:
            context |= {"error": error.detail, "status": error.status}
        else:
            context |= {**change_context(found), "packed": pack(body) if action != "import" else ""}
            self.query = days_of(found)
        return self.show(key, context)


def sent_file(request: HttpRequest) -> bytes:
    """Return the bytes of the file that the form sent. If no file was chosen, return the file whose preview is shown;
    the form sends it along. Raises Refusal."""
    file = request.FILES.get("file")
    if file is not None:
        content: bytes = file.read()
        return content
    if request.POST.get("packed"):
        return unpack(request.POST["packed"])
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise too_large(f"{MAX_BODY >> 20} MiB")
    raise Refusal(400, "invalid", "Choose the file that the network exported.", "file")


def run_import(request: HttpRequest, key: str, given: Mapping[str, str], body: bytes, keep: bool) -> Imported:
    """Import a file as the spend of a site. Without `keep`, save nothing. In both cases, return what the import
    changes. `given`: the form's options. Raises Refusal."""
    site = readable_site(request, key)
    source, reading = read_options(given, site.currency, CURRENCIES)
    run = import_spend if keep else check_spend
    return run(site, source, read_upload(body, reading))


def change_context(found: Imported) -> dict[str, Any]:
    """Return what the template shows of an import's changes, by name."""
    days = changed_days(found.before, found.after)
    return {
        "found": found,
        "days": days[:CHANGED],
        "more_days": max(0, len(days) - CHANGED),
        "unchanged": count_unchanged(found.before, found.after),
    }


def days_of(found: Imported) -> dict[str, str]:
    """Return the first and the last day of an imported file, as parameters of the list. {} if a list can't have so many
    days."""
    days = {"from": found.first, "to": found.last}
    return days if len(days_between(found.first, found.last)) <= MAX_DAYS else {}


def list_context(site: SiteConfig, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template shows of the ads' costs, by name. `query`: which days and rows to list. Raises
    Refusal."""
    today = day_of(now_ms(), site.timezone)
    usual = {"from": next_day(today, 1 - DAYS), "to": today, "limit": str(ROWS)}
    chosen = {**usual, **{name: query[name] for name in PARAMETERS if query.get(name)}}
    rows, after = read_page(site.key, read_wanted(chosen))
    names = AdNames(site.ads)
    more = urlencode({**chosen, "site": site.key, "after": write_place(after)}) if after else ""
    shown = [list_row(row, names) for row in rows]
    return {"chosen": chosen, "rows": shown, "more": more, "sources": read_sources(site.key)}
