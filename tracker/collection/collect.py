"""Collect: makes hits from the query string and the body of a request, and a refusal for each bad hit. Pure; knows no
Django."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import uuid4

import msgspec

from tracker.collection import fields
from tracker.collection.adjustment import check_adjustment
from tracker.collection.body import MAX_HIT, Item, read_items
from tracker.collection.clock import DAY_MS
from tracker.collection.consent import consent_problem, read_consent, read_match, remove_denied
from tracker.collection.fields import Parameters
from tracker.collection.hit import Hit, encoded_size
from tracker.collection.known import Known
from tracker.collection.nobody import someone
from tracker.collection.refusal import Refusal
from tracker.collection.visitor_id import derive_visitor, own_stand_in

#: The largest plausible difference (ms) between `sent` and the time of receipt. If it is larger, the client's clock is
#: wrong.
MAX_SKEW_MS = 60_000
MAX_AHEAD_MS = 600_000
MAX_AGE_MS = 7 * DAY_MS
MAX_AGE_TRUSTED_MS = 90 * DAY_MS

#: Values of a parameter that mean that it is absent. The snippet may send them.
EMPTY: tuple[Any, ...] = (None, "", {})

#: A URL without path and query.
ORIGIN = re.compile(r"https?://[^/?#]*/?", re.IGNORECASE)
#: The types of hits that may name a click.
NAMING = frozenset(("conversion", "adjustment"))
MAX_KEY = 64
MAX_NAME = 200
MAX_TITLE = 1024
MAX_URL = 8192
MAX_UA = 512


def new_hit_id() -> str:
    """Return a new random hit id."""
    return uuid4().hex


class SiteEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Those settings of a site that collection needs."""

    account: int
    hits_per_second: int = 0
    timezone: str = "UTC"
    currency: str = ""
    open_adjustments: bool = False
    #: The consent signals that the site denies if a hit doesn't name them.
    denied: tuple[str, ...] = ()
    #: The secret that signs the token which takes a visitor's id to another domain of the site.
    secret: str = ""
    #: The hash of the secret that postbacks must have, and the networks whose postbacks need no secret.
    postback_sha256: str = ""
    postback_networks: tuple[str, ...] = ()
    #: Word of an affiliate network -> `approved`, `pending` or `rejected`.
    postback_statuses: Mapping[str, str] = {}


#: A function that looks up all sites of a request at once: keys -> the result for each key.
FindSites = Callable[[Collection[str]], Mapping[str, Known[SiteEntry]]]
#: The result for a site that could not be looked up.
UNCHECKED = Known[SiteEntry](None, checked=False)


