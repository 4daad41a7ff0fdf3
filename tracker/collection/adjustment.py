"""Adjustment: checks that an adjustment says which sale it changes and how, and that its sender may change it. Pure."""

from tracker.collection.hit import Hit
from tracker.collection.refusal import Refusal


def check_adjustment(hit: Hit, is_open: bool) -> None:
    """Check that an adjustment names an order or a click, and has a kind and the amount that this kind needs. Raises
    Refusal.

    The sender needs an ingest token, unless `is_open` is true because the site accepts adjustments from anybody.
    """
    if not (hit.order or hit.click):
        raise Refusal(400, "missing_order", "An adjustment needs the order, or the click, that it adjusts.", "order")
    if hit.kind is None:
        raise Refusal(400, "missing_kind", "An adjustment needs a kind: retract, restore, restate or refund.", "kind")
    if hit.kind not in ("retract", "restore"):
        check_amount(hit)
    if not (hit.trusted or is_open):
        raise Refusal(403, "needs_token", "An adjustment needs an ingest token.", "type")


def check_amount(hit: Hit) -> None:
    """Check that an adjustment has an amount, and that the amount could be read. Raises Refusal."""
    if "value" in hit.unread:
        raise Refusal(400, "bad_value", "Must be an amount with only one meaning, such as 29.90.", "value")
    if hit.value is None:
        raise Refusal(400, "missing_value", f"A {hit.kind} needs a value.", "value")
