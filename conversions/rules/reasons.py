"""Reasons: the codes for why something doesn't count or gets no credit, each with its sentence. Pure.

docs/errors.md lists the same codes. The type checker reports a misspelt code and a code without a sentence.
"""

from typing import Literal

#: Why an accepted hit doesn't count. The sentence is stored with the rejected hit, as its `detail`.
RejectedCode = Literal[
    "bot",
    "frozen",
    "needs_token",
    "no_goal",
    "own_traffic",
    "prefetch",
    "unknown_site",
    "unprocessable",
    # With these codes the hit counts, but one of its fields could not be read.
    "bad_ts",
    "bad_value",
]
#: Why a conversion doesn't count.
ConversionReason = Literal["retracted", "needs_token", "not_first", "not_first_of_click", "not_in_force"]
#: Why the click that a conversion names leads to no visitor.
ClickReason = Literal["unknown_click", "crowded_click"]
#: Why a conversion's value, or some of it, is missing.
ValueReason = Literal["bad_value", "no_rate"]
#: Why a touch is not eligible for credit.
TouchReason = Literal["after_conversion", "outside_window", "beyond_newest", "duplicate", "beaten_by_click"]
#: Why a stored conversion is not the one that counts.
DuplicateReason = Literal["duplicate", "not_in_force"]
#: The effect of an adjustment.
AdjustmentEffect = Literal["applied", "superseded", "duplicate", "no_rate"]
#: Why a data-driven model could not weigh each ad of a path by itself. `no_fit`: nothing was learnt about the goal from
#: the month before. `by_campaign`: the path has too many ads, and campaigns were weighed instead. `too_many_ads`: the
#: path has too many ads and too many campaigns, and all ads have the same weight.
WeighReason = Literal["no_fit", "by_campaign", "too_many_ads"]

NOT_IN_FORCE = "It met a version of the goal, but another version is in force at its time."


def conversion_sentence(reason: ConversionReason) -> str:
    """Return the sentence that says why a conversion doesn't count."""
    match reason:
        case "retracted":
            return "The order was retracted and has not been restated or restored since."
        case "needs_token":
            return (
                "It has an amount, but no server sent it with an ingest token. The goal or its site counts amounts only"
                " if a server sends them."
            )
        case "not_first":
            return "The goal counts one conversion per person, and the person already has an earlier one."
        case "not_first_of_click":
            return (
                "The goal counts one conversion per click, and the click of this conversion already led to an earlier"
                " one that counts."
            )
        case "not_in_force":
            return NOT_IN_FORCE


def click_sentence(reason: ClickReason) -> str:
    """Return the sentence that says why the click id of a conversion leads to no visitor."""
    match reason:
        case "unknown_click":
            return (
                "No click of the site in the 90 days before has this id. If such a click arrives later, it gets credit."
            )
        case "crowded_click":
            return "More than 200 conversions name this click id. Therefore nobody gets credit by it."


def value_sentence(reason: ValueReason) -> str:
    """Return the sentence that says why a conversion's value, or part of it, is missing."""
    match reason:
        case "bad_value":
            return "Its amount can't be read, or could mean two things. It counts as 0 until it is restated."
        case "no_rate":
            return (
                "No exchange rate of the day is known for some of its value. This part counts as 0 until a rate is"
                " loaded."
            )


def touch_sentence(reason: TouchReason, kind: str, window: str) -> str:
    """Return the sentence that says why a touch gets no credit. `kind`: click or view. `window`: the goal's window for
    this kind, in words."""
    match reason:
        case "after_conversion":
            return "It came after the conversion, and can't have led to it."
        case "outside_window":
            return f"It was too long before the conversion. A {kind} may earn credit for {window}."
        case "beyond_newest":
            return (
                "It is too old. Only the newest 2,000 clicks and views within the window may earn credit, and fewer if"
                " the person has many conversions in the hour."
            )
        case "duplicate":
            return f"It is a copy: an earlier {kind} with the same hit id or click id counts instead."
        case "beaten_by_click":
            return "It is a view, and the person also clicked an ad within the window. Then only clicks get credit."


def duplicate_sentence(reason: DuplicateReason) -> str:
    """Return the sentence that says why a stored conversion is not the one that counts for its order, click or hit."""
    match reason:
        case "duplicate":
            return "It is a copy: another conversion of the same order, click or hit counts instead."
        case "not_in_force":
            return NOT_IN_FORCE


def adjustment_sentence(effect: AdjustmentEffect) -> str:
    """Return the sentence that says what effect an adjustment has."""
    match effect:
        case "applied":
            return "It counts."
        case "superseded":
            return "A later restatement of the order replaces it."
        case "duplicate":
            return "It is a copy: another adjustment with the same hit id counts instead."
        case "no_rate":
            return "No exchange rate of its day is known. It counts as 0 until a rate is loaded."


def model_sentence(reason: WeighReason, month: str) -> str:
    """Return the sentence that says why a data-driven model did not weigh a path by its ads. `month`: the month from
    which the model learnt."""
    match reason:
        case "no_fit":
            return f"Nothing was learnt from {month}. Every touch gets the same."
        case "by_campaign":
            return f"The path has too many ads. Credit goes by campaign, as learnt from {month}."
        case "too_many_ads":
            return "The path has too many ads and too many campaigns to weigh them. Every ad gets the same."
