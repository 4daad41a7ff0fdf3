"""Explained: writes everything that the page of an explained conversion shows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from conversions.explain.claimants import Claimant
from conversions.explain.explanation import Explanation
from conversions.explain.touches import ExplainedTouch
from conversions.facts.records import conversion_id
from conversions.rules.reasons import conversion_sentence, model_sentence, value_sentence
from conversions.rules.site import SiteConfig
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from reporting.wording.entries import Entry, timeline_of
from tracker.collection.hit import iso

T = TypeVar("T")

#: The most entries of a timeline, and rows of a table, that are shown: half from the start, half from the end.
MAX_SHOWN = 200


class TouchShares(msgspec.Struct, frozen=True):
    """A touch, and its share of the conversion under each model, as (credit, value)."""

    touch: ExplainedTouch
    shares: list[tuple[str, str]]


class ExplainedConversion(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page of an explained conversion shows. `why`: why the conversion doesn't count; "" if it
    counts. `nobody`: why no ad gets credit for it although it counts; otherwise ""."""

    explanation: Explanation
    why: str
    value_why: str
    nobody: str
    entries: list[Entry]
    models: list[str]
    rows: list[TouchShares]
    #: The claimants, each with those visitors that aren't the conversion's own. The conversion's own person is left out
    #: if it has no other visitors.
    people: list[Claimant]
    #: How each data-driven model divided the conversion: (model, sentence).
    notes: list[tuple[str, str]]
    #: The number of this page's entries that are not shown.
    hidden: int


class ConversionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion in a list of found conversions. `why`: why it doesn't count; "" if it counts."""

    id: str
    goal: str
    at: str
    order: str
    value: str
    counted: bool
    why: str


def describe_explanation(explanation: Explanation) -> ExplainedConversion:
    """Write an explanation in words, for the page of the conversion."""
    ordered = timeline_of(explanation)
    shown = first_and_last(ordered, is_the_conversion)
    rows = share_rows(explanation)
    return ExplainedConversion(
        explanation=explanation,
        why=conversion_sentence(explanation.reason) if explanation.reason else "",
        value_why=value_sentence(explanation.value_reason) if explanation.value_reason else "",
        nobody=why_nobody(explanation),
        entries=shown,
        models=[model for model, _ in rows[0].touch.credit.items()] if rows else [],
        rows=first_and_last(rows),
        people=list(people_of(explanation)),
        notes=list(notes_of(explanation)),
        hidden=len(ordered) - len(shown),
    )


def why_nobody(explanation: Explanation) -> str:
    """Say why no ad gets credit for the conversion; "" if an ad gets credit, or if the conversion doesn't count."""
    if explanation.attributed or not explanation.counted:
        return ""
    if not explanation.touches and not explanation.rejected.hits:
        return "No ad gets credit for it: the person is not known to have clicked or seen any."
    return "No ad gets credit for it: none of the person's clicks and views may earn any. The timeline says why."


def people_of(explanation: Explanation) -> Iterator[Claimant]:
    """Yield the persons who claim the conversion, each with its visitors. The visitor who sent the conversion is left
    out, and so is this visitor's person if it has no other visitor."""
    for person in explanation.persons:
        others = tuple(one for one in person.visitors if one.visitor != explanation.visitor)
        if others or person.more_visitors or person.user != explanation.user:
            yield msgspec.structs.replace(person, visitors=others)


def notes_of(explanation: Explanation) -> Iterator[tuple[str, str]]:
    """Yield (model, sentence) for each data-driven model. The sentence says from which month the model learnt, or why
    it learnt nothing."""
    for model, note in explanation.models.items():
        if note.fit and note.reason:
            yield model, model_sentence(note.reason, note.fit)
        elif note.fit:
            yield model, f"It goes by what was learnt from {note.fit}."


def share_rows(explanation: Explanation) -> list[TouchShares]:
    """Return each touch that may earn credit with its shares; [] if the conversion doesn't count."""
    touches = [touch for touch in explanation.touches if touch.eligible] if explanation.counted else []
    return [TouchShares(touch, shares_of(touch)) for touch in touches]


def shares_of(touch: ExplainedTouch) -> list[tuple[str, str]]:
    """Return the (credit, value) of a touch under each model."""
    pairs = zip(touch.credit.items(), touch.value.items(), strict=True)
    return [(credit, value) for (_, credit), (_, value) in pairs]


def first_and_last(items: Sequence[T], kept: Callable[[T], bool] = lambda _: False) -> list[T]:
    """Shorten a list to MAX_SHOWN items: half from its start, half from its end. Items between them also stay if `kept`
    is true for them."""
    half = MAX_SHOWN // 2
    if len(items) <= MAX_SHOWN:
        return list(items)
    return [*items[:half], *filter(kept, items[half:-half]), *items[-half:]]


def is_the_conversion(entry: Entry) -> bool:
    """Whether an entry of the timeline is the one of the explained conversion itself."""
    return not entry.gap


def summarize(site: SiteConfig, case: Case) -> ConversionSummary:
    """Describe a conversion for a list of found conversions."""
    verdict, winner = case.verdict, case.verdict.winner
    return ConversionSummary(
        id=conversion_id(site.key, verdict.goal.uid, winner.claim),
        goal=verdict.goal.key,
        at=iso(winner.at),
        order=winner.order,
        value=six_places(verdict.value),
        counted=case.reason is None,
        why=conversion_sentence(case.reason) if case.reason else "",
    )
