"""Fields: reads and checks single parameters of a hit. Pure."""

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

#: The parameters of one hit, by name: texts from a query string or form, or values from a JSON object.
Parameters = Mapping[str, Any]

MAX_PROPS = 20
MAX_PROP_KEY = 64
MAX_PROP_VALUE = 500
TYPES = frozenset(get_args(HitType))
KINDS = frozenset(get_args(AdjustmentKind))

#: The most characters that are kept of an unreadable value.
MAX_UNREAD = 100

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def read_text(parameters: Parameters, field: str, most: int) -> str:
    """Read a text parameter of at most `most` characters; "" if it is absent or null. A number in JSON is read as its
    text. Raises Refusal."""
    value = parameters.get(field)
    if value is None:
        return ""
    return check_text(as_text(value, field), field, most)


def as_text(value: Any, field: str) -> str:
    """Return a text unchanged, and a whole number as its text: 7 gives "7". Raises Refusal for true, an object or an
    array. A JSON number with a fraction is a text already, because `decode_json` reads it as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refusal(400, f"bad_{field}", "Must be text.", field)


def check_text(value: str, field: str, most: int) -> str:
    """Return a text unchanged. Raises Refusal if it is too long, or has a character that can't be stored: a NUL or a
    lone surrogate (half a character)."""
    if len(value) > most:
        raise Refusal(400, "too_long", f"At most {most} characters.", field)
    if is_broken(value):
        raise Refusal(400, f"bad_{field}", "Contains a NUL byte or bytes that are not UTF-8.", field)
    return value


def read_prose(parameters: Parameters, field: str, most: int) -> str:
    """Read a text for people, such as a title; "" if it is absent. Characters that can't be stored are replaced. Raises
    Refusal if it is too long."""
    value = parameters.get(field)
    if value is None:
        return ""
    text = as_text(value, field)
    if len(text) > most:
        raise Refusal(400, "too_long", f"At most {most} characters.", field)
    return repair(text)


def read_id(parameters: Parameters, field: str) -> str:
    """Read the id of a hit or a visitor; "" if it is absent, or a placeholder that programs send for everybody, such as
    null. Raises Refusal."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    value = someone(as_text(value, field))
    if value and not _ID.fullmatch(value):
        raise Refusal(400, f"bad_{field}", "Up to 64 of A-Za-z0-9._:-", field)
    return value


def read_choice(parameters: Parameters, field: str, choices: frozenset[str]) -> str:
    """Read a parameter whose value must be one of `choices`; "" if it is absent. Raises Refusal."""
    value = parameters.get(field)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or value not in choices:
        raise Refusal(400, f"bad_{field}", f"One of {', '.join(sorted(choices))}.", field)
    return value


def read_amount(parameters: Parameters, own: str, unread: dict[str, str]) -> tuple[int | None, str]:
    """Read an amount of money from the parameters `value` and `currency`. Return (micros, currency); micros is None if
    there is no amount. `own`: the site's currency.

    An amount that can't be read is added to `unread`, and the hit is accepted without it: no sale is lost because of
    how its amount is written.
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
    """Read a time as ms since the epoch; None if it is absent or can't be read. A time that can't be read is added to
    `unread`."""
    value = parameters.get(field)
    if value is None or value == "":
        return None
    # Most hits have a whole number here. To convert it to text first would cost as much as all other fields together.
    instant = read_instant(value if type(value) is int else plain_text(value))
    if instant is None:
        unread[field] = repair(plain_text(value)[:MAX_UNREAD])
    return instant


def plain_text(value: Any) -> str:
    """Return a text unchanged, and any other JSON value as JSON text: [1, 2] gives "[1, 2]"."""
    return value if isinstance(value, str) else json.dumps(value)


def read_ip(parameters: Parameters) -> str:
    """Read the parameter `ip`, in which a server sends the person's IP address; "" if it is absent. Raises Refusal."""
    value = parameters.get("ip")
    if value is None or value == "":
        return ""
    address = read_address(as_text(value, "ip"))
    if address is None:
        raise Refusal(400, "bad_ip", "An IPv4 or IPv6 address.", "ip")
    return str(address)


def read_props(parameters: Parameters) -> dict[str, str]:
    """Read custom properties: those of the parameter `props` (an object or its JSON text), and each parameter `p.NAME`.
    Raises Refusal."""
    found = {name[2:]: value for name, value in parameters.items() if name.startswith("p.")}
    given = parameters.get("props")
    if given is not None and given != "":
        found = {**_object(given), **found}
    props = {repair(key): _property(key, value) for key, value in found.items() if value is not None}
    if len(props) > MAX_PROPS:
        raise Refusal(400, "bad_props", f"At most {MAX_PROPS} properties.", "props")
    return props


def _object(given: Any) -> dict[str, Any]:
    """Return an object that is given directly or as JSON text. Raises Refusal if it is neither."""
    if isinstance(given, str):
        given = read_object(given)
    if not isinstance(given, dict):
        raise Refusal(400, "bad_props", "Must be an object of texts.", "props")
    return given


def _property(key: str, value: Any) -> str:
    """Check a custom property. Return its value as text. Raises Refusal."""
    if not key:
        raise Refusal(400, "bad_props", "A property needs a name.", "props")
    check_text(repair(key), "props", MAX_PROP_KEY)
    if isinstance(value, bool):
        return "true" if value else "false"
    return check_text(repair(as_text(value, "props")), "props", MAX_PROP_VALUE)
