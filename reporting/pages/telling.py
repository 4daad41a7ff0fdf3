"""Telling: an explained conversion -> what its page says, in words. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from conversions.facts.records import conversion_id
from conversions.rules.reasons import conversion_sentence, model_sentence, value_sentence
from conversions.rules.site import SiteConfig
from conversions.units.micros import six_places
from conversions.verdicts.cases import Case
from reporting.report.entries import Entry, Plain, timeline_of
from tracker.collection.hit import iso

T = TypeVar("T")

#: Of the entries of a timeline and the rows of a table so many are shown: half from the beginning, half from the end.
MAX_SHOWN = 200


class Row(msgspec.Struct, frozen=True):
    """What one touch gets: (credit, value) under each model."""

    told: Plain
    shares: list[tuple[str, str]]


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of a conversion. `why` is empty where it counts; `nobody` says why no ad gets credit."""

    told: Plain
    why: str
    value_why: str
    nobody: str
    entries: list[Entry]
    models: list[str]
    rows: list[Row]
    #: Persons who claim it with visitors other than its own: those visitors of each.
    people: list[Plain]
    #: What the data-driven models went by, (model, sentence).
    notes: list[tuple[str, str]]
    #: Entries and rows that are not shown.
    hidden: int


def tell(told: Plain) -> Telling:
    """The words of an explained conversion."""
    ordered = timeline_of(told)
    shown = ends_of(ordered, is_own)
    rows = rows_of(told)
    left_out = sum(count for count in told["left_out"].values() if not isinstance(count, bool))
    return Telling(
        told=told,
        why=conversion_sentence(told["reason"]) if told["reason"] else "",
        value_why=value_sentence(told["value_reason"]) if told["value_reason"] else "",
        nobody=why_nobody(told),
        entries=shown,
        models=list(rows[0].told["credit"]) if rows else [],
        rows=ends_of(rows),
        people=list(people_of(told)),
        notes=list(notes_of(told)),
        hidden=left_out + len(ordered) - len(shown),
    )


def why_nobody(told: Plain) -> str:
    """Why no ad gets credit of a conversion that counts; empty where one does."""
    if told["attributed"] or not told["counted"]:
        return ""
    if not told["touches"] and not told["hits_set_aside"]["hits"]:
        return "No ad gets credit for it: the person is not known to have clicked or seen any."
    return "No ad gets credit for it: none of the person's clicks and views may earn any. The timeline says why."


def people_of(told: Plain) -> Iterator[Plain]:
    """Whose touches count for it, too: each person with the visitors that are not the conversion's own."""
    for person in told["persons"]:
        others = [one for one in person["visitors"] if one["visitor"] != told["visitor"]]
        if others or person["more_visitors"] or person["user"] != told["user"]:
            yield {**person, "visitors": others}


def notes_of(told: Plain) -> Iterator[tuple[str, str]]:
    """Of each data-driven model that had something to divide, from which month it learnt how, or why it didn't."""
    for model, how in told["models"].items():
        if how["reason"]:
            yield model, model_sentence(how["reason"], how["fit"])
        elif how["fit"]:
            yield model, f"It goes by what was learnt from {how['fit']}."


def rows_of(told: Plain) -> list[Row]:
    """What each touch that may earn credit gets of a conversion that counts."""
    touches = [touch for touch in told["touches"] if touch["eligible"]] if told["counted"] else []
    return [Row(touch, shares_of(touch)) for touch in touches]


def shares_of(touch: Plain) -> list[tuple[str, str]]:
    """A touch's credit and value under each model."""
    return [(credit, touch["value"][model]) for model, credit in touch["credit"].items()]


def ends_of(items: Sequence[T], kept: Callable[[T], bool] = lambda _: False) -> list[T]:
    """All, or the first and the last of too many and, of those between, which are to be kept."""
    half = MAX_SHOWN // 2
    if len(items) <= MAX_SHOWN:
        return list(items)
    return [*items[:half], *filter(kept, items[half:-half]), *items[-half:]]


def is_own(entry: Entry) -> bool:
    """Whether it is the conversion itself."""
    return not entry.gap


def sum_up(site: SiteConfig, case: Case) -> Plain:
    """One line of a list of conversions."""
    verdict = case.verdict
    winner = verdict.winner
    return {
        "id": conversion_id(site.key, verdict.goal.uid, winner.claim),
        "goal": verdict.goal.key,
        "at": iso(winner.at),
        "order": winner.order,
        "hit": winner.hit,
        "visitor": winner.visitor,
        "value": six_places(verdict.value),
        "counted": case.reason is None,
        "why": conversion_sentence(case.reason) if case.reason else "",
    }
