"""`/click`: the link of an ad. The view records the click and redirects to the landing page, with the signed click in
the URL.

A person waits for the redirect. Once the landing page is known, no error prevents the redirect.
"""

import logging
import re
from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from conversions.destination import home_page, is_of_site, is_web_address, passed_on, with_parameters
from conversions.facts.handover import Handover, hand_over
from conversions.facts.touch import custom_parameters
from conversions.macros import fill_in
from conversions.models import Ad
from tracker.admission import RATES
from tracker.collection.body import read_form
from tracker.collection.collect import MAX_UA, MAX_URL, Sender, new_hit_id
from tracker.collection.consent import ANALYTICS, DENIED, read_consent, remove_denied
from tracker.collection.failure import Transient
from tracker.collection.hit import Hit
from tracker.collection.known import Known
from tracker.collection.refusal import Refusal, WrongMethod
from tracker.collection.text import repair
from tracker.collection.visitor_id import own_stand_in, stand_in
from tracker.commit import send_hits
from tracker.errors import RETRY_SECONDS, refusal_response
from tracker.incoming import read_query_string, read_sender
from tracker.lookup import Bounded, Cached, look_up_each
from tracker.models import Site
from tracker.refusals import note_refusal
from tracker.visitor_cookie import known_visitor

logger = logging.getLogger(__name__)

#: Recording the click may take at most this many seconds, because the person waits for the redirect.
CLICK_SECONDS = 1.0

#: The form of keys of sites and ads. A text of another form is not looked up.
KEY = re.compile(r"[A-Za-z0-9._:-]{1,100}")
TO = OpenApiParameter("to", description="Another landing page, on one of the site's domains.")
CONSENT = OpenApiParameter("consent", description="The consent signals, in the same form as for `/collect`.")

T = TypeVar("T")


class ClickSite(msgspec.Struct, frozen=True):
    """The fields of a site that a click needs."""

    key: str
    domains: tuple[str, ...]
    secret: str
    hits_per_second: int
    denied: tuple[str, ...]
    timezone: str


def look_up_site(key: str) -> ClickSite | None:
    """Read the site with a public key. None if no site has the key. Raises django.db.Error."""
    row = Site.objects.filter(key=key).first()
    if row is None:
        return None
    return ClickSite(
        key=row.key,
        domains=tuple(row.domains),
        secret=row.click_secret,
        hits_per_second=row.hits_per_second,
        denied=tuple(row.denied_signals),
        timezone=row.timezone,
    )


class AdLink(msgspec.Struct, frozen=True):
    """Where an ad leads. `destination`: a URL; empty if the ad has none. `campaign`: the key of the ad's campaign."""

    destination: str
    campaign: str


def look_up_destination(site_and_ad: str) -> AdLink | None:
    """Read where an ad leads. None if there is no such ad. `site_and_ad`: the two keys, as `SITE/AD`. Raises
    django.db.Error."""
    site, _, ad = site_and_ad.partition("/")
    found = Ad.objects.filter(campaign__site__key=site, key=ad).order_by("pk")
    first = found.values_list("destination", "campaign__key").first()
    return AdLink(*first) if first else None


SITES: Cached[ClickSite] = Cached(Bounded(look_up_each(look_up_site)), settings.SITE_CACHE_SECONDS)
DESTINATIONS: Cached[AdLink] = Cached(Bounded(look_up_each(look_up_destination)), settings.SITE_CACHE_SECONDS)


class CantLookUp(Refusal):
    """Raised if the site or the ad isn't in the cache and the database can't be reached."""

    retry_after = RETRY_SECONDS

    def __init__(self) -> None:
        super().__init__(503, "unavailable", "The ad can't be looked up now. Try again in a few seconds.")


