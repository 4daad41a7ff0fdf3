"""Timeline: lists the facts of a visitor in order of time, page by page, for the API. Pure."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from conversions.explain.explain import describe_sent
from conversions.explain.explanation import Sent
from conversions.explain.touches import parameters_of
from conversions.facts.ad_names import name_touch
from conversions.facts.person import user_of
from conversions.facts.records import Conversion, Joined, Link, OrderKey, Touch, conversion_id, order_key
from conversions.rules.site import SiteConfig
from conversions.store.port import Store
from conversions.units.formats import Instant, Url
from conversions.verdicts.people import People, claimant_fact
from tracker.collection.hit import iso

TimelineRow = Touch | Conversion | Link | Joined


class MetGoal(msgspec.Struct, frozen=True):
    """The goal that a hit met, and the version of the goal that it met."""

    key: Annotated[str | None, Meta(description="Null if the goal doesn't exist any more.")]
    version: int


class TimelineFact(msgspec.Struct, frozen=True, kw_only=True):
    """A stored fact. A touch has its ad. A conversion has its goal and its id."""

    at: Instant
    hit: str
    kind: Annotated[
        Literal["click", "view", "conversion", "link"], Meta(description="`link`: the visitor named its user.")
    ]
    ad: str | UnsetType = UNSET
    campaign: str | UnsetType = UNSET
    configured: bool | UnsetType = UNSET
    parameters: dict[str, str] | UnsetType = UNSET
    id: Annotated[str | UnsetType, Meta(description="A conversion's id.")] = UNSET
    goal: MetGoal | UnsetType = UNSET
    order: str | UnsetType | None = UNSET
    sent: Sent | UnsetType = UNSET
    click: Annotated[
        str | UnsetType, Meta(description="The click id that the conversion names, which may join it to the visitor.")
    ] = UNSET
    user: Annotated[str | None, Meta(description="The user to whom the fact belongs; null if it belongs to no user.")]
    batch: Annotated[str | None, Meta(description="The id of the batch with the hit.")]
    archive_key: Annotated[
        str | None, Meta(description="The key of the archive's object with the hit; null if unknown.")
    ]
    page: Annotated[
        Url | UnsetType, Meta(description="The address of the page that explains the conversion in words.")
    ] = UNSET


class FactDescriber(msgspec.Struct, frozen=True, kw_only=True):
    """Makes the API's answer for each stored fact of a site.

    `people`: finds the person of each fact. `archive_key`: batch id -> the key of the archive's object. `page_url`:
    conversion id -> the URL of the page that explains the conversion.
    """

    site: SiteConfig
    people: People
    archive_key: Callable[[str], str | None]
    page_url: Callable[[str], Url]

    def describe(self, fact: TimelineRow) -> TimelineFact:
        """Return a stored fact as the API shows it, with its user. The answer doesn't say whether a conversion counts.
        For this, ask for the explanation of the conversion's `id`."""
        match fact:
            case Touch():
                return self._touch(fact)
            case Conversion():
                return self._conversion(fact, fact)
            case Joined():
                return self._conversion(fact.conversion, fact.touch)
            case Link():
                return self._link(fact)

    def _touch(self, touch: Touch) -> TimelineFact:
        name = name_touch(touch, self.site.ads)
        return TimelineFact(
            at=iso(touch.at),
            hit=touch.hit,
            kind=touch.kind,
            ad=name.ad,
            campaign=name.campaign,
            configured=name.configured,
            parameters=parameters_of(touch),
            user=user_of(self.people.of(touch)) or None,
            batch=touch.batch or None,
            archive_key=self.archive_key(touch.batch),
        )

    def _conversion(self, conversion: Conversion, mine: Touch | Conversion) -> TimelineFact:
        goal = self.site.goal(conversion.goal)
        id = conversion_id(self.site.key, conversion.goal, conversion.claim)
        return TimelineFact(
            at=iso(conversion.at),
            hit=conversion.hit,
            kind="conversion",
            id=id,
            goal=MetGoal(goal.key if goal else None, conversion.version),
            order=conversion.order or None,
            sent=describe_sent(conversion),
            click=conversion.click or UNSET,
            user=user_of(self.people.of(mine)) or None,
            batch=conversion.batch or None,
            archive_key=self.archive_key(conversion.batch),
            page=self.page_url(id),
        )

    def _link(self, link: Link) -> TimelineFact:
        return TimelineFact(
            at=iso(link.at),
            hit=link.hit,
            kind="link",
            user=link.user,
            batch=link.batch or None,
            archive_key=self.archive_key(link.batch),
        )


def read_timeline(
    store: Store, site: str, visitor: str, after: OrderKey, limit: int
) -> tuple[list[TimelineRow], OrderKey | None]:
    """Read a page of a visitor's facts, in order of time. If a hit is stored in several copies, all copies are
    returned. Returns (facts, the position at which the next page begins). The position is None on the last page."""
    touches = store.read_timeline(site, visitor, "touch", after, limit + 1)
    conversions = store.read_timeline(site, visitor, "conversion", after, limit + 1)
    links = store.read_timeline(site, visitor, "link", after, limit + 1)
    facts = sorted([*touches, *conversions, *links], key=order_key)
    return facts[:limit], order_key(facts[limit - 1]) if len(facts) > limit else None


def read_people(store: Store, site: str, facts: Iterable[TimelineRow]) -> People:
    """Read the links that decide to which persons these facts belong. Returns a People that has read them."""
    people = People(store, site)
    people.read_links_of(
        fact if isinstance(fact, Touch) else claimant_fact(fact) for fact in facts if not isinstance(fact, Link)
    )
    return people
