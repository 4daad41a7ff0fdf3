"""Schema: describes the endpoints of this package for `/api/schema`: summaries, parameters and answers."""

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
from conversions.filters.filters import FILTERS
from conversions.spend.listed import MAX_LIMIT
from conversions.spend.put import SpendPut
from conversions.spend.reader import NETWORKS
from tracker.openapi import filters, parameter, refusals

SITE = parameter("site", "The site's public key.", required=True)
AFTER = parameter("after", "Where the page begins. Take it from `next` of the page before.")
READ = refusals(400, 401, 404, 503)
DONE = refusals(400, 401, 403, 404, 503)

#: The parameters of a list of conversions.
RANGE = (
    parameter("from", "The first day of the range, by the site's calendar."),
    parameter("to", "The last day of the range. It is included. A range has at most 400 days."),
    *filters(FILTERS, "With a range: "),
    parameter("model", "With a range: the model of the credit; `last` by default.", enum=list(MODELS)),
    parameter(
        "counted",
        "With a range: `true` for only conversions that count, `false` for only conversions that don't count.",
        enum=["true", "false"],
    ),
    parameter(
        "attributed",
        "With a range: `true` for only conversions for which an ad gets credit, `false` for only"
        " conversions for which no ad does.",
        enum=["true", "false"],
    ),
    parameter("min_value", "With a range: only conversions of at least this value, in the site's currency."),
    parameter("max_value", "With a range: only conversions of at most this value, in the site's currency."),
    parameter("limit", "With a range: the largest number of conversions on a page, 1 to 100. A page may have fewer."),
)

conversion_schema = extend_schema(
    summary="Explain one conversion", parameters=[AFTER], responses={200: ConversionAnswer, **READ}
)
conversions_schema = extend_schema(
    summary="Explain the conversions of an order, a click, a hit, a visitor or a user; or list a range's conversions",
    operation_id="conversions_list",
    parameters=[
        SITE,
        parameter("order", "An order id."),
        parameter("click", "A click id that conversions name."),
        parameter("hit", "A hit id."),
        parameter("visitor", "A visitor id."),
        parameter("user", "A user id. Conversions on all visitors of the user are found."),
        *RANGE,
        AFTER,
    ],
    responses={200: FoundOrListed, **READ},
)
rejected_schema = extend_schema(
    summary="Rejected hits, newest first",
    parameters=[
        SITE,
        parameter("code", "Only hits with this code."),
        parameter("hit", "Only hits with this hit id."),
        parameter("visitor", "Only hits of this visitor."),
        parameter("order", "Only hits of this order."),
        parameter("user", "Only hits that name this user."),
        parameter(
            "from", "The start of the range: an instant or a day of the site's calendar; 30 days ago by default."
        ),
        parameter("to", "The end of the range: an instant or a day. It is not included."),
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
    summary="Store what ads cost on some days, in place of what the source reported before",
    operation_id="spend_put",
    parameters=[parameter("dry_run", "`1`: only answer what would change.", enum=["0", "1"])],
    request=SpendPut,
    responses={200: SpendAnswer, **refusals(400, 401, 403, 404, 503)},
)
spend_import_schema = extend_schema(
    summary="Import the export of an ad network, in place of what the source reported for the same days before",
    operation_id="spend_import",
    parameters=[
        SITE,
        parameter("source", "A name that you choose, such as google.", required=True),
        parameter("currency", "The currency, if the file names none; by default the site's currency."),
        parameter("decimal", "The decimal mark, if the file doesn't show it.", enum=[".", ","]),
        parameter(
            "dates",
            "Whether the day or the month comes first in 11/12/2026, if the file doesn't show it.",
            enum=["day", "month"],
        ),
        parameter("utm_source", "The utm_source of the network's clicks; by default the usual one of the network."),
        parameter("utm_medium", "The utm_medium of the network's clicks; by default the usual one of the network."),
        parameter("network", "The ad network; by default the one whose export the file is.", enum=list(NETWORKS)),
        parameter("preview", "`1`: only answer what would change.", enum=["0", "1"]),
    ],
    request={"text/csv": OpenApiTypes.STR},
    responses={200: ImportAnswer, **refusals(400, 401, 403, 404, 503)},
)
spend_list_schema = extend_schema(
    summary="List what ads cost, the latest day first",
    operation_id="spend_list",
    parameters=[
        SITE,
        parameter("from", "The first day.", required=True),
        parameter("to", "The last day. It is included. A range has at most 400 days.", required=True),
        parameter("source", "Only the spend of this source."),
        parameter("limit", f"The largest number of rows on a page, 1 to {MAX_LIMIT}; 100 by default."),
        AFTER,
    ],
    responses={200: SpendPage, **READ},
)
rollup_schema = extend_schema(summary="Roll up a range again", responses={202: Marked, **DONE})
replay_schema = extend_schema(summary="Replay a range from the archive", responses={202: ReplayState, **DONE})
replays_schema = extend_schema(
    summary="List a site's replays and their progress", responses={200: ReplayStates, **DONE}
)