def find_none(keys: Collection[str]) -> Mapping[str, Known[SiteEntry]]:
    """Return the result "could not be looked up" for each site key. `collect` uses this function if its caller has no
    database."""
    return dict.fromkeys(keys, UNCHECKED)


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the sender of a request. `received`: the time of receipt (ms). `page`: the header Referer.
    `account`: the account of the ingest token; None without a token.

    `salt`: the secret key of the hash that stands in for a missing visitor id. `prefetch`: whether the browser fetches
    the page before the person has asked for it.
    """

    received: int
    salt: bytes
    ip: str = ""
    ua: str = ""
    page: str = ""
    account: int | None = None
    prefetch: bool = False

    @property
    def trusted(self) -> bool:
        """Whether the request has a valid ingest token, and therefore comes from a server of the customer."""
        return self.account is not None


class Collected(msgspec.Struct):
    """The result of collecting a request. `hits` and `rejected`: the accepted hits, and the refusals of the other hits,
    by index in the request. `sites`: the results of looking up their sites.

    `notes`: faults of accepted hits, which their senders should correct, by index.
    """

    hits: dict[int, Hit]
    rejected: dict[int, Refusal]
    sites: Mapping[str, Known[SiteEntry]] = {}
    notes: dict[int, Refusal] = {}
    #: The visitor id of the last hit that named one and whose consent allows it; "" if there is none.
    named: str = ""

    def reject(self, index: int, refusal: Refusal, item: Parameters | Refusal) -> None:
        """Store the refusal of a hit, together with the hit's parameters (`item`). If the hit was accepted before,
        remove it."""
        self.hits.pop(index, None)
        self.rejected[index] = refusal
        if not isinstance(item, Refusal):
            refusal.about = item

    def check(self) -> None:
        """Raise NoHit if no hit was accepted. Otherwise do nothing."""
        if not self.hits:
            raise NoHit(self.rejected)


class NoHit(Refusal):
    """The refusal of a request of which no hit was accepted. `rejected`: the refusal of each hit, by index.

    If the refusals of all hits have the same status, the request is refused with this status, otherwise with 400. Code,
    detail and field are copied from the first refusal that has the request's status. If no refusal has it, they are
    copied from the first refusal.
    """

    def __init__(self, rejected: dict[int, Refusal]) -> None:
        reasons = [rejected[index] for index in sorted(rejected)]
        statuses = {reason.status for reason in reasons}
        status = statuses.pop() if len(statuses) == 1 else 400
        first = next((reason for reason in reasons if reason.status == status), reasons[0])
        super().__init__(status, first.code, first.detail, first.field)
        self.rejected = rejected


def collect(
    query: str,
    body: bytes,
    content_type: str,
    encoding: str,
    sender: Sender,
    find_sites: FindSites = find_none,
    new_id: Callable[[], str] = new_hit_id,
) -> Collected:
    """Make the hits of a request from its query string, body, Content-Type and Content-Encoding. A bad hit is refused
    in the result. Raises Refusal if the whole request can't be read.

    `find_sites` looks up the sites of all hits at once; `new_id` makes hit ids.
    """
    if len(query) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have at most 64 KiB.")
    given: dict[int, tuple[str, Parameters]] = {}
    collected = Collected({}, {})
    for index, item in enumerate(read_items(query, body, content_type, encoding)):
        try:
            given[index] = read_site(item)
        except Refusal as refusal:
            collected.reject(index, refusal, item)
    collected.sites = find_sites({key for key, _ in given.values()})
    for index, (key, parameters) in given.items():
        try:
            hit = collected.hits[index] = read_hit(parameters, key, collected.sites[key], sender, new_id)
            if parameters.get("visitor") == hit.visitor:
                collected.named = hit.visitor
            if (consent := parameters.get("consent")) not in EMPTY:
                note(collected, index, consent_problem(consent))
        except Refusal as refusal:
            collected.reject(index, refusal, parameters)
    return collected


def note(collected: Collected, index: int, problem: Refusal | None) -> None:
    """Add the fault of an accepted hit to the notes. If `problem` is None, add nothing."""
    if problem:
        collected.notes[index] = problem


def read_site(item: Item) -> tuple[str, Parameters]:
    """Return the site key in a hit's parameters, and the parameters. Raises Refusal if there is no key, or if the hit
    could not be read."""
    if isinstance(item, Refusal):
        raise item
    key = fields.read_text(item, "site", MAX_KEY)
    if not key:
        raise Refusal(400, "missing_site", "The site's public key is needed.", "site")
    return key, item


def read_hit(given: Parameters, key: str, site: Known[SiteEntry], sender: Sender, new_id: Callable[[], str]) -> Hit:
    """Make a hit from its parameters, and check that its sender may send it. Remove from the hit what its consent
    denies. Raises Refusal."""
    hit = make_hit(given, key, site, sender, new_id)
    check_site(site, sender)
    denied = site.value.denied if site.value else ()
    if hit.consent or denied:
        hit = remove_denied(hit, denied, own_stand_in(hit, sender.salt))
    if hit.type == "adjustment":
        check_adjustment(hit, site.value is None or site.value.open_adjustments)
    if encoded_size(hit) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have at most 64 KiB.")
    return hit


def make_hit(given: Parameters, key: str, site: Known[SiteEntry], sender: Sender, new_id: Callable[[], str]) -> Hit:
    """Make a hit from its parameters. Each field is read and checked. Raises Refusal."""
    timezone, currency = (site.value.timezone, site.value.currency) if site.value else ("UTC", "")
    unread: dict[str, str] = {}
    hit_id = fields.read_id(given, "id") or new_id()
    at = read_at(given, sender, unread)
    ip, ua = read_person(given, sender)
    user = fields.read_text(given, "user", MAX_NAME)
    value, currency = fields.read_amount(given, currency, unread)
    hit_type = fields.read_choice(given, "type", fields.TYPES) or "page"
    kind = fields.read_choice(given, "kind", fields.KINDS) if hit_type == "adjustment" else ""
    click = read_click(given) if hit_type in NAMING else ""
    return Hit(
        id=hit_id,
        site=key,
        type=hit_type,  # type: ignore[arg-type]
        at=at,
        received=sender.received,
        visitor=fields.read_id(given, "visitor")
        or derive_visitor(key, timezone, ip, ua, at, hit_id, user, click, sender.trusted, sender.salt),
        name=fields.read_text(given, "name", MAX_NAME),
        user=user,
        url=fields.read_prose(given, "url", MAX_URL) or page_of(sender.page),
        ref=fields.read_prose(given, "ref", MAX_URL),
        title=fields.read_prose(given, "title", MAX_TITLE),
        ad=fields.read_text(given, "ad", MAX_NAME),
        # A blank or a placeholder is no order id: it would merge the sales of different people.
        order=someone(fields.read_text(given, "order", MAX_NAME).strip()),
        value=value,
        currency=currency,
        kind=kind or None,  # type: ignore[arg-type]
        props=fields.read_props(given),
        ip=ip,
        ua=ua,
        # A server's headers say nothing about the browser.
        prefetch=sender.prefetch and not sender.trusted,
        unchecked=not site.checked,
        consent=read_consent(consent) if (consent := given.get("consent")) not in EMPTY else {},
        match=read_match(match) if (match := given.get("match")) not in EMPTY else {},
        trusted=sender.trusted,
        unread=unread,
        click=click,
    )


def page_of(referer: str) -> str:
    """Return the URL of the page from the header Referer. "" if the header has only an origin, such as
    https://shop.example/.

    Browsers usually send only the origin to other hosts. The origin must not be read as the site's home page.
    """
    return "" if ORIGIN.fullmatch(referer) else referer[:MAX_URL]


def read_click(given: Parameters) -> str:
    """Read the parameter `click`, the click id that a conversion names. "" if it is absent, or a placeholder such as
    {click_id} that a network didn't replace. Raises Refusal."""
    return someone(fields.read_text(given, "click", MAX_URL).strip())


