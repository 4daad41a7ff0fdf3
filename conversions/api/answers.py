"""Answers: the structs that support's API answers with: a conversion with its page, and pages of results."""

from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.explain.explanation import Explanation
from conversions.explain.rejected import ListedRejected
from conversions.explain.timeline import TimelineFact
from conversions.units.formats import Url

NextPage = Annotated[Url | None, Meta(description="The next page, null on the last.")]


class ConversionAnswer(Explanation, frozen=True, kw_only=True):
    """A conversion: why it counts or not, and how much of it each touch gets."""

    page: Annotated[Url, Meta(description="The address of the page that says the same in words.")]


class ConversionsPage(msgspec.Struct, frozen=True):
    """A page of conversions."""

    results: list[ConversionAnswer]
    next: NextPage


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of what a visitor did, in order of time."""

    site: str
    visitor: str
    results: list[TimelineFact]
    next: NextPage


class RejectedPage(msgspec.Struct, frozen=True):
    """A page of rejected hits, newest first."""

    results: list[ListedRejected]
    next: NextPage
    counts: Annotated[dict[str, int], Meta(description="By code; hits above the daily cap are counted, too.")]


class Marked(msgspec.Struct, frozen=True):
    """How many hours were marked to be rolled up again."""

    marked: int
