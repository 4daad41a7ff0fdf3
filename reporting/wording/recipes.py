"""Recipes: the lines that people paste into shops, tag managers, servers and ad networks, with the site's key in them.
Pure."""

import json
from typing import NamedTuple

from conversions.rules.site import SiteConfig


class Recipe(NamedTuple):
    """Some lines to paste. `name`: the recipe's id on the page. `where`: where to paste them, in words."""

    name: str
    title: str
    where: str
    code: str


def recipes_of(site: SiteConfig, origin: str, now: int) -> list[Recipe]:
    """Return the recipes of a site. `origin`: the tracker's address, such as https://tracker.example. `now`: ms."""
    goal = next((goal.key for goal in site.goals if goal.in_force(now)), "purchase")
    ad = next((ad.key for ad in site.ads), "AD")
    return [
        Recipe(
            "sale",
            "A sale on the thank-you page",
            "Put this into the page that is shown after the order. Fill in the order’s id and its amount.",
            sale_script(goal, site.currency),
        ),
        Recipe(
            "manager",
            "A tag manager",
            "Add this line as custom HTML on all pages. Tag managers may remove the attributes of the usual line.",
            f'<script async src="{origin}/t.js?site={site.key}"></script>',
        ),
        Recipe(
            "server",
            "A sale from your server",
            "Fill in the visitor’s id, which is in the cookie _hl. A partner who knows only the id of a click sends it"
            " as click in place of visitor. Needs an ingest token.",
            curl(origin, sale_hit(site, goal)),
        ),
        Recipe(
            "refund",
            "A refund from your server",
            "Give each refund its own id. A refund that is sent again with the same id counts once. Needs an ingest"
            " token.",
            curl(origin, refund_hit(site)),
        ),
        Recipe(
            "link",
            "The link of an ad",
            "Give the ad network this address in place of the landing page’s. It counts the click and leads on.",
            f"{origin}/click/{site.key}/{ad}",
        ),
        Recipe(
            "postback",
            "The postback of an affiliate network",
            "Put the network’s own macros in place of the braces, and the site’s postback secret in place of SECRET.",
            f"{origin}/postback?site={site.key}&secret=SECRET&click={{click_id}}&txid={{order_id}}&payout={{payout}}"
            f"&currency={{currency}}&status={{status}}",
        ),
    ]


def sale_script(goal: str, currency: str) -> str:
    """Return the script that sends a sale from a page."""
    sale = json.dumps({"order": "A-1", "value": "29.90", "currency": currency})
    return (
        "<script>\n"
        "  window.hitledger = window.hitledger || function () { (hitledger.q = hitledger.q || []).push(arguments) }\n"
        f"  hitledger({json.dumps(goal)}, {sale})\n"
        "</script>"
    )


def sale_hit(site: SiteConfig, goal: str) -> dict[str, str]:
    """Return an example of a sale that a server sends."""
    money = {"value": "29.90", "currency": site.currency}
    return {"site": site.key, "type": "conversion", "name": goal, "visitor": "VISITOR", "order": "A-1", **money}


def refund_hit(site: SiteConfig) -> dict[str, str]:
    """Return an example of a refund that a server sends."""
    refund = {"kind": "refund", "order": "A-1", "value": "9.90", "id": "refund-A-1-1"}
    return {"site": site.key, "type": "adjustment", **refund}


def curl(origin: str, hit: dict[str, str]) -> str:
    """Return the command that sends a hit as a server does."""
    return f"curl {origin}/collect -H 'Authorization: Bearer INGEST_TOKEN' -d '{json.dumps(hit)}'"