def read_at(given: Parameters, sender: Sender, unread: dict[str, str]) -> int:
    """Read the time of a hit (ms) from the client's `ts`, corrected if the client's clock is wrong. A time that can't
    be read is added to `unread`. Raises Refusal if the time is too old, or in the future."""
    ts, sent = fields.read_time(given, "ts", unread), fields.read_time(given, "sent", unread)
    at = corrected(ts, sent, sender.received)
    oldest = sender.received - (MAX_AGE_TRUSTED_MS if sender.trusted else MAX_AGE_MS)
    if at < oldest or at > sender.received + MAX_AHEAD_MS:
        raise Refusal(400, "bad_ts", "An instant, not too long ago and not ahead.", "ts")
    return at


def corrected(ts: int | None, sent: int | None, received: int) -> int:
    """Return the time of a hit (ms), corrected if the client's clock is wrong. `ts`: when the event happened, and
    `sent`: when the request was sent, both by the client's clock; `received`: when the request came, by our clock.

    If the client's clock is right, the result is `ts` and doesn't depend on `received`.
    """
    if ts is None:
        return received
    if sent is not None and abs(received - sent) > MAX_SKEW_MS:
        return received - (sent - ts)
    return ts


def read_person(given: Parameters, sender: Sender) -> tuple[str, str]:
    """Return the person's IP address and user agent. If a trusted server sent the request, they are read from the
    parameters `ip` and `ua`; otherwise they are those of the request itself. Raises Refusal."""
    if not sender.trusted:
        return sender.ip, sender.ua[:MAX_UA]
    return fields.read_ip(given), fields.read_prose(given, "ua", MAX_URL)[:MAX_UA]


def check_site(site: Known[SiteEntry], sender: Sender) -> None:
    """Check that the hit's site exists, and belongs to the account of the sender's token if there is one. Raises
    Refusal.

    If the site could not be looked up, the hit is accepted; its processing looks the site up again.
    """
    unknown = site.checked if site.value is None else sender.account not in (None, site.value.account)
    if unknown:
        raise Refusal(404, "unknown_site", "No site has this key.", "site")
