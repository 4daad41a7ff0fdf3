"""Conditions: parses the lines of a goal as conditions, and decides whether a hit meets a condition. Pure.

    path is /thanks          path like /orders/*/done     path matches ^/(en|de)/thanks
    event is purchase        event like trial*
    prop plan is pro         prop plan like pro*
    value >= 100             value <= 9.99                value between 10 and 20

`like` takes a glob: `*` stands for any text, `?` for any one character. `matches` takes a regular expression in RE2's
syntax, which may match any part of the path. RE2 never backtracks. Therefore no expression can make a search slow.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec
import re2

from conversions.rules.globs import is_like
from conversions.rules.page_path import check_path, is_path, is_path_like, written_path
from tracker.collection.hit import Hit
from tracker.collection.money import read_micros
from tracker.collection.refusal import Refusal

MAX_CONDITIONS = 20
MAX_LINE = 500
#: RE2 refuses a regular expression if its compiled form takes more than this many bytes.
MAX_PROGRAM = 1 << 16

On = Literal["path", "event", "prop", "value"]
How = Literal["is", "like", "matches", "range"]

_TEXT = re.compile(r"(path|event) (is|like|matches) (.+)")
_PROP = re.compile(r"prop (.+?) (is|like) (.+)")
_BOUND = re.compile(r"value (>=|<=) (\S+)")
_BETWEEN = re.compile(r"value between (\S+) and (\S+)")
#: Finds regular expressions that can't match any path: the text must begin with a letter, a digit or _, but a path
#: begins with /.
_NEVER = re.compile(r"\^\w[^|]*$")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of a goal. `on`: what is compared. `how`: how it is compared. `key`: the name of the prop. `text`:
    the text, glob or regular expression. `low`, `high`: the least and the greatest value, in micros; None for no
    bound."""

    on: On
    how: How
    key: str = ""
    text: str = ""
    low: int | None = None
    high: int | None = None


class BadCondition(Refusal):
    """Raised if a line can't be read as a condition. The message names the line and the valid forms."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid", detail, "conditions")


def read_conditions(text: str) -> tuple[Condition, ...]:
    """Parse a goal's conditions from a text with one condition a line. Blank lines are skipped. Raises BadCondition."""
    lines = [line for raw in text.splitlines() if (line := " ".join(raw.split()))]
    if len(lines) > MAX_CONDITIONS:
        raise BadCondition(f"At most {MAX_CONDITIONS} conditions.")
    return tuple(read_condition(line) for line in lines)


def check_conditions(text: str) -> None:
    """Check the conditions in a text. Raises Refusal if a line can't be read, or if no page can ever meet a
    condition."""
    for condition in read_conditions(text):
        if condition.on == "path" and condition.how == "matches" and _NEVER.match(condition.text):
            instead = "" if "//" in condition.text else condition.text[1:]
            raise BadCondition(f"No page's path matches {condition.text}: each begins with /. Write ^/{instead}")
        if condition.on == "path" and condition.how != "matches":
            check_path(condition.text, glob=condition.how == "like")


@lru_cache(maxsize=4096)
def read_condition(line: str) -> Condition:
    """Parse one line as a condition. Raises BadCondition."""
    if len(line) > MAX_LINE:
        raise BadCondition(f"{line[:40]!r}...: at most {MAX_LINE} characters a line.")
    if found := _TEXT.fullmatch(line):
        return _text(line, *found.groups())
    if found := _PROP.fullmatch(line):
        return Condition(on="prop", key=found[1], how="like" if found[2] == "like" else "is", text=found[3])
    if found := _BOUND.fullmatch(line):
        amount = _amount(line, found[2])
        return _range(line, amount if found[1] == ">=" else None, amount if found[1] == "<=" else None)
    if found := _BETWEEN.fullmatch(line):
        return _range(line, _amount(line, found[1]), _amount(line, found[2]))
    raise BadCondition(
        f"{line!r} is no condition. These are: path is|like|matches TEXT, event is|like TEXT, prop KEY is|like TEXT,"
        " value >= N, value <= N, value between N and M."
    )


def _text(line: str, on: str, how: str, text: str) -> Condition:
    if how != "matches":
        return Condition(on="path" if on == "path" else "event", how="like" if how == "like" else "is", text=text)
    if on != "path":
        raise BadCondition(
            f"{line!r}: only a path can be matched with a regular expression. Use `event is` or `event like`."
        )
    try:
        _compiled(text)
    except re2.error as error:
        raise BadCondition(f"{line!r}: this regular expression can't be used: {_why(error)}") from error
    return Condition(on="path", how="matches", text=text)


def _why(error: Exception) -> str:
    """Return the message of an RE2 error as text. RE2 gives the message as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _amount(line: str, text: str) -> int:
    amount = read_micros(text)
    if amount is None:
        raise BadCondition(f"{line!r}: {text!r} is no amount with up to 12 digits and up to 6 decimals.")
    return amount


def _range(line: str, low: int | None, high: int | None) -> Condition:
    if low is not None and high is not None and low > high:
        raise BadCondition(f"{line!r}: the smaller amount comes first.")
    return Condition(on="value", how="range", low=low, high=high)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PROGRAM
    return re2.compile(pattern, options)


def meets(hit: Hit, path: str, condition: Condition, currency: str) -> bool:
    """Whether a hit meets a condition. `path`: the decoded path of the hit's page. `currency`: the site's currency.

    A hit without a name meets no condition on the event. A hit without the prop meets no condition on the prop. Values
    are compared as they were sent. A hit without a value, or with a value in a foreign currency, meets no condition on
    the value.
    """
    if condition.on == "value":
        return _within(hit, condition, currency)
    if condition.on == "path":
        return _is_on(hit.url, path, condition)
    text = hit.name if condition.on == "event" else hit.props.get(condition.key)
    if text is None or (condition.on == "event" and not text):
        return False  # Without this check a missing text would match `*`.
    return is_like(text, condition.text) if condition.how == "like" else text == condition.text


def _is_on(url: str, path: str, condition: Condition) -> bool:
    """Whether the path of a page meets a condition on the path. A regular expression may match the decoded path, or the
    path as it was sent."""
    if condition.how == "matches":
        expression = _compiled(condition.text)
        return any(expression.search(text) is not None for text in (path, written_path(url)))
    return (is_path_like if condition.how == "like" else is_path)(path, condition.text)


def _within(hit: Hit, condition: Condition, currency: str) -> bool:
    if hit.value is None or hit.currency not in ("", currency):
        return False
    above = condition.low is None or hit.value >= condition.low
    return above and (condition.high is None or hit.value <= condition.high)
