"""Collect: the parts of a request -> its hits, and a refusal for each unacceptable one. Pure; knows no Django."""

import hmac
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import uuid4

import msgspec

from tracker.collection import fields
from tracker.collection.body import MAX_HIT, Item, read_items
from tracker.collection.clock import DAY_MS, local_day
from tracker.collection.consent import consent_problem, read_consent, read_match, respect
from tracker.collection.fields import Parameters
from tracker.collection.hit import Hit, encoded_size
from tracker.collection.known import Known
from tracker.collection.nobody import someone
from tracker.collection.refusal import Refusal

#: `sent` and the time of receipt may differ by at most this, ms. If they differ by more, the client's clock is wrong.
MAX_SKEW_MS = 60_000
MAX_AHEAD_MS = 600_000
MAX_AGE_MS = 7 * DAY_MS
MAX_AGE_TRUSTED_MS = 90 * DAY_MS

#: Values that the snippet may send for a missing parameter. They count as absent.
EMPTY: tuple[Any, ...] = (None, "", {})

#: An address without path and query.
ORIGIN = re.compile(r"https?://[^/?#]*/?", re.IGNORECASE)
#: Hits of these types may name a click.
NAMING = frozenset(("conversion", "adjustment"))
MAX_KEY = 64
MAX_NAME = 200
MAX_TITLE = 1024
MAX_URL = 8192
MAX_UA = 512


def new_hit_id() -> str:
    """Draw a new hit id."""
    return uuid4().hex


class SiteEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a site's configuration that collection needs."""

    account: int
    hits_per_second: int = 0
    timezone: str = "UTC"
    currency: str = ""
    open_adjustments: bool = False
    #: The signals of consent that the site denies if a hit doesn't name them.
    denied: tuple[str, ...] = ()
    #: The secret that signs a visitor's crossing to another domain of the site.
    secret: str = ""
    #: The hash of the secret with which affiliate networks send postbacks, and the networks that need no secret.
    postback_sha256: str = ""
    postback_networks: tuple[str, ...] = ()
    #: Word of a network -> `approved`, `pending` or `rejected`.
    postback_statuses: Mapping[str, str] = {}


#: Keys of sites -> the site of each, if known. All sites of a request are looked up at once.
FindSites = Callable[[Collection[str]], Mapping[str, Known[SiteEntry]]]
#: The entry of a site that could not be looked up.
UNCHECKED = Known[SiteEntry](None, checked=False)


def find_none(keys: Collection[str]) -> Mapping[str, Known[SiteEntry]]:
    """Look up no site. Every site then counts as one that could not be looked up."""
    return dict.fromkeys(keys, UNCHECKED)


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """The sender of a request, as far as it is known. `received` is ms. `account` is the account of the ingest token,
    if there is one.

    `salt` is the key of the hash that replaces a missing visitor id. `prefetch`: whether the browser says that it
    prefetches the page.
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
        """Whether the sender sent an ingest token."""
        return self.account is not None


class Collected(msgspec.Struct):
    """The accepted hits of a request and the refusals of its other hits, each by the hit's index in the request; and
    the sites that the hits name.

    `notes` are faults of accepted hits that their senders should fix.
    """

    hits: dict[int, Hit]
    rejected: dict[int, Refusal]
    sites: Mapping[str, Known[SiteEntry]] = {}
    notes: dict[int, Refusal] = {}
    #: The visitor id of the last hit that named one and whose consent lets the hit keep it; empty if there is none.
    named: str = ""

    def reject(self, index: int, refusal: Refusal, item: Parameters | Refusal) -> None:
        """Remove a hit, and note its refusal with the hit's parameters."""
        self.hits.pop(index, None)
        self.rejected[index] = refusal
        if not isinstance(item, Refusal):
            refusal.about = item

    def check(self) -> None:
        """Raise NoHit if no hit is left."""
        if not self.hits:
            raise NoHit(self.rejected)


class NoHit(Refusal):
    """No hit of the request is acceptable. The status is that of all refusals; if these have different ones, it is 400.

    Code, detail and field are those of the first refusal with this status; if no refusal has it, those of the first
    refusal.
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
    """Collect the hits of a request. Raises Refusal if the request can't be read at all."""
    if len(query) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have 64 KiB.")
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
    """Note a fault of an accepted hit that its sender should fix."""
    if problem:
        collected.notes[index] = problem


def read_site(item: Item) -> tuple[str, Parameters]:
    """Read the key of a hit's site, and all parameters of the hit. Raises Refusal."""
    if isinstance(item, Refusal):
        raise item
    key = fields.read_text(item, "site", MAX_KEY)
    if not key:
        raise Refusal(400, "missing_site", "The site's public key is needed.", "site")
    return key, item


def read_hit(given: Parameters, key: str, site: Known[SiteEntry], sender: Sender, new_id: Callable[[], str]) -> Hit:
    """Make the hit of a site from its parameters, without what its consent denies. Raises Refusal."""
    hit = make_hit(given, key, site, sender, new_id)
    check_site(site, sender)
    denied = site.value.denied if site.value else ()
    if hit.consent or denied:
        hit = respect(hit, denied, own_stand_in(hit, sender.salt))
    if hit.type == "adjustment":
        check_adjustment(hit, site.value)
    if encoded_size(hit) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have 64 KiB.")
    return hit


