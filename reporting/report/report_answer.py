"""Report answer: the structs of the report API's answer. Pure."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.attribution.credit import MODELS
from conversions.units.formats import Day, Instant
from conversions.verdicts.unrated import Unrated
from reporting.report.costs import NoSpendRate
from reporting.report.learnt import LearntMonths
from reporting.report.live import LiveHour
from reporting.report.query import Basis
from reporting.report.rows import ReportRow, Totals, Unattributed


class Previous(msgspec.Struct, frozen=True, kw_only=True):
    """The report of the earlier days with which the days of the answer are compared. It always has all rows."""

    first: Annotated[Day, Meta(description="The first of these days.")] = msgspec.field(name="from")
    last: Annotated[Day, Meta(description="The last of these days.")] = msgspec.field(name="to")
    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    provisional: Annotated[bool, Meta(description="Whether these days end after `sealed_until`.")]
    spend: NoSpendRate | UnsetType = UNSET


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The report API's answer: the figures of each row, their totals, and the instant before which they are
    complete."""

    site: str
    timezone: str
    currency: str
    model: Annotated[str, Meta(extra_json_schema={"enum": list(MODELS)})]
    basis: Basis
    rows: list[ReportRow]
    unattributed: Unattributed
    totals: Totals
    sealed_until: Annotated[Instant, Meta(description="Figures before this instant are complete.")]
    provisional: Annotated[bool, Meta(description="Whether the range ends after `sealed_until`.")]
    live: Annotated[
        LiveHour | None,
        Meta(
            description="Approximate figures of the present hour so far. Null if the range doesn't include the present."
        ),
    ]
    recounting: Annotated[
        bool,
        Meta(
            description="Whether past figures are made again at present, because the configuration changed or a"
            " replay runs."
        ),
    ]
    unrated: Annotated[
        Unrated, Meta(description="Amounts that are left out of the value of these days' conversions, by reason.")
    ] = msgspec.field(name="set_aside")
    fit: Annotated[
        LearntMonths | None,
        Meta(description="The fits that credit is based on; null for models that aren't data-driven."),
    ]
    spend: Annotated[NoSpendRate | UnsetType, Meta(description="Only with spend in the range.")] = UNSET
    previous: Annotated[Previous | UnsetType, Meta(description="Only with `compare`.")] = UNSET
    next: Annotated[
        str | UnsetType | None,
        Meta(description="Only with `limit` or `after`: the `after` of the next page. Null on the last page."),
    ] = UNSET
