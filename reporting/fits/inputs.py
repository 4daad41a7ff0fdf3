"""Inputs: collects the path of each person in a month, and counts how often each path led to a conversion. A path is
the sequence of ads that a person clicked or saw. Pure.

The result depends only on the facts and the configuration, and not on the order in which facts are read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec

from conversions.attribution.path_counts import Coverage, Inputs, PathCount, add_up_equal, label_of
from conversions.facts.ad_names import OTHER, AdName, AdNames
from conversions.facts.person import Whose, visitor_alone
from conversions.facts.records import Touch, in_order
from conversions.facts.slots import click_key
from conversions.rules.site import SiteConfig
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Verdict
from conversions.verdicts.paths import Touchpoint, path_of

#: The most ads that a fit names: configured ads first, then those with most steps in paths. All others become
#: `(other)`.
MAX_ADS = 100
#: The most distinct paths that a fit learns from: the most frequent ones.
MAX_PATHS = 10_000
#: The most steps of a path: the newest ones. The same ad twice in a row is one step.
MAX_STEPS = 50
#: The most touches of one person in a month that are used: the oldest ones. No real person has more.
MAX_TOUCHES = 2_000
#: The most touches and steps in memory. In a month with more, only every second person is used, or every fourth, and so
#: on.
MAX_HELD = 200_000

Path = tuple[AdName, ...]


def without_stand_ins(touches: Sequence[Touch]) -> list[Touch]:
    """Return the touches of some parts of an hour, each click once.

    `/click` may store a click under a temporary visitor id, and the landing page may store it again under the visitor's
    real id. Then only the touch of the landing page is returned. Both are always in the same part, because they have
    the same click key.
    """
    landed = {click_key(touch) for touch in touches if touch.landed}
    return [touch for touch in touches if touch.landed or click_key(touch) not in landed]


class PersonMonth:
    """One person's path in a month, and the path before each of the person's conversions."""

    __slots__ = ("converted", "has_clicked", "paths", "seen", "steps", "touches", "was_cut")

    def __init__(self) -> None:
        self.touches = 0
        self.seen: set[object] = set()
        #: The ads of the person's clicks. If the person has not clicked yet, the ads of the views.
        self.steps: Path = ()
        self.has_clicked = False
        self.was_cut = False
        #: The goals of which the person has a conversion.
        self.converted: frozenset[str] = frozenset()
        #: Goal, path, and whether the path was cut.
        self.paths: list[tuple[str, Path, bool]] = []

    def add(self, touch: Touch, name: AdName) -> None:
        """Add the person's next touch, of the ad `name`. A touch with the hit id or click id of an earlier one is left
        out."""
        self.touches += 1
        ids = {touch.hit, (touch.visitor, touch.network, touch.click_id) if touch.click_id else touch.hit}
        if ids & self.seen:
            return
        self.seen |= ids
        if touch.kind == "click" and not self.has_clicked:
            self._forget_views()
        if touch.kind == "click" or not self.has_clicked:
            self._step(name)

    def _forget_views(self) -> None:
        """Remove the views from the path, because the person's first click comes now. The path of a conversion has no
        views before a click either. Paths with and without a conversion can be compared only if they are made in the
        same way."""
        self.has_clicked, self.was_cut = True, False
        self.steps = ()

    def _step(self, name: AdName) -> None:
        if not self.steps or self.steps[-1] != name:
            self.was_cut = self.was_cut or len(self.steps) == MAX_STEPS
            self.steps = (*self.steps, name)[-MAX_STEPS:]

    def room(self) -> int:
        """Return how many more touches of the person may be added."""
        return MAX_TOUCHES - self.touches

    def size(self) -> int:
        """Return how many items of the person are in memory: the touches, the conversions, and the ads of their
        paths."""
        return self.touches + sum(1 + len(path) for _, path, _ in self.paths)


class Gatherer:
    """Collects the touches and conversions of a month, and then returns for each goal how often each path led to a
    conversion.

    Call `add` for some parts of an hour, until all its parts were added; then call `end_bucket`, and go on with the
    next hour. Touches are added to paths at the end of the hour, because a person's touches may be in several parts,
    and must be added in order of time.
    """

    def __init__(self, site: SiteConfig, most_held: int = MAX_HELD) -> None:
        self.one_in = 1
        self._ads = AdNames(site.ads)
        self._most_held = most_held
        self._people: dict[str, PersonMonth] = {}
        #: The touches of the present hour, by person.
        self._waiting: dict[str, list[Touch]] = defaultdict(list)
        self._held = 0

    def add(self, touches: Sequence[Touch], counted: Iterable[Case], whose: Whose = visitor_alone) -> None:
        """Add the touches, and the conversions that count, of some parts of the present hour. `whose` returns the
        person of a touch."""
        for touch in without_stand_ins(touches):
            self._add_touch(touch, whose(touch))
        for case in counted:
            self._add_conversion(case.verdict, path_of(case.verdict, case.touches))
        while self._held > self._most_held and self.one_in < 1 << 60:
            self._drop_half()

    def end_bucket(self) -> None:
        """End the present hour: add its touches to the paths of their persons, in order of time."""
        while self._waiting:
            name, touches = self._waiting.popitem()
            person = self._people[name]
            for touch in in_order(touches)[: person.room()]:
                person.add(touch, self._ads.name(touch))

    def _add_touch(self, touch: Touch, name: str) -> None:
        if person := self._person(name):
            waiting = self._waiting[name]
            waiting.append(touch)
            self._held += len(waiting) <= person.room()
            if len(waiting) > 2 * MAX_TOUCHES:
                self._waiting[name] = in_order(waiting)[: person.room()]

    def _add_conversion(self, verdict: Verdict, path: Sequence[Touchpoint]) -> None:
        uid = verdict.goal.uid
        for claimant in map(self._person, verdict.claimants):
            if claimant:
                claimant.converted |= {uid}
        if person := self._person(verdict.person):
            steps = collapsed(self._ads.name(point.touch) for point in path if point.reason is None)
            person.paths.append((uid, steps[-MAX_STEPS:], len(steps) > MAX_STEPS))
            self._held += 1 + len(steps[-MAX_STEPS:])

    def _person(self, name: str) -> PersonMonth | None:
        """Return the record of a person, made now if it is missing; None if the person is not in the sample."""
        person = self._people.get(name)
        if person is None and is_one_in(name, self.one_in):
            person = self._people[name] = PersonMonth()
        return person

    def _drop_half(self) -> None:
        self.one_in *= 2
        self._people = {name: person for name, person in self._people.items() if is_one_in(name, self.one_in)}
        self._waiting = defaultdict(list, {name: some for name, some in self._waiting.items() if name in self._people})
        waiting = sum(min(len(some), self._people[name].room()) for name, some in self._waiting.items())
        self._held = waiting + sum(person.size() for person in self._people.values())

    def inputs(self, uid: str) -> Inputs:
        """Return how often each path led to a conversion of a goal (by uid) and how often it didn't: the inputs of the
        goal's fit."""
        converted: Counter[Path] = Counter()
        unconverted: Counter[Path] = Counter()
        cut = 0
        for person in self._people.values():
            mine = [(path, was_cut) for goal, path, was_cut in person.paths if goal == uid]
            converted.update(path for path, _ in mine)
            cut += sum(was_cut for _, was_cut in mine)
            if uid not in person.converted:
                unconverted[person.steps] += 1
                cut += person.was_cut
        conversions = converted.total()
        coverage = Coverage(
            one_in=self.one_in, conversions=conversions, with_touches=conversions - converted.pop((), 0), cut=cut
        )
        unconverted.pop((), None)
        return count_paths(converted, unconverted, coverage)


