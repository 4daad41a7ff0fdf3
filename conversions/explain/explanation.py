"""Explanation: the records of an explained conversion, as the API and the pages show them. Pure."""

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
    """The value and the currency of a conversion, as they were sent with the hit."""

    value: Amount | None
    currency: str | None


class ExplainedGoal(msgspec.Struct, frozen=True):
    """The goal, with the rules of the version that the conversion met."""

    key: str
    version: int
    counting: Counting
    click_window_days: int
    view_window_days: int


class ExplainedDuplicate(msgspec.Struct, frozen=True):
    """Another conversion of the same order, click or hit, which doesn't count."""

    hit: str
    at: Instant
    visitor: str
    goal_version: int
    sent: Sent
    reason: DuplicateReason
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]


class NamedClick(msgspec.Struct, frozen=True, kw_only=True):
    """The click that the conversion names, and the visitor who clicked."""

    id: Annotated[str, Meta(description="The id as it was sent. The end of a very long id is replaced by a digest.")]
    hit: Annotated[str | None, Meta(description="The hit id of the first click with this id.")]
    visitor: str | None
    at: Instant | None
    reason: Annotated[ClickReason | None, Meta(description="Why the id leads to no visitor.")]


class LeftOut(msgspec.Struct, frozen=True):
    """How many duplicates, adjustments, touches and persons are not on this page."""

    duplicates: int
    adjustments: int
    touches: int
    persons: Annotated[
        int, Meta(description="The number of persons who are not listed, but whose touches may get credit.")
    ]
    uncounted_touches: Annotated[bool, Meta(description="Whether there may be touches that were not read.")]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """An explained conversion: whether and why it counts, and what each touch gets."""

    id: str
    site: str
    goal: ExplainedGoal
    at: Instant
    bucket: Annotated[
        Instant, Meta(description="The start of the hour in which reports count the conversion, by the site's clock.")
    ]
    day: Annotated[Day, Meta(description="By the site's calendar.")]
    hit: str
    order: str | None
    click: Annotated[NamedClick | None, Meta(description="Null if the conversion names no click.")]
    visitor: str
    value: Amount
    currency: Annotated[str, Meta(description="The site's currency.")]
    value_reason: Annotated[ValueReason | None, Meta(description="Why some of the value is missing.")]
    unrated: Annotated[
        dict[str, Amount],
        Meta(description="The amounts without an exchange rate, by currency. They don't count."),
    ] = msgspec.field(name="set_aside")
    sent: Sent
    rate: Annotated[AppliedRate | None, Meta(description="Null if the currency is the site's, or if no rate is known.")]
    user: Annotated[
        str | None,
        Meta(description="The user to whom the conversion belongs. Null if it belongs to a visitor without a user."),
    ]
    persons: Annotated[
        tuple[Claimant, ...],
        Meta(description="The persons whose touches may get credit, with their visitors. The first one owns it."),
    ]
    crowded: Annotated[
        tuple[Crowded, ...],
        Meta(
            description="Users with too many visitors, visitors with too many users, and click ids that too many"
            " conversions name. They don't join visitors to one person."
        ),
    ]
    counted: bool
    reason: Annotated[ConversionReason | None, Meta(description="Why it doesn't count.")]
    attributed: Annotated[bool, Meta(description="Whether any touch got credit.")]
    models: ModelNotes
    duplicates: tuple[ExplainedDuplicate, ...]
    adjustments: tuple[ExplainedAdjustment, ...]
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]
    touches: tuple[ExplainedTouch, ...]
    rejected: RejectedBefore = msgspec.field(name="hits_set_aside")
    left_out: LeftOut
    after: Annotated[
        str | None,
        Meta(description="The start of the next page of touches, duplicates and adjustments; null on the last page."),
    ]
