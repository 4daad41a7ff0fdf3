"""Remedies: what the codes of refused and rejected hits mean, and what to do about them, in words. Pure."""

from typing import NamedTuple

from conversions.rules.reasons import RejectedCode


class Remedy(NamedTuple):
    """What a code means, and what to do about it. `harmless`: whether usually nothing needs to be done."""

    meaning: str
    advice: str
    harmless: bool = False


#: Code of hits that were accepted, but don't count, or count without one of their fields -> its remedy.
REJECTED: dict[RejectedCode, Remedy] = {
    "bot": Remedy("Crawlers sent them.", "Nothing to do. Crawlers buy nothing.", True),
    "frozen": Remedy("They belong to hours that are too old to change.", "Send refunds and late sales sooner."),
    "needs_token": Remedy(
        "They change an order, but had no ingest token.",
        "Let the server that sends refunds send an ingest token, or allow open adjustments in the site's settings.",
    ),
    "no_goal": Remedy(
        "They are conversions that met no goal.",
        "Compare their names with the keys of the goals. Correct the name on the site, or make a goal with this key.",
    ),
    "own_traffic": Remedy("They come from the account's own networks.", "Nothing to do.", True),
    "prefetch": Remedy("A browser fetched the page in advance, and nobody saw it.", "Nothing to do.", True),
    "unknown_site": Remedy("No site has their key.", "Correct the key in the site's snippet or server."),
    "unprocessable": Remedy("Their content made the tracker fail.", "Report this to the operator of the tracker."),
    "bad_ts": Remedy(
        "Their time can't be read. They count with the time of their receipt.",
        "Send ts in milliseconds since 1970, or as ISO 8601 with a time zone.",
    ),
    "bad_value": Remedy(
        "Their amount can't be read, or could mean two things. They count without a value.",
        "Send amounts with a decimal point and without thousands separators, such as 1234.50.",
    ),
}
#: Code of hits that collection refused -> what to do about them.
REFUSED: dict[str, str] = {
    "bad_id": "Send ids of up to 64 letters, digits and . _ : - only.",
    "bad_secret": "Compare the secret in the affiliate network's postback with the site's settings.",
    "bad_status": "Add this word to the site's postback statuses.",
    "bad_to": "Add the host of this address to the site's domains.",
    "bad_token": "Give the server a valid ingest token. Staff can make one.",
    "bad_ts": "Correct the sender's clock. Send late hits within 7 days, or within 90 days with an ingest token.",
    "bad_value": "Send amounts with a decimal point and without thousands separators, such as 1234.50.",
    "bad_visitor": "Send visitor ids of up to 64 letters, digits and . _ : - only.",
    "missing_order": "Send the id of the order that is refunded or changed.",
    "needs_token": "Let the server that sends refunds send an ingest token, or allow open adjustments in the site's"
    " settings.",
    "no_destination": "Set the ad's destination, or add a domain to the site.",
    "rate_limited": "Find out who sends so many hits. If they are right, raise the rate limit in the site's settings.",
    "too_large": "Send less in one hit, and fewer hits in one request.",
    "too_many_hits": "Send at most 500 hits in one request.",
    "unknown_ad": "Correct the address of the ad's link, or make an ad with this key.",
    "unknown_site": "Correct the key in the site's snippet or server.",
}
#: What to do about hits that were refused with any other code.
OTHERWISE = "Look at the latest one. Correct what the sentence names, where the hit is sent."
