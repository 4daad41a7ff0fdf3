"""Collect: the parts of a request -> its hits, and a reason for each that is none. Pure; knows no Django."""

import hmac
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec

from tracker.collection import fields
from tracker.collection.body import MAX_HIT, Item, read_items
from tracker.collection.clock import DAY_MS
from tracker.collection.consent import consent_problem, read_consent, read_match
from tracker.collection.fields import Parameters
from tracker.collection.hit import Hit, encoded_size, named_user
from tracker.collection.refusal import Refusal

#: The client's clock is taken to be wrong when `sent` and receipt differ by more.
MAX_SKEW_MS = 60_000
MAX_AHEAD_MS = 600_000
MAX_AGE_MS = 7 * DAY_MS
MAX_AGE_TRUSTED_MS = 90 * DAY_MS

#: What the snippet sends where nothing is named.
EMPTY: tuple[Any, ...] = (None, "", {})

MAX_KEY = 64
MAX_NAME = 200
MAX_TITLE = 1024
MAX_URL = 8192
MAX_UA = 512


def new_hit_id() -> str:
    """A hit id of the server's own."""
    return uuid4().hex


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request besides its hits. `received` is ms; `trusted` is a server with an ingest token.

    `salt` keys the hash that stands in for an absent visitor id. `prefetch`: it is made before anybody asked for it.
    """

    received: int
    salt: bytes
    ip: str = ""
    ua: str = ""
    page: str = ""
    trusted: bool = False
    prefetch: bool = False


class Collected(msgspec.Struct):
    """The hits of a request by their places in it, and why the others are none.

    `notes` is what their senders should mend, though the hits are taken.
    """

    hits: dict[int, Hit]
    rejected: dict[int, Refusal]
    notes: dict[int, Refusal] = {}

    def reject(self, index: int, refusal: Refusal) -> None:
        """Takes a hit out, with its reason."""
        self.hits.pop(index, None)
        self.rejected[index] = refusal

    def check(self) -> None:
        """Raises NoHit if there is none."""
        if not self.hits:
            raise NoHit(self.rejected)


class NoHit(Refusal):
    """Not one hit of the request is acceptable. If all have one status, it is that, else 400.

    Code, detail and field are those of the first hit that has this status.
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
    new_id: Callable[[], str] = new_hit_id,
) -> Collected:
    """The hits of a request. Raises Refusal where it can't be read at all."""
    if len(query) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have 64 KiB.")
    collected = Collected({}, {})
    for index, item in enumerate(read_items(query, body, content_type, encoding)):
        try:
            collected.hits[index] = read_hit(item, sender, new_id)
            if isinstance(item, dict) and (consent := item.get("consent")) not in EMPTY:
                note(collected, index, consent_problem(consent))
        except Refusal as refusal:
            collected.reject(index, refusal)
    return collected


def note(collected: Collected, index: int, problem: Refusal | None) -> None:
    """Keeps what the sender of an accepted hit should mend."""
    if problem:
        collected.notes[index] = problem


def read_hit(item: Item, sender: Sender, new_id: Callable[[], str]) -> Hit:
    """One hit of its parameters. Raises Refusal."""
    if isinstance(item, Refusal):
        raise item
    hit = make_hit(item, sender, new_id)
    check_adjustment(hit)
    if encoded_size(hit) > MAX_HIT:
        raise Refusal(413, "too_large", "A hit may have 64 KiB.")
    return hit


def make_hit(given: Parameters, sender: Sender, new_id: Callable[[], str]) -> Hit:
    """The hit that the parameters name, each field checked by itself. Raises Refusal."""
    site = read_site(given)
    hit_id = fields.read_id(given, "id") or new_id()
    at = read_at(given, sender)
    ip, ua = read_person(given, sender)
    user = fields.read_text(given, "user", MAX_NAME)
    hit_type = fields.read_choice(given, "type", fields.TYPES) or "page"
    kind = fields.read_choice(given, "kind", fields.KINDS) if hit_type == "adjustment" else ""
    return Hit(
        id=hit_id,
        site=site,
        type=hit_type,  # type: ignore[arg-type]
        at=at,
        received=sender.received,
        visitor=fields.read_id(given, "visitor") or derive_visitor(site, ip, ua, at, hit_id, user, sender),
        name=fields.read_text(given, "name", MAX_NAME),
        user=user,
        url=fields.read_text(given, "url", MAX_URL) or sender.page[:MAX_URL],
        ref=fields.read_text(given, "ref", MAX_URL),
        title=fields.read_text(given, "title", MAX_TITLE),
        ad=fields.read_text(given, "ad", MAX_NAME),
        # A space alone is no order, or strangers' sales would be one.
        order=fields.read_text(given, "order", MAX_NAME).strip(),
        value=fields.read_micros(given),
        currency=fields.read_currency(given),
        kind=kind or None,  # type: ignore[arg-type]
        props=fields.read_props(given),
        ip=ip,
        ua=ua,
        # A server's own request is no browser's.
        prefetch=sender.prefetch and not sender.trusted,
        consent=read_consent(consent) if (consent := given.get("consent")) not in EMPTY else {},
        match=read_match(match) if (match := given.get("match")) not in EMPTY else {},
    )