def is_one_in(person: str, number: int) -> bool:
    """Whether a person belongs to the sample, which has one in `number` persons. A hash of the person's name decides.
    `number` is a power of 2."""
    digest = blake2b(person.encode(errors="replace"), digest_size=8).digest() if number > 1 else b""
    return int.from_bytes(digest) % number == 0


def collapsed(names: Iterable[AdName]) -> Path:
    """Join repeats of an ad that follow each other: the ads a, a, b, a give the path a, b, a. The data-driven models
    don't use such repeats."""
    steps: list[AdName] = []
    for name in names:
        if not steps or steps[-1] != name:
            steps.append(name)
    return tuple(steps)


def count_paths(converted: Mapping[Path, int], unconverted: Mapping[Path, int], coverage: Coverage) -> Inputs:
    """Count how often each path led to a conversion and how often it didn't. Only the MAX_PATHS most frequent paths are
    in the result; ads beyond MAX_ADS are `(other)`. `coverage`: which persons and conversions were used."""
    named, others = named_ads(converted, unconverted)
    paths = add_up_equal(
        [
            *(PathCount(labelled(path, named), count, 0) for path, count in converted.items()),
            *(PathCount(labelled(path, named), 0, count) for path, count in unconverted.items()),
        ]
    )
    by_size = sorted(paths, key=lambda path: (-path.total, path.ads))
    rare = by_size[MAX_PATHS:]
    found = {label_of(name): name for name in (*named, OTHER)}
    kept = sorted(by_size[:MAX_PATHS])
    return Inputs(
        kept,
        {label: found[label] for label in sorted({label for path in kept for label in path.ads})},
        msgspec.structs.replace(
            coverage,
            other_ads=others,
            left_out=len(rare),
            left_out_converted=sum(path.converted for path in rare),
            left_out_unconverted=sum(path.unconverted for path in rare),
        ),
    )


def named_ads(*parts: Mapping[Path, int]) -> tuple[frozenset[AdName], int]:
    """Choose the MAX_ADS ads that a fit names: configured ads first, then the most frequent. Also return the number of
    all other ads."""
    sizes: Counter[AdName] = Counter()
    for part in parts:
        for path, count in part.items():
            for name in path:
                sizes[name] += count
    ordered = sorted(sizes, key=lambda name: (not name.configured, -sizes[name], name))
    return frozenset(ordered[:MAX_ADS]), max(len(ordered) - MAX_ADS, 0)


def labelled(path: Path, named: frozenset[AdName]) -> tuple[str, ...]:
    """Convert a path to texts, one for each ad. Ads that are not in `named` become `(other)`."""
    return tuple(label_of(name) for name in collapsed(name if name in named else OTHER for name in path))
