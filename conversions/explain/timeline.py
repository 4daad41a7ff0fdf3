"""Timeline: one visitor's facts in order of time, page by page, in the form in which the API lists them. Pure."""

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
from conversions.verdicts.people import People, owned
from tracker.collection.hit import iso

TimelineRow = Touch | Conversion | Link | Joined


class MetGoal(msgspec.Struct, frozen=True):
    """The version of a goal that a hit met."""

    key: Annotated[str | None, Meta(description="Null if the goal doesn't exist any more.")]
    version: int


class TimelineFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it is stored. A touch has its ad; a conversion has its goal and its id."""

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
        str | UnsetType, Meta(description="The click id that the conversion names, by which it is the visitor's.")
    ] = UNSET
    user: Annotated[
        str | None, Meta(description="The user whose fact it is, by the visitor's links; null if it is no user's.")
    ]
    batch: Annotated[str | None, Meta(description="The id of the batch that the hit came in.")]
    archive_key: Annotated[str | None, Meta(description="The archive's object that holds it; null if that is unknown.")]
    page: Annotated[Url | UnsetType, Meta(description="The page for people that explains the conversion.")] = UNSET


class FactDescriber(msgspec.Struct, frozen=True, kw_only=True):
    """Describes the facts of a site.

    `people`: the persons of the facts. `archive_key`: batch id -> the archive's key. `page_url`: conversion id -> the
    page that explains it.
    """

    site: SiteConfig
    people: People
    archive_key: Callable[[str], str | None]
    page_url: Callable[[str], Url]

    def describe(self, fact: TimelineRow) -> TimelineFact:
        """Describe a fact as it is stored, with its person's user. The explanation of a conversion's `id` says whether
        it counts."""
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
    """Read the visitor's next facts, every stored copy; and the position where the next page begins, None for the last
    page."""
    touches = store.read_timeline(site, visitor, "touch", after, limit + 1)
    conversions = store.read_timeline(site, visitor, "conversion", after, limit + 1)
    links = store.read_timeline(site, visitor, "link", after, limit + 1)
    facts = sorted([*touches, *conversions, *links], key=order_key)
    return facts[:limit], order_key(facts[limit - 1]) if len(facts) > limit else None


def meet(store: Store, site: str, facts: Iterable[TimelineRow]) -> People:
    """Read the persons of these facts."""
    people = People(store, site)
    people.meet(fact if isinstance(fact, Touch) else owned(fact) for fact in facts if not isinstance(fact, Link))
    return people