def read_site(given: Parameters) -> str:
    """The site's key. Raises Refusal."""
    site = fields.read_text(given, "site", MAX_KEY)
    if not site:
        raise Refusal(400, "missing_site", "The site's public key is needed.", "site")
    return site


def read_at(given: Parameters, sender: Sender) -> int:
    """When the hit happened, by the client's clock where that can be believed. Raises Refusal."""
    ts, sent = fields.read_ms(given, "ts"), fields.read_ms(given, "sent")
    at = corrected(ts, sent, sender.received)
    oldest = sender.received - (MAX_AGE_TRUSTED_MS if sender.trusted else MAX_AGE_MS)
    if at < oldest or at > sender.received + MAX_AHEAD_MS:
        raise Refusal(400, "bad_ts", "Milliseconds since the epoch, not too long ago and not ahead.", "ts")
    return at


def corrected(ts: int | None, sent: int | None, received: int) -> int:
    """The time of a hit, by `received` only if the client's clock says nothing or is off."""
    if ts is None:
        return received
    if sent is not None and abs(received - sent) > MAX_SKEW_MS:
        return received - (sent - ts)
    return ts


def read_person(given: Parameters, sender: Sender) -> tuple[str, str]:
    """Address and user agent of the person: the request's, or as told by a server that we trust."""
    if not sender.trusted:
        return sender.ip, sender.ua[:MAX_UA]
    return fields.read_ip(given), fields.read_text(given, "ua", MAX_URL)[:MAX_UA]


def derive_visitor(site: str, ip: str, ua: str, at: int, hit_id: str, user: str, sender: Sender) -> str:
    """The visitor of a hit that names none. A server that tells the user but no address gives each user one of its own.

    That one stays the same: it comes from an id that stays, and a user has no new visitor each day.
    """
    if sender.trusted and not ip and named_user(user):
        return keyed_hash(f"{site}\nuser\n{user}", sender.salt)
    return stand_in(site, ip, ua, at, hit_id, sender.salt)


def stand_in(site: str, ip: str, ua: str, at: int, hit_id: str, salt: bytes) -> str:
    """A visitor id for a person without one: the same for one site, address, user agent and UTC day.

    Where neither address nor user agent is known, it is the hit's own, lest strangers become one person.
    """
    person = f"{ip}\n{ua}" if ip or ua else f"hit\n{hit_id}"
    return keyed_hash(f"{site}\n{at // DAY_MS}\n{person}", salt)


def own_stand_in(hit: Hit, salt: bytes) -> str:
    """The visitor of this hit and of its copies alone."""
    return keyed_hash(f"{hit.site}\nhit\n{hit.id}", salt)


def keyed_hash(text: str, salt: bytes) -> str:
    """A visitor id made of a text; without the salt nobody can tell whose it is."""
    return hmac.digest(salt, text.encode(errors="replace"), "sha256").hex()[:32]


def check_adjustment(hit: Hit) -> None:
    """An adjustment names an order, what to do with it and, unless it retracts, an amount. Raises Refusal."""
    if hit.type != "adjustment":
        return
    if not hit.order:
        raise Refusal(400, "missing_order", "An adjustment needs the order that it adjusts.", "order")
    if hit.kind is None:
        raise Refusal(400, "missing_kind", "An adjustment needs a kind: retract, restate or refund.", "kind")
    if hit.value is None and hit.kind != "retract":
        raise Refusal(400, "missing_value", f"A {hit.kind} needs a value.", "value")
