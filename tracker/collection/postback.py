"""Postback: converts the message of an affiliate network about a sale to hits. Pure; knows no Django.

A pending sale becomes a conversion of a goal for pending sales. An approved sale becomes a conversion of the goal
itself; if it was rejected before, it is restored, and its pending conversion is retracted. A rejected sale retracts
both conversions.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any, Literal

import msgspec

from tracker.collection import fields
from tracker.collection.collect import (
    MAX_NAME,
    Sender,
    SiteEntry,
    new_hit_id,
    read_click,
    read_hit,
)
from tracker.collection.fields import Parameters
from tracker.collection.hit import Hit
from tracker.collection.known import Known
from tracker.collection.nobody import someone
from tracker.collection.refusal import Refusal
from tracker.collection.visitor_id import keyed_hash

Status = Literal["approved", "pending", "rejected"]
#: Words of affiliate networks for a status. A site's own meaning of a word comes first.
WORDS: Mapping[str, Status] = {
    **dict.fromkeys(("", "approved", "approve", "accepted", "confirmed", "paid", "completed", "valid"), "approved"),
    **dict.fromkeys(("pending", "hold", "on_hold", "open", "waiting", "new"), "pending"),
    **dict.fromkeys(
        ("rejected", "reject", "declined", "cancelled", "canceled", "reversed", "refunded", "invalid", "trash"),
        "rejected",
    ),
}
#: GOAL: the goal of a sale without a goal. PENDING: the suffix of the goal for pending sales.
GOAL, PENDING = "purchase", "-pending"
#: The prefix of a pending sale's order id. Without it, adjustments of the sale would also adjust the pending one.
PENDING_ORDER = "pending:"
MAX_SECRET = 200


class Postback(msgspec.Struct, frozen=True, kw_only=True):
    """The message of an affiliate network about a sale: the sale's order id or click id (or both), and whether it is
    approved, pending or rejected."""

    goal: str
    order: str
    click: str
    status: Status
    #: The amount, currency and consent, as sent.
    given: dict[str, Any]

    @property
    def pending_order(self) -> str:
        """The order id of the conversion that is made if the sale is pending. It differs from the sale's own order
        id."""
        return PENDING_ORDER + keyed_hash(self.order or f"click\n{self.click}", b"pending")


def check_sender(site: SiteEntry, secret: str, ip: str) -> None:
    """Check that a postback may be believed: it has the site's secret, or it has no secret and its IP address is in a
    network that the site allows. Raises Refusal."""
    if secret and site.postback_sha256 and hmac.compare_digest(hash_secret(secret), site.postback_sha256):
        return
    if secret or not is_within(ip, site.postback_networks):
        raise Refusal(403, "bad_secret", "The site has another secret, and doesn't allow this address.", "secret")


def hash_secret(secret: str) -> str:
    """Return the hash of a postback secret. The hash is stored, the secret isn't."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def is_within(ip: str, networks: Iterable[str]) -> bool:
    """Whether an IP address is in one of the networks; False if the text is no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    return any(address in ip_network(network, strict=False) for network in networks)


def read_postback(given: Parameters, statuses: Mapping[str, str]) -> Postback:
    """Read the parameters of a postback. `statuses`: the site's own words, each with the status that it means. Raises
    Refusal."""
    order = read_order(given, "order") or read_order(given, "txid")
    click = read_click(given)
    if not (order or click):
        raise Refusal(400, "missing_click", "A click or an order is needed.", "click")
    amount = {"value": given.get("value") or given.get("payout"), "currency": given.get("currency")}
    return Postback(
        goal=fields.read_text(given, "goal", MAX_NAME - len(PENDING)) or GOAL,
        order=order,
        click=click,
        status=read_status(given, statuses),
        given={name: value for name, value in {**amount, "consent": given.get("consent")}.items() if value},
    )


def read_order(given: Parameters, field: str) -> str:
    """Read an order id from the parameter `field`; "" if it is blank, or a placeholder such as {order} that the network
    didn't replace. Raises Refusal."""
    return someone(fields.read_text(given, field, MAX_NAME).strip())


def read_status(given: Parameters, statuses: Mapping[str, str]) -> Status:
    """Read the status of a sale. Networks use different words; `statuses` has the site's own ones, which are tried
    first. Raises Refusal for an unknown word."""
    word = fields.read_text(given, "status", MAX_NAME).strip().lower()
    found = WORDS.get(statuses.get(word, word))
    if found is None:
        raise Refusal(
            400, "bad_status", "Neither approved, pending nor rejected, nor one of the site's words.", "status"
        )
    return found


def hits_of(postback: Postback, key: str, site: SiteEntry, sender: Sender) -> list[Hit]:
    """Make the hits of a postback: a conversion, adjustments, or both. The hits are trusted like hits with an ingest
    token. `key`: the site's key. Raises Refusal."""
    return [read_hit(given, key, Known(site), sender, new_hit_id) for given in parameters_of(postback, key)]


def parameters_of(postback: Postback, key: str) -> list[dict[str, Any]]:
    """Return the parameters of each hit that a postback stands for. If the same postback comes again, its conversion
    gets the same hit id."""
    names = {"order": postback.order, "click": postback.click, "consent": postback.given.get("consent")}
    pending = {**names, "order": postback.pending_order}
    match postback.status:
        case "pending":
            return [sale(postback, key, postback.goal + PENDING, pending)]
        case "approved":
            own = sale(postback, key, postback.goal, names)
            return [own, adjustment("restore", names), adjustment("retract", pending)]
        case "rejected":
            return [adjustment("retract", names), adjustment("retract", pending)]


def sale(postback: Postback, key: str, goal: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the conversion that a postback makes for a goal. `names`: the conversion's order, click
    and consent. If the same postback comes again, the hit id is the same."""
    hit = keyed_hash(f"{key}\n{goal}\n{postback.order}\n{postback.click}", b"postback")
    return {**postback.given, **names, "type": "conversion", "name": goal, "id": hit}


def adjustment(kind: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an adjustment. `kind`: what it does, such as retract. `names`: the order, click and
    consent."""
    return {**names, "type": "adjustment", "kind": kind}
