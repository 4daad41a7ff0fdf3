"""Answers: the structs of support's API: a conversion with its page, and pages of results."""

from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.explain.explanation import Explanation
from conversions.explain.listed import ListedConversion
from conversions.explain.rejected import ListedRejected
from conversions.explain.timeline import TimelineFact
from conversions.spend.change import ChangedDay
from conversions.spend.listed import ListedSpend
from conversions.units.formats import Amount, Day, Url
from tracker.collection.sample import Sample
from tracker.openapi import Either

NextPage = Annotated[Url | None, Meta(description="The next page, null on the last.")]


class ConversionAnswer(Explanation, frozen=True, kw_only=True):
    """A conversion: why it counts or not, and how much of it each touch gets."""

    page: Annotated[Url, Meta(description="The address of the page that says the same in words.")]
    next: Annotated[
        Url | None, Meta(description="Its next page of touches, duplicates and adjustments, null on the last.")
    ]


class ConversionsPage(msgspec.Struct, frozen=True):
    """A page of conversions."""

    results: list[ConversionAnswer]
    next: NextPage


class ListedPage(msgspec.Struct, frozen=True):
    """A page of the conversions of a range, newest first. A short page need not be the last."""

    model: Annotated[str, Meta(description="The model of the credit in the rows.")]
    results: list[ListedConversion]
    next: NextPage


class FoundOrListed(Either):
    """Explained conversions; or listed ones, if the query names a range."""

    structs = (ConversionsPage, ListedPage)


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of what a visitor did, in order of time."""

    site: str
    visitor: str
    results: list[TimelineFact]
    next: NextPage


class RefusedDay(msgspec.Struct, frozen=True, kw_only=True):
    """The hits that were refused on one day with one code. A request that was refused as a whole counts as one hit."""

    day: Annotated[Day, Meta(description="The day of the site's own clock.")]
    code: Annotated[str, Meta(description="See docs/errors.md.")]
    hits: int
    sales: Annotated[int, Meta(description="Hits of type `conversion` among these.")]
    sample: Annotated[Sample, Meta(description="The sample of one of the latest hits.")]


class Refused(msgspec.Struct, frozen=True):
    """The hits that collection refused, with status 4xx or in the list `rejected`. They are not in the archive."""

    counts: Annotated[dict[str, int], Meta(description="By code.")]
    days: Annotated[list[RefusedDay], Meta(description="The newest 100 by day and code, newest first.")]


class RejectedPage(msgspec.Struct, frozen=True):
    """A page of rejected hits, newest first; and the hits that collection refused."""

    results: list[ListedRejected]
    next: NextPage
    counts: Annotated[dict[str, int], Meta(description="By code; hits above the daily cap are counted, too.")]
    refused: Refused


class Marked(msgspec.Struct, frozen=True):
    """How many hours were marked to be rolled up again."""

    marked: int


Costs = Annotated[dict[str, Amount], Meta(description="Currency -> cost, in that currency.")]


class SpendAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source said of some days before, and what it says now."""

    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    rows: int
    before: Costs
    after: Costs
    dry_run: Annotated[bool, Meta(description="Whether nothing was changed.")]


class SpendPage(msgspec.Struct, frozen=True):
    """A page of what sources said was spent, the latest day first."""

    results: list[ListedSpend]
    next: NextPage


class ImportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source said of the days of a file before, and what it says now."""

    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    rows: Annotated[int, Meta(description="Lines of spend.")]
    totals: Annotated[int, Meta(description="Lines of totals, which were left out.")]
    before: Costs
    after: Costs
    changed: Annotated[int, Meta(description="Days, by currency, on which the cost changes.")]
    days: Annotated[list[ChangedDay], Meta(description="The first 400 of them.")]
    preview: Annotated[bool, Meta(description="Whether nothing was changed.")]
