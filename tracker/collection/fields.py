"""Fields: one parameter of a hit, as text or as a JSON value -> its checked value, or a Refusal. Pure."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from math import isfinite
from typing import Any, get_args

from tracker.collection import money
from tracker.collection.body import read_object
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import AdjustmentKind, HitType
from tracker.collection.refusal import Refusal
from tracker.collection.text import is_broken

#: The parameters of one hit by name: texts of a query or a form, or values of a JSON object.
Parameters = Mapping[str, Any]

MAX_PROPS = 20
MAX_PROP_KEY = 64
MAX_PROP_VALUE = 500
TYPES = frozenset(get_args(HitType))
KINDS = frozenset(get_args(AdjustmentKind))

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
#: A number of ms that no clock shows and that no sum overflows.
_BEYOND = 10**18


def read_text(parameters: Parameters, field: str, most: int) -> str:
    """A text of at most so many characters; absent and null are the empty text. A JSON number is its text."""
    value = parameters.get(field)
    if value is None:
        return ""
    return check_text(as_text(value, field), field, most)


def as_text(value: Any, field: str) -> str:
    """A text or a number as text. Floats never come here: they are read as the text that they were written as."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(400, f"bad_{field}", "Must be text.", field)


def check_text(value: str, field: str, most: int) -> str:
    """The text, if it is short enough and can be stored: NUL bytes and lone surrogates can't."""
    if len(value) > most:
        raise Refusal(400, "too_long", f"At most {most} characters.", field)
    if is_broken(value):
        raise Refusal(400, f"bad_{field}", "Holds a NUL byte or what is no UTF-8.", field)
    return value


def read_id(parameters: Parameters, field: str) -> str:
    """A hit's or visitor's id, empty if absent."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    value = as_text(value, field)
    if not _ID.fullmatch(value):
        raise Refusal(400, f"bad_{field}", "Up to 64 of A-Za-z0-9._:-", field)
    return value


def read_choice(parameters: Parameters, field: str, choices: frozenset[str]) -> str:
    """One of the choices, empty if absent."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in choices:
        raise Refusal(400, f"bad_{field}", f"One of {', '.join(sorted(choices))}.", field)
    return value


def read_micros(parameters: Parameters) -> int | None:
    """`value` in micros, exactly; None if absent."""
    value = parameters.get("value")
    if value is None or value == "":
        return None
    micros = money.read_micros(as_text(value, "value"))
    if micros is None:
        raise Refusal(400, "bad_value", "Up to 12 digits, optionally a point and up to 6 more, such as 29.90", "value")
    return micros


def read_currency(parameters: Parameters) -> str:
    """An ISO 4217 code, empty if absent."""
    value = parameters.get("currency")
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in CURRENCIES:
        raise Refusal(400, "bad_currency", "An ISO 4217 code, such as EUR.", "currency")
    return value


def read_ms(parameters: Parameters, field: str) -> int | None:
    """A clock's ms since the epoch; None if absent or unreadable."""
    value = parameters.get(field)
    if isinstance(value, int):
        return None if isinstance(value, bool) else _within_clocks(value)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    number = float(value)
    return _within_clocks(round(number)) if isfinite(number) else (_BEYOND if number > 0 else -_BEYOND)


def _within_clocks(ms: int) -> int:
    return max(-_BEYOND, min(ms, _BEYOND))


def read_ip(parameters: Parameters) -> str:
    """A person's address, empty if absent."""
    value = parameters.get("ip")
    if value is None or value == "":
        return ""
    try:
        return str(ip_address(as_text(value, "ip")))
    except ValueError as error:
        raise Refusal(400, "bad_ip", "An IPv4 or IPv6 address.", "ip") from error


def read_props(parameters: Parameters) -> dict[str, str]:
    """The custom properties: of `props`, an object or its JSON text, and of every `p.KEY`."""
    found = {name[2:]: value for name, value in parameters.items() if name.startswith("p.")}
    given = parameters.get("props")
    if given is not None and given != "":
        found = {**_object(given), **found}
    props = {key: _property(key, value) for key, value in found.items() if value is not None}
    if len(props) > MAX_PROPS:
        raise Refusal(400, "bad_props", f"At most {MAX_PROPS} properties.", "props")
    return props


def _object(given: Any) -> dict[str, Any]:
    """An object as such or as JSON text."""
    if isinstance(given, str):
        given = read_object(given)
    if not isinstance(given, dict):
        raise Refusal(400, "bad_props", "Must be an object of texts.", "props")
    return given


def _property(key: str, value: Any) -> str:
    """A property's text. JSON's true and false are kept as these words."""
    if not key:
        raise Refusal(400, "bad_props", "A property needs a name.", "props")
    check_text(key, "props", MAX_PROP_KEY)
    if isinstance(value, bool):
        return "true" if value else "false"
    return check_text(as_text(value, "props"), "props", MAX_PROP_VALUE)
