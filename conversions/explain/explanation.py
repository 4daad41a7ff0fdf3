"""Explanation: the records of an explained conversion, for the API and for pages. They hold texts and plain numbers.
Pure."""

from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.explain.adjustments import AppliedRate, ExplainedAdjustment
from conversions.explain.claimants import Claimant, Crowded
from conversions.explain.rejected_before import RejectedBefore
from conversions.explain.touches import ExplainedTouch, ModelNotes
from conversions.rules.goals import Counting
from conversions.rules.reasons import ClickReason, ConversionReason, DuplicateReason, ValueReason
from conversions.units.formats import Amount, Day, Instant


class Sent(msgspec.Struct, frozen=True):
    """The value that the hit was sent with."""

    value: Amount | None
    currency: str | None


class ExplainedGoal(msgspec.Struct, frozen=True):
    """The goal, with the rules of the version that decided."""

    key: str
    version: int
    counting: Counting
    click_window_days: int
    view_window_days: int


class ExplainedDuplicate(msgspec.Struct, frozen=True):
    """Another conversion of the same order or hit, which doesn't count."""

    hit: str
    at: Instant
    visitor: str
    goal_version: int
    sent: Sent
    reason: DuplicateReason
    batch: Annotated[str | None, Meta(description="The id of the batch that the hit came in.")]
    archive_key: Annotated[str | None, Meta(description="The archive's object that holds it; null if that is unknown.")]


class NamedClick(msgspec.Struct, frozen=True, kw_only=True):
    """The click that a conversion names, and the visitor of its touch."""

    id: Annotated[str, Meta(description="The id as it was sent. A very long id ends in a digest.")]
    hit: Annotated[str | None, Meta(description="Of the first click that carries the id.")]
    visitor: str | None
    at: Instant | None
    reason: Annotated[ClickReason | None, Meta(description="Why the id leads to no visitor.")]


class LeftOut(msgspec.Struct, frozen=True):
    """How many duplicates, adjustments and touches are not listed."""

    duplicates: int
    adjustments: int
    touches: int
    persons: Annotated[int, Meta(description="Persons who claim it, too.")]
    uncounted_touches: Annotated[bool, Meta(description="Whether there may be more touches than were read.")]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion: why it counts or not, and how much of it each touch gets."""

    id: str
    site: str
    goal: ExplainedGoal
    at: Instant
    bucket: Annotated[
        Instant, Meta(description="The start of the hour, by the site's clock, in which reports count it.")
    ]
    day: Annotated[Day, Meta(description="By the site's calendar.")]
    hit: str
    order: str | None
    click: Annotated[NamedClick | None, Meta(description="Null if the conversion names no click.")]
    visitor: str
    value: Amount
    currency: Annotated[str, Meta(description="The site's.")]
    value_reason: Annotated[ValueReason | None, Meta(description="Why some of the value is unrated.")]
    unrated: Annotated[
        dict[str, Amount],
        Meta(description="The unrated amount of each currency, in that currency; empty if there is none."),
    ] = msgspec.field(name="set_aside")
    sent: Sent
    rate: Annotated[AppliedRate | None, Meta(description="Null if the currency is the site's, or if no rate is known.")]
    user: Annotated[
        str | None,
        Meta(description="The user whose conversion it is, by the visitor's links; null if it is no user's."),
    ]
    persons: Annotated[
        tuple[Claimant, ...],
        Meta(description="The persons who claim it, with their visitors; its own person comes first."),
    ]
    crowded: Annotated[
        tuple[Crowded, ...],
        Meta(
            description="Users and visitors that are no person's, because too many share them; and click ids that lead"
            " to no person, because too many conversions name them."
        ),
    ]
    counted: bool
    reason: Annotated[ConversionReason | None, Meta(description="Why it doesn't count.")]
    attributed: Annotated[bool, Meta(description="Whether any touch got credit.")]
    models: ModelNotes
    duplicates: tuple[ExplainedDuplicate, ...]
    adjustments: tuple[ExplainedAdjustment, ...]
    batch: Annotated[str | None, Meta(description="The id of the batch that the hit came in.")]
    archive_key: Annotated[str | None, Meta(description="The archive's object that holds it; null if that is unknown.")]
    touches: tuple[ExplainedTouch, ...]
    rejected: RejectedBefore = msgspec.field(name="hits_set_aside")
    left_out: LeftOut
    after: Annotated[
        str | None,
        Meta(
            description="A cursor: where its next page of touches, duplicates and adjustments begins; null on the last."
        ),
    ]
