"""Put: reads the spend that a program sends as JSON, and lists all its faults. Pure."""

from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec import Meta

from conversions.spend.days import read_days
from conversions.spend.lines import BadLine, BadSpend, Problems, SpendLine, SpendNames
from conversions.spend.numbers import read_day
from conversions.spend.reader import MAX_NAME, NETWORKS
from tracker.collection.money import read_micros
from tracker.collection.refusal import Refusal

#: A count of at most twelve digits.
Count = Annotated[int, Meta(ge=0, lt=10**12)]
Name = Annotated[str, Meta(max_length=MAX_NAME)]


class Tags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The utm tags of a click."""

    source: Name = ""
    medium: Name = ""
    campaign: Name = ""
    content: Name = ""
    term: Name = ""


class SpendPutRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spend of one day on a campaign or an ad. The ad is named by its key, or by the tags and the network of its
    clicks."""

    day: str
    cost: Annotated[str, Meta(description="A decimal, such as 12.50.")]
    currency: Annotated[str, Meta(description="An ISO 4217 code. By default the site's currency.")] = ""
    ad: Annotated[Name, Meta(description="The key of an ad. If given, campaign, tags and network are ignored.")] = ""
    campaign: Annotated[Name, Meta(description="The key of a campaign, or its utm_campaign.")] = ""
    utm: Tags = Tags()
    network: Annotated[str, Meta(description="The ad network, such as google-ads.")] = ""
    clicks: Count = 0
    impressions: Count = 0


class SpendPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The spend that a source reports for all days from `from` to `to`, both included."""

    site: str
    source: Annotated[str, Meta(min_length=1, max_length=100)]
    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")
    rows: Annotated[list[SpendPutRow], Meta(max_length=10_000)]


def decode_put(body: bytes) -> SpendPut:
    """Decode a request's body, and check its days. Raises Refusal."""
    try:
        put = msgspec.json.decode(body, type=SpendPut)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "invalid", str(error)) from error
    read_days(put.first, put.last)
    if "\0" in put.source:
        raise Refusal(400, "invalid", "source contains a NUL.", "source")
    return put


def put_lines(put: SpendPut, own: str, currencies: Collection[str]) -> list[SpendLine]:
    """Return all rows of a request as lines of spend. `own`: the site's currency. Raises BadSpend with every bad
    row."""
    problems, lines = Problems(), []
    for number, row in enumerate(put.rows):
        try:
            lines.append(read_row(row, put, own, currencies))
        except BadLine as error:
            problems.add(f"rows[{number}]: {error}")
    if problems.count:
        raise BadSpend(problems.listed, problems.count, "rows")
    return lines


def read_row(row: SpendPutRow, put: SpendPut, own: str, currencies: Collection[str]) -> SpendLine:
    """Return one row of a request as a line of spend. `own`: the site's currency. Raises BadLine."""
    cost, currency = read_micros(row.cost), row.currency or own
    if cost is None:
        raise BadLine(f"{row.cost[:40]!r} is no amount, such as 12.50")
    if currency not in currencies:
        raise BadLine(f"{currency[:20]!r} is no ISO 4217 code, such as EUR")
    if row.network and row.network not in NETWORKS:
        raise BadLine(f"{row.network[:40]!r} is no network; {', '.join(NETWORKS)} are")
    day = read_day(row.day, "")
    if day != row.day or not put.first <= day <= put.last:
        raise BadLine(f"{row.day[:40]!r} is no day from {put.first} to {put.last}")
    names = read_names(row)
    if any("\0" in name for name in names):
        raise BadLine("a name contains a NUL")
    return SpendLine(day, currency, names, cost, row.clicks, row.impressions)


def read_names(row: SpendPutRow) -> SpendNames:
    """Return the names by which the ad of a row is found: the ad's key, or tags and network. A campaign in the row
    becomes the tag utm_campaign. Raises BadLine."""
    if row.ad:
        return SpendNames(ad=row.ad)
    if row.campaign and row.utm.campaign not in ("", row.campaign):
        raise BadLine("campaign and utm.campaign are two campaigns")
    tags = {**msgspec.structs.asdict(row.utm), "campaign": row.campaign or row.utm.campaign}
    return SpendNames(**tags, network=row.network)
