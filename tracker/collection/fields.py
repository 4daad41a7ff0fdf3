"""Fields: one parameter of a hit, as text or as a JSON value -> its checked value, or a Refusal. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

from tracker.collection import money
from tracker.collection.address import read_address
from tracker.collection.body import read_object
from tracker.collection.clock import read_instant
from tracker.collection.currencies import CURRENCIES
from tracker.collection.hit import AdjustmentKind, HitType
from tracker.collection.nobody import someone
from tracker.collection.refusal import Refusal
from tracker.collection.text import is_broken, repair

#: The parameters of one hit by name. They are texts of a query or a form, or JSON values of an object.
Parameters = Mapping[str, Any]

MAX_PROPS = 20
MAX_PROP_KEY = 64
MAX_PROP_VALUE = 500
TYPES = frozenset(get_args(HitType))
KINDS = frozenset(get_args(AdjustmentKind))

#: At most this many characters of an unreadable value are kept.
MAX_UNREAD = 100

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def read_text(parameters: Parameters, field: str, most: int) -> str:
    """Read a text of at most `most` characters. Absent and null are read as the empty text, a JSON number as its
    text."""
    value = parameters.get(field)
    if value is None:
        return ""
    return check_text(as_text(value, field), field, most)


def as_text(value: Any, field: str) -> str:
    """Turn a text or a whole number into text. JSON's other numbers are texts already, because they are decoded as
    texts. Raises Refusal."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(400, f"bad_{field}", "Must be text.", field)


def check_text(value: str, field: str, most: int) -> str:
    """Check a text and return it. Raises Refusal if it is too long, or can't be stored because of a NUL or a lone
    surrogate."""
    if len(value) > most:
        raise Refusal(400, "too_long", f"At most {most} characters.", field)
    if is_broken(value):
        raise Refusal(400, f"bad_{field}", "Contains a NUL byte or bytes that are not UTF-8.", field)
    return value


def read_prose(parameters: Parameters, field: str, most: int) -> str:
    """Read a text that identifies nothing, as `read_text` does, but replace characters that can't be stored."""
    value = parameters.get(field)
    if value is None:
        return ""
    text = as_text(value, field)
    if len(text) > most:
        raise Refusal(400, "too_long", f"At most {most} characters.", field)
    return repair(text)


def read_id(parameters: Parameters, field: str) -> str:
    """Read a hit's or visitor's id; empty if it is absent or names nobody."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    value = someone(as_text(value, field))
    if value and not _ID.fullmatch(value):
        raise Refusal(400, f"bad_{field}", "Up to 64 of A-Za-z0-9._:-", field)
    return value


def read_choice(parameters: Parameters, field: str, choices: frozenset[str]) -> str:
    """Read one of the choices; empty if absent."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in choices:
        raise Refusal(400, f"bad_{field}", f"One of {', '.join(sorted(choices))}.", field)
    return value


def read_amount(parameters: Parameters, own: str, unread: dict[str, str]) -> tuple[int | None, str]:
    """Read `value` in micros, and its currency; None and empty if absent. `own` is the site's currency.

    An unreadable value is noted in `unread`, by field. No sale is lost because of the form of its amount.
    """
    value, currency = parameters.get("value"), parameters.get("currency")
    code = "" if currency is None else currency if isinstance(currency, str) else plain_text(currency)
    if value is None or value == "":
        return None, code if code in CURRENCIES else ""
    amount = money.read_amount(plain_text(value), code, own)
    if amount is None:
        unread["value"] = repair(f"{plain_text(value)} {code}").strip()[:MAX_UNREAD]
        return None, ""
    return amount.micros, amount.currency


def read_time(parameters: Parameters, field: str, unread: dict[str, str]) -> int | None:
    """Read a time in ms since the epoch; None if it is absent or unreadable. An unreadable one is noted in `unread`."""
    value = parameters.get(field)
    if value is None or value == "":
        return None
    # Most hits have a whole number here. To make it a text first would cost as much as all other fields together.
    instant = read_instant(value if type(value) is int else plain_text(value))
    if instant is None:
        unread[field] = repair(plain_text(value)[:MAX_UNREAD])
    return instant


def plain_text(value: Any) -> str:
    """A text as it is, or another JSON value as JSON text."""
    return value if isinstance(value, str) else json.dumps(value)


def read_ip(parameters: Parameters) -> str:
    """Read a person's address; empty if absent."""
    value = parameters.get("ip")
    if value is None or value == "":
        return ""
    address = read_address(as_text(value, "ip"))
    if address is None:
        raise Refusal(400, "bad_ip", "An IPv4 or IPv6 address.", "ip")
    return str(address)


def read_props(parameters: Parameters) -> dict[str, str]:
    """Read the custom properties of `props` (an object or its JSON text) and of every `p.KEY`."""
    found = {name[2:]: value for name, value in parameters.items() if name.startswith("p.")}
    given = parameters.get("props")
    if given is not None and given != "":
        found = {**_object(given), **found}
    props = {repair(key): _property(key, value) for key, value in found.items() if value is not None}
    if len(props) > MAX_PROPS:
        raise Refusal(400, "bad_props", f"At most {MAX_PROPS} properties.", "props")
    return props


def _object(given: Any) -> dict[str, Any]:
    """Read an object, or an object's JSON text. Raises Refusal."""
    if isinstance(given, str):
        given = read_object(given)
    if not isinstance(given, dict):
        raise Refusal(400, "bad_props", "Must be an object of texts.", "props")
    return given


def _property(key: str, value: Any) -> str:
    """Read a property's text. JSON's true and false become these words."""
    if not key:
        raise Refusal(400, "bad_props", "A property needs a name.", "props")
    check_text(repair(key), "props", MAX_PROP_KEY)
    if isinstance(value, bool):
        return "true" if value else "false"
    return check_text(repair(as_text(value, "props")), "props", MAX_PROP_VALUE)
