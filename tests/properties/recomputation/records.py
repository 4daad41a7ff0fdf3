"""Records: the hits and the configuration that come in, and the facts that are made of them. Rules: `docs/models.md`,
Facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Record = TypeVar("Record")
#: A JSON object.
Plain = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A hit as the archive stores it."""

    id: str
    site: str
    type: str
    at: int
    visitor: str
    name: str = ""
    user: str = ""
    url: str = ""
    ref: str = ""
    ad: str = ""
    order: str = ""
    value: int | None = None
    currency: str = ""
    kind: str = ""
    ip: str = ""
    ua: str = ""
    prefetch: bool = False
    props: Plain = field(default_factory=dict)
    trusted: bool = False
    unread: Plain = field(default_factory=dict)
    click: str = ""
    issued: bool = False
    consent: Plain = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a goal. Windows are in ms; money and the factor are in micros."""

    version: int
    starts_at: int
    active: bool
    path: str
    event: str
    fixed_value: int | None
    factor: int | None
    counting: str
    click_window: int
    view_window: int
    most_touches: int
    open_values: bool


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A goal with all of its versions."""

    uid: str
    key: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, kw_only=True)
class Ad:
    """An ad with its match rules. A rule maps a field of touches to a glob."""

    key: str
    campaign: str
    rules: tuple[Plain, ...]


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site with its goals, and its ads in the order in which their rules are tried."""

    key: str
    timezone: str
    currency: str
    click_secret: str
    half_life: int
    position_first: int
    position_last: int
    bots: bool
    prefetches: bool
    own_traffic: bool
    own_networks: tuple[str, ...]
    #: (instant in ms, number of parts of an hour from then on).
    steps: tuple[tuple[int, int], ...] = ()
    goals: tuple[Goal, ...]
    ads: tuple[Ad, ...]


@dataclass(frozen=True, kw_only=True)
class Touch:
    """A click or a view."""

    site: str
    visitor: str
    user: str = ""
    kind: str
    at: int
    hit: str
    ad: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""
    click_id: str = ""
    landed: bool = False
    other_ids: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    issued: bool = False


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """A hit that met a version of a goal."""

    site: str
    visitor: str
    user: str = ""
    at: int
    hit: str
    goal: str
    version: int
    order: str = ""
    value: int | None = None
    currency: str = ""
    trusted: bool = False
    unreadable: bool = False
    click: str = ""


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """A refund, retraction or restatement of an order."""

    site: str
    order: str
    at: int
    hit: str
    kind: str
    value: int | None = None
    currency: str = ""
    trusted: bool = False
    click: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A fact that a visitor named its user."""

    site: str
    visitor: str
    user: str
    at: int
    hit: str


Fact = Touch | Conversion | Adjustment | Link


def read(record: type[Record], plain: Plain, **others: Any) -> Record:
    """Make a record from a JSON object and more fields. Fields that the record doesn't have are ignored."""
    known = {one.name for one in fields(record)}  # type: ignore[arg-type]
    return record(**{name: value for name, value in plain.items() if name in known} | others)


def read_site(plain: Plain) -> Site:
    """Read a site from a JSON object."""
    goals = tuple(read_goal(goal) for goal in plain["goals"])
    ads = tuple(read(Ad, ad, rules=tuple(ad["rules"])) for ad in plain["ads"])
    return read(Site, {**plain, **plain["terms"], **plain["traffic"], **plain["parts"]}, goals=goals, ads=ads)


def read_goal(plain: Plain) -> Goal:
    """Read a goal from a JSON object. Goals here have no conditions, because a condition concerns only a single hit."""
    assert not any(version["conditions"] for version in plain["versions"])
    return read(Goal, plain, versions=tuple(read(Version, version) for version in plain["versions"]))
