"""Goal words: describes the rules of a goal in sentences. Pure."""

from collections.abc import Iterator

from conversions.rules.conditions import Condition
from conversions.rules.goals import Goal, GoalVersion
from conversions.units.clock import DAY_MS
from conversions.units.micros import plain_number

COUNTING = {
    "every": "Every conversion counts.",
    "once": "One per person counts: the earliest.",
    "click": "One per click counts: the earliest.",
}
HOW = {"is": "is", "like": "is like", "matches": "matches"}


def describe_rules(goal: Goal, version: GoalVersion) -> list[str]:
    """Describe a version of a goal in sentences: which hits meet the version, what they are worth, how often they
    count, and how long touches may get credit."""
    return [*_meets(goal, version), _worth(version), COUNTING[version.counting], _windows(version)]


def _meets(goal: Goal, version: GoalVersion) -> Iterator[str]:
    yield f"A hit of type conversion that is named {goal.key} meets it."
    if asked := list(_asked(version)):
        many = "all of these are true" if version.match == "all" else "one of these is true"
        yield f"Another hit meets it if {many if len(asked) > 1 else 'this is true'}: {'; '.join(asked)}."


def _asked(version: GoalVersion) -> Iterator[str]:
    path = f"it is a page view and its path is like {version.path}" if version.path else ""
    event = f"its name is {version.event}" if version.event else ""
    if path or event:
        yield " or ".join(filter(None, (event, path)))
    yield from map(describe_condition, version.conditions)


def describe_condition(condition: Condition) -> str:
    """Return a condition as a phrase for people: `value >= 100` becomes `its value is at least 100`."""
    if condition.on != "value":
        name = f"property {condition.key}" if condition.on == "prop" else condition.on
        return f"its {name} {HOW[condition.how]} {condition.text}"
    bounds = (("at least", condition.low), ("at most", condition.high))
    bounded = (f"{word} {plain_number(micros)}" for word, micros in bounds if micros is not None)
    return f"its value is {' and '.join(bounded)}"


def _worth(version: GoalVersion) -> str:
    if version.fixed_value is not None:
        worth = f"{plain_number(version.fixed_value)} {version.currency}"
        return f"Each is worth {worth}, whatever the hit says, less refunds; a restatement replaces it."
    if version.factor is not None:
        return f"Each is worth the hit's own value times {plain_number(version.factor)}. Refunds are multiplied, too."
    return "Each is worth the hit's own value."


def _windows(version: GoalVersion) -> str:
    click, view = (describe_days(window) for window in (version.click_window, version.view_window))
    return f"Clicks may earn credit for {click}, views for {view}."


def describe_days(window: int) -> str:
    """Write a window (ms) in words: `1 day`, `30 days`."""
    days = window // DAY_MS
    return "1 day" if days == 1 else f"{days} days"