def make_hit(given: Parameters, key: str, site: Known[SiteEntry], sender: Sender, new_id: Callable[[], str]) -> Hit:
    """Make the hit of the parameters. Each field is checked by itself. Raises Refusal."""
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
        or derive_visitor(key, timezone, ip, ua, at, hit_id, user, sender, click),
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
    """The page that a Referer header names; empty if the header is only an origin. To other hosts, browsers usually
    send the origin alone, whatever the page. Taken as a page, the origin would be the home page."""
    return "" if ORIGIN.fullmatch(referer) else referer[:MAX_URL]


def read_click(given: Parameters) -> str:
    """Read the id of the click that the hit names. A blank, or a placeholder that no network filled in, counts as
    none."""
    return someone(fields.read_text(given, "click", MAX_URL).strip())


def read_at(given: Parameters, sender: Sender, unread: dict[str, str]) -> int:
    """Compute when the hit happened (ms), by the client's clock if that is plausible. Raises Refusal."""
    ts, sent = fields.read_time(given, "ts", unread), fields.read_time(given, "sent", unread)
    at = corrected(ts, sent, sender.received)
    oldest = sender.received - (MAX_AGE_TRUSTED_MS if sender.trusted else MAX_AGE_MS)
    if at < oldest or at > sender.received + MAX_AHEAD_MS:
        raise Refusal(400, "bad_ts", "An instant, not too long ago and not ahead.", "ts")
    return at


def corrected(ts: int | None, sent: int | None, received: int) -> int:
    """Correct the time of a hit (ms). The result depends on `received` only if the client's clock is unknown or
    wrong."""
    if ts is None:
        return received
    if sent is not None and abs(received - sent) > MAX_SKEW_MS:
        return received - (sent - ts)
    return ts


def read_person(given: Parameters, sender: Sender) -> tuple[str, str]:
    """The person's address and user agent: those of the request. A trusted server sends the person's own as
    parameters."""
    if not sender.trusted:
        return sender.ip, sender.ua[:MAX_UA]
    return fields.read_ip(given), fields.read_prose(given, "ua", MAX_URL)[:MAX_UA]


def derive_visitor(
    site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, user: str, sender: Sender, click: str = ""
) -> str:
    """Derive the visitor id of a hit that names none.

    If a hit names a click, a partner sent it, and its address says nothing about the person. A trusted server may send
    no address at all. In both cases a user has one visitor id, which is the same on every day. A hit that names a click
    but no user gets a visitor id of its own. All other hits get the id of `stand_in`.
    """
    if someone(user) and (click or (sender.trusted and not ip)):
        return keyed_hash(f"{site}\nuser\n{user}", sender.salt)
    if click:
        return keyed_hash(f"{site}\nhit\n{hit_id}", sender.salt)
    return stand_in(site, timezone, ip, ua, at, hit_id, sender.salt)


def stand_in(site: str, timezone: str, ip: str, ua: str, at: int, hit_id: str, salt: bytes) -> str:
    """Derive the visitor id of a person without one. Hits of one site have the same id if address, user agent and day
    (by the site's clock) are the same.

    If neither address nor user agent is known, each hit gets a visitor id of its own; otherwise strangers would become
    one person.
    """
    person = f"{ip}\n{ua}" if ip or ua else f"hit\n{hit_id}"
    return keyed_hash(f"{site}\n{local_day(at, timezone)}\n{person}", salt)


def own_stand_in(hit: Hit, salt: bytes) -> str:
    """Derive a visitor id that only this hit and its copies have."""
    return keyed_hash(f"{hit.site}\nhit\n{hit.id}", salt)


def keyed_hash(text: str, salt: bytes) -> str:
    """Make a visitor id from a text. Without the salt nobody can find the text."""
    return hmac.digest(salt, text.encode(errors="replace"), "sha256").hex()[:32]


def check_site(site: Known[SiteEntry], sender: Sender) -> None:
    """Check that a site is known and belongs to the token's account. Raises Refusal.

    A site that could not be looked up passes; processing looks it up again.
    """
    unknown = site.checked if site.value is None else sender.account not in (None, site.value.account)
    if unknown:
        raise Refusal(404, "unknown_site", "No site has this key.", "site")


def check_adjustment(hit: Hit, site: SiteEntry | None) -> None:
    """Check that an adjustment has an order or a click, and a kind. A restatement and a refund also need an amount.
    Raises Refusal.

    An adjustment needs an ingest token, unless its site has open adjustments.
    """
    if not (hit.order or hit.click):
        raise Refusal(400, "missing_order", "An adjustment needs the order, or the click, that it adjusts.", "order")
    if hit.kind is None:
        raise Refusal(400, "missing_kind", "An adjustment needs a kind: retract, restore, restate or refund.", "kind")
    if hit.kind not in ("retract", "restore"):
        check_amount(hit)
    if site and not (hit.trusted or site.open_adjustments):
        raise Refusal(403, "needs_token", "An adjustment needs an ingest token.", "type")


def check_amount(hit: Hit) -> None:
    """Check that an adjustment has an amount that can be read. Raises Refusal."""
    if "value" in hit.unread:
        raise Refusal(400, "bad_value", "An amount such as 29.90, which can mean one thing only.", "value")
    if hit.value is None:
        raise Refusal(400, "missing_value", f"A {hit.kind} needs a value.", "value")
