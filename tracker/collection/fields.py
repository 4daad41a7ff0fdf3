"""Fields: one parameter of a hit, as text or as a JSON value -> its checked value, or a BadField. Pure."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from math import isfinite
from typing import Any, get_args

from tracker.collection.body import read_object
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import AdjustmentKind, HitType

#: The parameters of one hit by name: texts of a query or a form, or values of a JSON object.
Parameters = Mapping[str, Any]

MAX_PROPS = 20
MAX_PROP_KEY = 64
MAX_PROP_VALUE = 500
TYPES = frozenset(get_args(HitType))
KINDS = frozenset(get_args(AdjustmentKind))

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_VALUE = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
#: A number of ms that no clock shows and that no sum overflows.
_BEYOND = 10**18


class BadField(ValueError):
    """One parameter makes its hit unusable; the code is one of docs/errors.md."""

    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field
        self.detail = detail


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
    raise BadField(f"bad_{field}", field, "Must be text.")


def check_text(value: str, field: str, most: int) -> str:
    """The text, if it is short enough and can be stored: NUL bytes and lone surrogates can't."""
    if len(value) > most:
        raise BadField("too_long", field, f"At most {most} characters.")
    if "\0" in value or not (value.isascii() or _is_encodable(value)):
        raise BadField(f"bad_{field}", field, "Holds a NUL byte or what is no UTF-8.")
    return value


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_id(parameters: Parameters, field: str) -> str:
    """A hit's or visitor's id, empty if absent."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    value = as_text(value, field)
    if not _ID.fullmatch(value):
        raise BadField(f"bad_{field}", field, "Up to 64 of A-Za-z0-9._:-")
    return value


def read_choice(parameters: Parameters, field: str, choices: frozenset[str]) -> str:
    """One of the choices, empty if absent."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in choices:
        raise BadField(f"bad_{field}", field, f"One of {', '.join(sorted(choices))}.")
    return value


def read_micros(parameters: Parameters) -> int | None:
    """`value` in micros, exactly; None if absent."""
    value = parameters.get("value")
    if value is None or value == "":
        return None
    match = _VALUE.fullmatch(as_text(value, "value"))
    if not match:
        raise BadField("bad_value", "value", "Up to 12 digits, optionally a point and up to 6 more, such as 29.90")
    sign, whole, fraction = match.groups("")
    micros = int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))
    return -micros if sign else micros


def read_currency(parameters: Parameters) -> str:
    """An ISO 4217 code, empty if absent."""
    value = parameters.get("currency")
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in CURRENCIES:
        raise BadField("bad_currency", "currency", "An ISO 4217 code, such as EUR.")
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
        return str(ip_address(check_text(as_text(value, "ip"), "ip", 64)))
    except ValueError as error:
        raise BadField("bad_ip", "ip", "An IPv4 or IPv6 address.") from error


def read_props(parameters: Parameters) -> dict[str, str]:
    """The custom properties: of `props`, an object or its JSON text, and of every `p.KEY`."""
    found = {name[2:]: value for name, value in parameters.items() if name.startswith("p.")}
    given = parameters.get("props")
    if given is not None and given != "":
        found = {**_object(given), **found}
    props = {key: _property(key, value) for key, value in found.items() if value is not None}
    if len(props) > MAX_PROPS:
        raise BadField("bad_props", "props", f"At most {MAX_PROPS} properties.")
    return props


def _object(given: Any) -> dict[str, Any]:
    """An object as such or as JSON text."""
    if isinstance(given, str):
        given = read_object(given)
    if not isinstance(given, dict):
        raise BadField("bad_props", "props", "Must be an object of texts.")
    return given


def _property(key: str, value: Any) -> str:
    """A property's text. JSON's true and false are kept as these words."""
    if not key:
        raise BadField("bad_props", "props", "A property needs a name.")
    check_text(key, "props", MAX_PROP_KEY)
    if isinstance(value, bool):
        return "true" if value else "false"
    return check_text(as_text(value, "props"), "props", MAX_PROP_VALUE)
