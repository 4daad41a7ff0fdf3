"""Schema: the summaries, parameters and answers of support's API that `/api/schema` shows."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from conversions.api.answers import (
    ConversionAnswer,
    FoundOrListed,
    ImportAnswer,
    Marked,
    RejectedPage,
    SpendAnswer,
    SpendPage,
    TimelinePage,
)
from conversions.api.replays import ReplayState, ReplayStates
from conversions.attribution.credit import MODELS
from conversions.spend.listed import MAX_LIMIT
from conversions.spend.put import SpendPut
from conversions.spend.reader import NETWORKS
from tracker.openapi import parameter, refusals

SITE = parameter("site", "The site's public key.", required=True)
AFTER = parameter("after", "A cursor: the page begins there. Take it from `next`.")
READ = refusals(400, 401, 404, 503)
DONE = refusals(400, 401, 403, 404, 503)

#: The parameters of a list of conversions.
RANGE = (
    parameter("from", "The first day of the range, by the site's calendar."),
    parameter("to", "The last day of the range; the range includes it. At most 400 days."),
    parameter("goal", "Of a range: only this goal's, by its key. May be repeated.", many=True),
    parameter("ad", "Of a range: only those for which this ad gets credit. May be repeated.", many=True),
    parameter("model", "Of a range: the model of the credit; `last` by default.", enum=list(MODELS)),
    parameter("counted", "Of a range: only those that count, or that don't.", enum=["true", "false"]),
    parameter("min_value", "Of a range: only those with at least this value, in the site's currency."),
    parameter("max_value", "Of a range: only those with at most this value, in the site's currency."),
    parameter("limit", "Of a range: conversions on a page, 1 to 100. A page may have fewer."),
)

conversion_schema = extend_schema(
    summary="Explain one conversion", parameters=[AFTER], responses={200: ConversionAnswer, **READ}
)
conversions_schema = extend_schema(
    summary="Explain the conversions of an order, a click, a hit, a visitor or a user; or list those of a range",
    operation_id="conversions_list",
    parameters=[
        SITE,
        parameter("order", "An order id."),
        parameter("click", "A click id that conversions name."),
        parameter("hit", "A hit id."),
        parameter("visitor", "A visitor id."),
        parameter("user", "A user's id, on whichever visitor."),
        *RANGE,
        AFTER,
    ],
    responses={200: FoundOrListed, **READ},
)
rejected_schema = extend_schema(
    summary="Rejected hits, newest first",
    parameters=[
        SITE,
        parameter("code", "Only those with this code."),
        parameter("hit", "Only those with this hit id."),
        parameter("visitor", "Only those of this visitor."),
        parameter("order", "Only those of this order."),
        parameter("user", "Only those that name this user."),
        parameter("from", "An instant, or a day of the site's calendar; 30 days ago by default."),
        parameter("to", "The end of the range, in the same form. Hits at that instant are not listed."),
        AFTER,
    ],
    responses={200: RejectedPage, **READ},
)
visitor_schema = extend_schema(
    summary="One visitor's timeline",
    operation_id="visitors_timeline",
    parameters=[SITE, parameter("visitor", "A visitor id.", required=True), AFTER],
    responses={200: TimelinePage, **READ},
)
spend_schema = extend_schema(
    summary="Say what was spent on some days, in the place of what the source said before",
    operation_id="spend_put",
    parameters=[parameter("dry_run", "`1`: say what would change, and change nothing.", enum=["0", "1"])],
    request=SpendPut,
    responses={200: SpendAnswer, **refusals(400, 401, 403, 404, 503)},
)
spend_import_schema = extend_schema(
    summary="Import what an ad network's export says, in the place of what the source said of its days before",
    operation_id="spend_import",
    parameters=[
        SITE,
        parameter("source", "A name that you choose, such as google.", required=True),
        parameter("currency", "Where the file names none; the site's by default."),
        parameter("decimal", "The mark before decimals, if the file doesn't show it.", enum=[".", ","]),
        parameter("dates", "What comes first in 11/12/2026, if the file doesn't show it.", enum=["day", "month"]),
        parameter("utm_source", "The utm source of the clicks; by default what the network's form says."),
        parameter("utm_medium", "The utm medium of the clicks, in the same way."),
        parameter("network", "The network of the clicks, in the same way.", enum=list(NETWORKS)),
        parameter("preview", "`1`: say what would change, and change nothing.", enum=["0", "1"]),
    ],
    request={"text/csv": OpenApiTypes.STR},
    responses={200: ImportAnswer, **refusals(400, 401, 403, 404, 503)},
)
spend_list_schema = extend_schema(
    summary="List what sources said was spent, the latest day first",
    operation_id="spend_list",
    parameters=[
        SITE,
        parameter("from", "The first day.", required=True),
        parameter("to", "The last day; the range includes it. At most 400 days.", required=True),
        parameter("source", "Only what this source said."),
        parameter("limit", f"Rows on a page, 1 to {MAX_LIMIT}; 100 by default."),
        AFTER,
    ],
    responses={200: SpendPage, **READ},
)
rollup_schema = extend_schema(summary="Roll a range up again", responses={202: Marked, **DONE})
replay_schema = extend_schema(summary="Replay a range from the archive", responses={202: ReplayState, **DONE})
replays_schema = extend_schema(summary="How far a site's replays have come", responses={200: ReplayStates, **DONE})
