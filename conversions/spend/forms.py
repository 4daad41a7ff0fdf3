"""Forms: the known forms of ad networks' exports, such as Google Ads. The form and the columns of a file are found by
the file's header. Pure."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from conversions.spend.lines import SpendNames

_COST_IN = re.compile(r"amount spent \(([a-z]{3})\)")


class Form(msgspec.Struct, frozen=True):
    """The form of a network's export. `columns`: field, such as `cost` -> possible names of its column, the preferred
    name first. `needs`: the fields that a file of this form must have. `names`: the utm tags and the network that
    clicks of this network usually have."""

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ("day", "cost", "campaign")
    names: SpendNames = SpendNames()


class Places(msgspec.Struct, frozen=True):
    """Where the columns of a file are. `form`: the form of the file's header. `indexes`: field -> index of its column.
    `width`: the number of columns. `currency`: the currency that the header names; empty if it names none."""

    form: Form
    indexes: Mapping[str, int]
    width: int
    currency: str = ""


_COUNTS = {"impressions": ("impressions", "impr."), "currency": ("currency code", "currencycode", "currency")}
META = Form(
    "Meta Ads",
    {
        **_COUNTS,
        "day": ("day", "reporting starts"),
        "until": ("reporting ends",),
        "cost": ("amount spent",),
        "campaign": ("campaign name",),
        "content": ("ad name",),
        "clicks": ("link clicks", "clicks (all)", "clicks"),
    },
    names=SpendNames(source="facebook", medium="paid", network="meta-ads"),
)
MICROSOFT = Form(
    "Microsoft Advertising",
    {
        **_COUNTS,
        "day": ("timeperiod", "time period", "gregorian date", "day", "date"),
        "cost": ("spend",),
        "campaign": ("campaign name", "campaignname", "campaign"),
        "clicks": ("clicks",),
    },
    names=SpendNames(source="bing", medium="cpc", network="microsoft-ads"),
)
TIKTOK = Form(
    "TikTok Ads",
    {
        **_COUNTS,
        "day": ("date", "by day", "day"),
        "cost": ("cost", "total cost"),
        "campaign": ("campaign name",),
        "content": ("ad name",),
        "clicks": ("clicks (destination)", "clicks (all)", "clicks"),
    },
    names=SpendNames(source="tiktok", medium="paid", network="tiktok-ads"),
)
GOOGLE = Form(
    "Google Ads",
    {**_COUNTS, "day": ("day",), "cost": ("cost",), "campaign": ("campaign",), "clicks": ("clicks",)},
    names=SpendNames(source="google", medium="cpc", network="google-ads"),
)
PLAIN = Form(
    "plain",
    {
        **{name: (name,) for name in ("day", "cost", "currency", "clicks", "impressions", "ad", "network")},
        **{name: (f"utm_{name}",) for name in ("source", "medium", "content", "term")},
        "campaign": ("utm_campaign", "campaign"),
    },
    needs=("day", "cost"),
)
FORMS = (META, MICROSOFT, TIKTOK, GOOGLE, PLAIN)


def find_places(row: Sequence[str]) -> Places | None:
    """Find the form and the columns of a file by the header line `row`. None if the line is no header of a known form.

    Networks begin the names of their columns with capital letters. Therefore a file with the columns `day` and `cost`
    has the form `plain`.
    """
    first = [PLAIN] if set(PLAIN.needs) <= {name.strip() for name in row} else []
    names = [name.strip().lower() for name in row]
    spent = next((match for name in names if (match := _COST_IN.fullmatch(name))), None)
    plain = ["amount spent" if _COST_IN.fullmatch(name) else name for name in names]
    for form in (*first, *FORMS):
        found = {field: _index(plain, wanted) for field, wanted in form.columns.items()}
        indexes = {field: place for field, place in found.items() if place is not None}
        if set(form.needs) <= set(indexes):
            return Places(form, indexes, len(names), spent[1].upper() if spent else "")
    return None


def _index(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)
