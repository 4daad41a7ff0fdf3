"""Answers: the structs that the API returns, such as a page of conversions."""

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

NextPage = Annotated[Url | None, Meta(description="The URL of the next page; null on the last page.")]


class ConversionAnswer(Explanation, frozen=True, kw_only=True):
    """An explained conversion: whether and why it counts, and what each touch gets."""

    page: Annotated[Url, Meta(description="The address of the page that explains the conversion in words.")]
    next: Annotated[
        Url | None,
        Meta(description="The URL of the next page of touches, duplicates and adjustments; null on the last page."),
    ]


class ConversionsPage(msgspec.Struct, frozen=True):
    """A page of the conversions of an order, a click, a hit, a visitor or a user, each with its explanation."""

    results: list[ConversionAnswer]
    next: NextPage


class ListedPage(msgspec.Struct, frozen=True):
    """A page of the conversions in a range, newest first. A page may have fewer conversions than `limit` although
    `next` has another page."""

    model: Annotated[str, Meta(description="The model of the credit in the rows.")]
    results: list[ListedConversion]
    next: NextPage


class FoundOrListed(Either):
    """A page of explained conversions. If the query names a range, it is a page of the list of conversions."""

    structs = (ConversionsPage, ListedPage)


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of the facts of a visitor, in order of time."""

    site: str
    visitor: str
    results: list[TimelineFact]
    next: NextPage


class RefusedDay(msgspec.Struct, frozen=True, kw_only=True):
    """The hits that were refused on one day with one code. If a whole request was refused, it counts as one hit."""

    day: Annotated[Day, Meta(description="The day in the site's timezone.")]
    code: Annotated[str, Meta(description="See docs/errors.md.")]
    hits: int
    sales: Annotated[int, Meta(description="How many of these hits have the type `conversion`.")]
    sample: Annotated[Sample, Meta(description="One of the latest of these hits, without personal data.")]


class Refused(msgspec.Struct, frozen=True):
    """The hits that collection refused. Collection answered with a status 4xx, or put the hit in the list `rejected` of
    its answer. Refused hits are not in the archive."""

    counts: Annotated[dict[str, int], Meta(description="The number of hits by code.")]
    days: Annotated[list[RefusedDay], Meta(description="By day and code, the newest first, at most 100.")]


class RejectedPage(msgspec.Struct, frozen=True):
    """A page of rejected hits, newest first, with counts of the hits that collection refused."""

    results: list[ListedRejected]
    next: NextPage
    counts: Annotated[
        dict[str, int], Meta(description="The number of rejected hits by code, also those above the daily cap.")
    ]
    refused: Refused


class Marked(msgspec.Struct, frozen=True):
    """How many hours will be rolled up again."""

    marked: int


Costs = Annotated[dict[str, Amount], Meta(description="The cost by currency.")]


class SpendAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of a source on the request's days, before and after the request."""

    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    rows: int
    before: Costs
    after: Costs
    dry_run: Annotated[bool, Meta(description="Whether nothing was changed.")]


class SpendPage(msgspec.Struct, frozen=True):
    """A page of spend, the latest day first."""

    results: list[ListedSpend]
    next: NextPage


class ImportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of a source on the file's days, before and after the import."""

    first: Day = msgspec.field(name="from")
    last: Day = msgspec.field(name="to")
    rows: Annotated[int, Meta(description="How many lines of spend the file has.")]
    totals: Annotated[int, Meta(description="How many lines with totals were skipped.")]
    form: Annotated[str, Meta(description="The ad network whose export the file is, such as Google Ads, or `plain`.")]
    before: Costs
    after: Costs
    changed: Annotated[int, Meta(description="On how many days the cost changes. Each currency of a day counts.")]
    unchanged: Annotated[int, Meta(description="On how many days the cost stays the same.")]
    days: Annotated[list[ChangedDay], Meta(description="The days on which the cost changes, at most 400.")]
    preview: Annotated[bool, Meta(description="Whether nothing was changed.")]