class ClickView(APIView):
    """The link of an ad. The view never answers 500: after an unexpected error it answers 503."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(summary="Follow an ad's link", parameters=[TO, CONSENT], responses={302: None})
    def get(self, request: HttpRequest, site: str, ad: str) -> HttpResponse:
        """Record the click and redirect to the landing page."""
        found = find_site(site)
        query = read_query_string(request)
        given = read_form(query)
        others = passed_on(query)
        sender = read_sender(request)
        click = Handover(ad, new_hit_id(), sender.received)
        consent = {**dict.fromkeys(found.denied, DENIED), **read_consent(given.get("consent"))}
        page = with_parameters(find_page(found, click, given.get("to", ""), consent), others)
        if request.method == "GET":
            visitor = known_visitor(request.COOKIES, request.META.get("HTTP_HOST", ""), found.domains)
            hit = click_hit(click, page, others, found, sender, consent, visitor)
            record(remove_denied(hit, found.denied, own_stand_in(hit, sender.salt)), found)
        return lead_to(hand_over(page, click, found.key, found.secret))

    def dispatch(self, request: HttpRequest, **keys: Any) -> HttpResponse:
        """Answer a request, without the overhead of DRF."""
        try:
            if request.method not in ("GET", "HEAD"):
                raise WrongMethod("GET", "HEAD")
            return self.get(request, **keys)
        except Refusal as refusal:
            note_refusal(request, refusal, keys.get("site", ""))
            return refusal_response(refusal)
        except Exception:
            logger.exception("a click failed")
            return refusal_response(CantLookUp())


def find_site(key: str) -> ClickSite:
    """Return the site with this key, from the cache or else from the database. Raises Refusal if no site has the
    key."""
    return find(SITES, key, key, Refusal(404, "unknown_site", "No site has this key."))


def find_page(site: ClickSite, click: Handover, to: str, consent: Mapping[str, str]) -> str:
    """Return the URL of the landing page. If the link itself names a page (`to`), this is the landing page. Otherwise
    it is the ad's destination with its macros filled in. If the ad has no destination, it is the site's home page.
    Raises Refusal."""
    unknown = Refusal(404, "unknown_ad", "The site has no such ad.")
    link = find(DESTINATIONS, f"{site.key}/{click.ad}", click.ad, unknown)
    if to and not is_of_site(to, site.domains):
        raise Refusal(400, "bad_to", "`to` must be an http or https address on one of the site's domains.", "to")
    page = to or link.destination or home_page(site.domains)
    if not is_web_address(page):
        raise Refusal(404, "no_destination", "The ad has no destination, and its site no domain.")
    return page if to else fill_in(page, macros_of(click, site, link, consent))


def macros_of(click: Handover, site: ClickSite, link: AdLink, consent: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the macros for one click. The click id is empty if consent to analytics is denied."""
    return {
        "click_id": "" if consent.get(ANALYTICS) == DENIED else click.click,
        "ad": click.ad,
        "campaign": link.campaign,
        "site": site.key,
        "ts": str(click.at),
        "rand": token_hex(8),
    }


def find(cache: Cached[T], key: str, name: str, unknown: Refusal) -> T:
    """Return the site or the ad with the key `key` from a cache. If the cache doesn't have it, it is read from the
    database. `name`: the key of the site or of the ad alone, as the client sent it.

    Raises the refusal `unknown` if there is no such site or ad, and CantLookUp if the database can't be reached. A text
    that can't be a key isn't looked up.
    """
    found = cache.find(key) if KEY.fullmatch(name) else Known[T](None)
    if found.value is None:
        raise unknown if found.checked else CantLookUp()
    return found.value


def click_hit(
    click: Handover,
    page: str,
    others: Iterable[tuple[str, str]],
    site: ClickSite,
    sender: Sender,
    consent: dict[str, str],
    visitor: str = "",
) -> Hit:
    """Make the hit of a click. `page`: the landing page. `others`: the custom parameters of the ad's link.

    `visitor`: the visitor that the cookie names; empty without a cookie. Without a cookie, a stand-in takes the
    visitor's place, and only the landing page's hit has the real visitor.

    If a browser only fetches the link in advance, the hit is rejected later. The redirect still has the signed click.
    If the page is then shown, the page's hit records the click.
    """
    return Hit(
        id=click.click,
        site=site.key,
        type="click",
        at=click.at,
        received=sender.received,
        visitor=visitor or stand_in(site.key, site.timezone, sender.ip, sender.ua, click.at, click.click, sender.salt),
        url=repair(page)[:MAX_URL],
        props={repair(name): repair(value) for name, value in custom_parameters(others).items()},
        ref=sender.page[:MAX_URL],
        ad=click.ad,
        ip=sender.ip,
        ua=sender.ua[:MAX_UA],
        prefetch=sender.prefetch,
        consent=consent,
        issued=True,
    )


def record(hit: Hit, site: ClickSite) -> None:
    """Send the hit to the queue. If this fails, the click isn't lost: the landing page's hit records it by the signed
    click in the page's URL."""
    if RATES.take(site.key, 1, site.hits_per_second):
        logger.warning("site %s is over its rate; the landing page must record a click", site.key)
        return
    try:
        send_hits([hit], CLICK_SECONDS)
    except Transient as error:
        logger.warning("a click can't be stored now; the landing page must record it: %r", error)
    except Exception:
        logger.exception("a click can't be stored; the landing page must record it")


def lead_to(page: str) -> HttpResponse:
    """Make the redirect to the landing page. The header Referrer-Policy gives the landing page the same referrer as a
    plain link."""
    response = HttpResponse(status=302)
    response.headers["Location"] = iri_to_uri(page)
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response
