"""Options: reads the options of an import: the source, and how the file is to be read. Pure."""

from collections.abc import Collection, Mapping

from conversions.spend.lines import SpendNames
from conversions.spend.listed import read_source
from conversions.spend.reader import MAX_NAME, NETWORKS, Reading
from conversions.units.parameters import check_names
from tracker.collection.refusal import Refusal

#: The values of `decimal` (the decimal mark) and of `dates` (what comes first in 11/12/2026). If an option is empty,
#: the file itself must show it.
MARKS = ("", ".", ",")
ORDERS = ("", "day", "month")
#: The options for tags and networks that the file doesn't have: option -> field of SpendNames.
NAMED = {"utm_source": "source", "utm_medium": "medium", "network": "network"}
#: All options of an import.
OPTIONS = ("source", "currency", "decimal", "dates", *NAMED)


def read_options(
    parameters: Mapping[str, str], own: str, currencies: Collection[str], others: Collection[str] = ()
) -> tuple[str, Reading]:
    """Read the parameters of an import. Returns (name of the source, how to read the file). `own`: the site's currency.
    `others`: names of further parameters that are allowed. Raises Refusal for any other parameter."""
    check_names(parameters, (*others, *OPTIONS), "An import")
    given = {name: parameters.get(name, "").strip() for name in OPTIONS}
    return read_source(parameters), Reading(
        currency=_one_of("currency", (given["currency"] or own).upper(), currencies, "an ISO 4217 code, such as EUR"),
        currencies=currencies,
        mark=_one_of("decimal", given["decimal"], MARKS, "the decimal mark: a point or a comma"),
        order=_one_of("dates", given["dates"], ORDERS, "what comes first in 11/12/2026: day or month"),
        names=SpendNames(**{field: _name(name, given[name]) for name, field in NAMED.items()}),
    )


def _one_of(field: str, value: str, choices: Collection[str], meaning: str) -> str:
    if value in choices:
        return value
    raise Refusal(400, "invalid", f"{field} is {meaning}.", field)


def _name(field: str, value: str) -> str:
    if field == "network":
        return _one_of(field, value, ("", *NETWORKS), f"one of {', '.join(NETWORKS)}")
    if len(value) > MAX_NAME or "\0" in value:
        raise Refusal(400, "invalid", f"{field} has at most {MAX_NAME} characters, and no NUL.", field)
    return value
