"""Once everything is processed, no order of arrival, duplicate, crash or interleaving has changed a report."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from conversions.attribution.credit import MODELS
from conversions.configuration.loading import load_site
from conversions.configuration.rate_table import load, read_rates
from conversions.facts import person
from conversions.marks import affected as marking
from conversions.marks import days as day_list
from conversions.marks import fit_marks
from conversions.marks import marks as sequence
from conversions.marks.fit_marks import WHENEVER
from conversions.marks.parts import PartStep, read_parts
from conversions.marks.process import Processor
from conversions.models import Ad, Campaign, Goal, GoalVersion, MatchRule, RateLoad, RateRow
from conversions.rules import budget
from conversions.rules.rates import Quote
from conversions.rules.site import SiteConfig
from conversions.store import cassandra, sql
from conversions.store.port import Cell, CellSet, Store
from conversions.store.sql import SqlStore
from conversions.units.now import now_ms
from conversions.verdicts import joined, naming
from reporting import fitter
from reporting.days import ALL, DayMaker
from reporting.figures.cells import (
    CLICKS,
    NO_RATE,
    Clicks,
    Credit,
    by_touch_day,
    decode_credit,
    decode_unrated,
)
from reporting.figures.days import SUMS, sum_credit
from reporting.fitter import Fitter
from reporting.report.reading import DayReader, starts_of
from reporting.rollup import Roller
from tests.properties.archived import through_archive
from tests.properties.given import SALT, recomputed
from tests.properties.interleave import Actor, Stepped, pause
from tests.properties.scenario import CLOCKS, EDGES, HOUR, OWN_ADDRESS, counting, make_scenario, split_batches
from tests.properties.worlds import LEAST_ON_CASSANDRA, ON_CASSANDRA, WORLDS, Clock, worlds
from tests.rows import click_rows, credit_rows
from tracker.collection.consent import remove_denied
from tracker.collection.hit import Hit
from tracker.collection.visitor_id import own_stand_in
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db

READS = (
    "read_touches",
    "read_conversions",
    "read_claims",
    "read_by_click_id",
    "read_linked",
    "read_next_links",
    "read_last_links",
)
SOME = ("read_some_conversions", "read_some_claims")
ONE_BY_ONE = ("add_facts", "write_cells", *READS, *SOME)
WINDOW_DAYS = 1
YEAR_3000 = 32_503_680_000_000
#: The share of worlds whose hits come from a replay of a merged archive.
ARCHIVED = 0.15
names = count()


class World:
    """One site with its configuration and its waiting batches, and the processes that work on them."""

    def __init__(self, rng: random.Random, store: Store, timezone: str, start: int) -> None:
        self.rng = rng
        account = Account.objects.create(name=f"property {next(names)}", own_networks=[OWN_ADDRESS])
        self.site = Site.objects.create(account=account, name="s", timezone=timezone, key=f"p-{uuid4().hex}")
        least = 1 if isinstance(store, SqlStore) else LEAST_ON_CASSANDRA
        self.scenario = make_scenario(rng, self.site.key, self.site.click_secret, timezone, start, least)
        self.configure()
        #: How many clicks or views of a path may earn credit: far fewer than in the product.
        self.most_touches = rng.choice([1, 2, 3, 99])
        self.divide()
        self.before = self.config()
        self.after: SiteConfig | None = None
        #: Not in every world: a change marks every bucket, which would hide a fact that marks too few.
        self.changes = rng.random() < 0.4
        self.batches = split_batches(rng, self.received())
        #: Rate tables still to be loaded, and the quotes of those that are.
        self.tables = list(self.scenario.tables)
        RateRow.objects.all().delete()  # rates of the previous world
        RateLoad.objects.all().delete()
        self.loaded: list[Quote] = []
        #: Batches that workers have taken and not acknowledged; and how often the queue delivers such a batch to
        #: another worker.
        self.in_hand: list[list[Hit]] = []
        self.hasty = rng.choice([0.0, 0.1])
        #: Whether hits that link visitors to users come last. Then only these hits can cause figures to be made again.
        self.logins_last = rng.random() < 0.5
        #: Whether clicks that conversions name come last, for the same reason.
        self.clicks_last = rng.random() < 0.3
        self.store = Stepped(store, ONE_BY_ONE, cell_by_cell)
        self.plain_store = store
        #: Whether rollups let onward marks rest, until the world is drained.
        self.rests = False
        self.marks = Stepped(sequence)
        self.days = Stepped(day_list)
        self.roller = Roller(self.store, self.marks, self.read_configs, lambda: 0, days=self.days)
        self.day_maker = DayMaker(self.store, self.days, self.read_configs)
        # By this clock every month is over.
        self.fitter = Fitter(self.store, self.marks, Stepped(fit_marks), self.read_config, lambda: 0, lambda: YEAR_3000)

    def received(self) -> list[Hit]:
        """Return the hits as collection keeps them, without what their consent denies."""
        return [remove_denied(hit, (), own_stand_in(hit, SALT)) for hit in self.scenario.hits]

    def configure(self) -> None:
        """Make the goals and ads."""
        window = {"click_window_days": WINDOW_DAYS, "site": self.site}
        Goal.objects.create(key="buy", **window)
        Goal.objects.create(key="once", counting="once", **window)
        open_values = self.rng.random() < 0.6
        Goal.objects.create(key="per_click", counting="click", factor="0.333333", open_values=open_values, **window)
        Goal.objects.create(key="lead", event="lead", path="/", counting="once", fixed_value=5, **window)
        campaign = Campaign.objects.create(site=self.site, key="c")
        for key in ("one", "two"):
            Ad.objects.create(campaign=campaign, key=key)

    def divide(self) -> None:
        """Divide hours into one or more parts, perhaps more from some hour on. Hits of that hour come after this."""
        first, then = self.rng.choice([(1, 1), (1, 1), (1, 16), (2, 256), (16, 256), (256, 256)])
        #: A later increase of the number of parts. Most worlds have none.
        self.step: tuple[int, int] | None = None
        if first > 1:
            PartStep.objects.create(site=self.site.key, since=0, number=first)
        if then > first:
            self.step = (self.scenario.start + self.rng.randrange(-HOUR, 6 * HOUR), then)
        self.parts_before = read_parts([self.site.key])[self.site.key]

    def raise_parts(self) -> None:
        """Increase the number of parts from the step on."""
        if self.step:
            PartStep.objects.create(site=self.site.key, since=self.step[0], number=self.step[1])
            self.step = None

    def comes_before_step(self, hit: Hit) -> bool:
        """Whether a hit can come before the step is known: it is more than two hours older than the step. A click and
        the hit of its landing page may be two hours apart, and both make touches of the click's hour.

        A landing page may say that it was open before its click. Its touch is then in the click's hour. Therefore the
        time of its receipt counts, too.
        """
        return self.step is None or max(hit.at, hit.received) < self.step[0] - 2 * HOUR

    def config(self) -> SiteConfig:
        """Return the present configuration, from the database."""
        found = load_site(self.site.key)
        assert found is not None
        goals = (
            msgspec.structs.replace(
                goal,
                versions=tuple(msgspec.structs.replace(one, most_touches=self.most_touches) for one in goal.versions),
            )
            for goal in found.goals
        )
        return msgspec.structs.replace(found, goals=tuple(goals))

    def read_config(self, _key: str) -> SiteConfig:
        """Return the configuration at the reader's turn, without a cache. Other actors may run before."""
        pause()
        config = self.after or self.before
        parts = read_parts([config.key])[config.key]
        return msgspec.structs.replace(config, rates=read_rates(config.key, config.currency), parts=parts)

    def read_configs(self, keys: Iterable[str]) -> dict[str, SiteConfig]:
        """Return the configuration by site, as `read_config` reads it."""
        return {key: self.read_config(key) for key in keys}

    def cached_config(self, batch: list[Hit]) -> SiteConfig:
        """Return a worker's cached configuration. It may be the one before the change if no hit needs the new
        version."""
        config = self.after or self.before
        if all(self.is_old(hit) for hit in batch):
            config = self.rng.choice([self.before, config])
        # Before the step is made, all hits are older than the step. A worker may process them at any time.
        parts = self.parts_before if self.step else read_parts([self.site.key])[self.site.key]
        return msgspec.structs.replace(config, parts=parts)

    def change(self) -> None:
        """Save new versions of goals, a new name of an ad, and new terms, as staff does."""
        self.before = self.config()
        rules_of: dict[str, dict[str, Any]] = {
            "buy": {"fixed_value": 7},
            "once": {"counting": counting(self.rng), "open_values": self.rng.random() < 0.6},
            "lead": {"event": self.rng.choice(["lead", "no more"])},
        }
        for key, rules in rules_of.items():
            goal = Goal.objects.get(site=self.site, key=key)
            for field, value in rules.items():
                setattr(goal, field, value)
            goal.active = self.rng.random() < 0.8
            goal.save()
        # In the product a version begins once every cache knows it. Here it begins at a time of the scenario.
        GoalVersion.objects.filter(goal__site=self.site, version=2).update(starts_at=self.scenario.change_at)
        one = Ad.objects.get(campaign__site=self.site, key="one")
        one.key = "uno"
        one.save()
        MatchRule.objects.create(ad=one, source="goo*")
        site = Site.objects.get(pk=self.site.pk)
        site.half_life_days, site.position_first = self.rng.choice([(0.25, 0), (1, 40), (30, 60)])
        site.open_values = self.rng.random() < 0.7
        site.save()
        self.after = self.config()

    def make_retroactive(self) -> None:
        """Let the new versions of goals begin earlier, so that stored conversions of old versions don't count. Replay
        all hits."""
        self.scenario.change_at = self.rng.choice([self.scenario.start, self.scenario.change_at - HOUR])
        for goal in Goal.objects.filter(site=self.site, versions__version=2):
            goal.make_retroactive(self.scenario.change_at)
        self.before = self.after = self.config()
        self.batches.extend(split_batches(self.rng, self.received()))

    def load_rates(self) -> None:
        """Load the next rate table, if one is left."""
        if self.tables:
            quotes = self.tables.pop(0)
            load(quotes, "property", 0)
            self.loaded.extend(quotes)

    def next_batch(self) -> list[Hit] | None:
        """Return a random batch that a worker may process now. Hits of a new version wait until the caches know it."""
        known = [batch for batch in self.batches if self.after or all(self.is_old(hit) for hit in batch)]
        known = [batch for batch in known if all(self.comes_before_step(hit) for hit in batch)]
        free = [batch for batch in known if batch not in self.in_hand or self.rng.random() < self.hasty]
        others = [batch for batch in free if not any(hit.name == "login" for hit in batch)]
        free = others if others and self.logins_last else free
        others = [batch for batch in free if not any(hit.issued or "clid" in hit.url for hit in batch)]
        free = others if others and self.clicks_last else free
        return self.rng.choice(free) if free else None

    def is_old(self, hit: Hit) -> bool:
        """Whether the hit is before the change of versions, if this world has one."""
        return not self.changes or hit.at < self.scenario.change_at

    def work(self) -> bool:
        """Do a worker's turn: take a batch, process it, then acknowledge it. Return whether there was one."""
        batch = self.next_batch()
        if batch is None and self.step:
            self.raise_parts()
            batch = self.next_batch()
        if batch is None:
            return False
        config = self.cached_config(batch)
        self.in_hand.append(batch)
        try:
            Processor(self.store, self.marks, lambda _key: config, lambda: 0, 1000).process(batch, "batch")
        finally:
            self.in_hand.remove(batch)
        if batch in self.batches:
            self.batches.remove(batch)
        return True

    def roll(self) -> bool:
        """Do a rollup's turn: roll up the marked parts, then the sums of hours, or in the other order. Return whether
        there were any."""
        both = self.roller.marked, self.roller.sums
        done = False
        for noted in both if self.rng.random() < 0.7 else both[::-1]:
            marks = rest = noted(self.site.key, now_ms() if self.rests else None)
            while rest:
                size = self.rng.randrange(1, 5)
                self.roller.roll_up(*rest[:size])
                rest = rest[size:]
            done |= bool(marks)
        return done

    def fit(self) -> bool:
        """Do a fitter's turn: make the fits of marked months, even if another fitter holds them. Return whether there
        were any."""
        marks = self.fitter.due(self.site.key)
        for mark in marks:
            self.fitter.fit(mark, WHENEVER)
        return bool(marks)

    def sum_days(self) -> bool:
        """Do a day maker's turn: make the cells of stale days. Return whether any were made."""
        made = list(map(self.day_maker.make, self.day_maker.due(YEAR_3000, self.site.key)))
        return any(made)

    def run(self) -> None:
        """Run the world in one of two ways, then drain it."""
        self.interleave() if self.rng.random() < 0.3 else self.overtake()
        self.drain()

    def overtake(self) -> None:
        """Stop one or two processes at some step, let the others do everything, then go on with the stopped ones.

        By then, what the stopped processes have read is out of date.
        """
        self.some_turns([0, 1, 3, 9], rolled=0.3)
        first = self.changes and self.rng.random() < 0.5
        if first:
            self.change()
        stalled = [
            Actor(self.rng.choice([self.work, self.roll, self.fit, self.sum_days]))
            for _ in range(self.rng.choice([1, 1, 2]))
        ]
        for actor in stalled:
            for _ in range(self.rng.randrange(1, self.rng.choice([5, 30, 120]))):
                actor.step()
        self.some_turns(rolled=0.6)
        self.raise_parts()
        if self.changes and not first:
            self.change()
        elif first and self.rng.random() < 0.5:
            self.make_retroactive()
        self.some_turns(rolled=0.6)
        for actor in stalled:
            self.finish_or_die(actor)
            if self.rng.random() < 0.5:
                self.some_turns()

    def some_turns(self, batches: Sequence[int] = (1, 3, 99, 99), rolled: float = 0.9) -> None:
        """Process some or all batches, and mostly roll up what is marked. Rates may be loaded."""
        if self.rng.random() < 0.3:
            self.load_rates()
        for _ in range(self.rng.choice(batches)):
            if not self.work():
                break
        if self.rng.random() < rolled:
            self.roll()
        if self.rng.random() < rolled:
            self.fit()
        if self.rng.random() < rolled:
            self.sum_days()
            self.check_days()

    def interleave(self) -> None:
        """Run two processes of each kind one step at a time, with crashes and a change of configuration."""
        actors = [Actor(self.work), Actor(self.work), Actor(self.roll), Actor(self.roll)]
        actors += [Actor(self.fit), Actor(self.fit), Actor(self.sum_days), Actor(self.sum_days)]
        steps = self.rng.choice([50, 300, 1200])
        change_step = self.rng.randrange(steps) if self.changes else None
        raise_step = self.rng.randrange(steps)
        load_steps = {self.rng.randrange(steps) for _ in self.tables}
        restless, mortal = self.rng.choice([0.1, 0.03, 0.01]), self.rng.choice([0.0, 0.005, 0.03])
        speeds = [1] * len(actors)
        for step in range(steps):
            if step == change_step:
                self.change()
            if step == raise_step:
                self.raise_parts()
            if step in load_steps:
                self.load_rates()
            if self.rng.random() < restless:
                # Some actors stall long enough for others to finish. What the stalled actors have read is then out of
                # date.
                speeds = [self.rng.choice([0, 1, 8]) for _ in actors]
            actor = self.rng.choices(actors, speeds if any(speeds) else None)[0]
            if self.rng.random() < mortal:
                actor.die()
            else:
                actor.step()
        for actor in self.rng.sample(actors, len(actors)):
            self.finish_or_die(actor)

    def drain(self) -> None:
        """Process what is left and roll up now and then, so that late hits change existing figures."""
        self.rests = False
        while self.work():
            if self.rng.random() < 0.5:
                self.roll()
            if self.rng.random() < 0.5:
                self.fit()
            if self.rng.random() < 0.2:
                self.load_rates()
        while self.tables:
            self.roll()
            self.load_rates()
        while self.roll() or self.fit():
            pass
        self.check_days()
        self.sum_days()
        self.check_days()

    def finish_or_die(self, actor: Actor) -> None:
        """Let one process finish its work, or kill it."""
        if self.rng.random() < 0.3:
            actor.die()
        while actor.is_running and actor.step():
            pass

    def figures(self) -> dict[tuple[int, str, str], Any]:
        """Return every stored row by (bucket, goal key, model). Check that the cells with and without days agree."""
        keys = {goal.uid: goal.key for goal in self.config().goals}
        found: dict[tuple[int, str, str], Any] = {}
        for cell in self.cells([CLICKS, NO_RATE, *map(by_touch_day, MODELS)]):
            for goal, rows in rows_of(cell, keys).items():
                found[cell.start, goal, cell.model.removesuffix(by_touch_day(""))] = rows
        assert without_days(self.cells(map(by_touch_day, MODELS))) == without_days(self.cells(MODELS))
        return found

    def check_days(self) -> None:
        """Check that at this moment every day cell that a reader would use equals the sum of its hours."""
        first = date.fromisoformat(day(self.scenario.start)) - timedelta(days=4)
        days = [str(first + timedelta(days=n)) for n in range(20)]
        starts = starts_of(days, self.site_config())
        tokens = list(day_list.read_tokens(self.site.key, starts[0], starts[-1]))
        for model in self.rng.sample(ALL, 4):
            reader = DayReader(self.plain_store, self.site_config(), days, tokens)
            by_day, by_hour = (added_up(reader.read(model, days, hours)) for hours in (False, True))
            assert by_day == by_hour, model
            assert not reader.wrong

    def site_config(self) -> SiteConfig:
        """Return the present configuration, read without a step."""
        return self.after or self.before

    def recomputed(self, hits: Iterable[Hit]) -> dict[tuple[int, str, str], Any]:
        """Return the recomputed rows of these hits, under the present configuration and the loaded rates."""
        return recomputed(hits, self.config(), self.loaded)

    def cells(self, models: Iterable[str]) -> Iterator[Cell]:
        """Yield every cell of the scenario's days for some models."""
        from_day = self.scenario.start - 3 * 86_400_000
        days = sorted({day(from_day + n * 86_400_000 // 2) for n in range(14)})
        yield from self.plain_store.read_cells(self.site.key, list(models), days)


def cell_by_cell(item: Any) -> Iterator[Any]:
    """Split a set of cells into single cells. Other items stay as they are."""
    if not isinstance(item, CellSet):
        yield item
        return
    yield from (CellSet(item.site, item.token, [cell]) for cell in item.cells)


def rows_of(cell: Cell, keys: Mapping[str, str]) -> dict[str, dict[tuple[str | None, str], tuple[int, int]]]:
    """Return goal -> the cell's rows by ad and touch day, summed over campaigns.

    Unrated value is by goal key and currency.
    """
    sums: dict[str, dict[tuple[str | None, str], tuple[int, int]]] = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    parts: list[tuple[str, tuple[str | None, str], int, int]]
    if cell.model == NO_RATE:
        rows = decode_unrated(cell)
        parts = [("", (keys[row.goal], ""), row.conversions, 0) for row in rows]
        parts += [("", (keys[row.goal], name), 0, amount) for row in rows for name, amount in row.amounts if amount]
    elif cell.model == CLICKS:
        parts = [("", (row.ad.ad, ""), row.clicks, row.views) for row in click_rows(cell)]
    else:
        parts = [
            (keys[row.goal], (row.ad and row.ad.ad, row.touch_day), row.credit, row.value) for row in credit_rows(cell)
        ]
    for goal, name, first, second in parts:
        had = sums[goal][name]
        sums[goal][name] = (had[0] + first, had[1] + second)
    return {goal: dict(rows) for goal, rows in sums.items()}


def added_up(cells: Iterable[tuple[str, Cell]]) -> dict[str, Any]:
    """Return the sum of the cells of each day, without empty sums."""
    by_day: dict[str, list[Cell]] = defaultdict(list)
    for one, cell in cells:
        by_day[one].append(cell)
    sums = {one: SUMS.get(some[0].model, sum_credit)(some) for one, some in by_day.items()}
    return {one: found for one, found in sums.items() if found not in (Clicks(), Credit(), [])}


def without_days(cells: Iterable[Cell]) -> dict[Any, tuple[int, int]]:
    """Return credit and value by hour, model, goal and ad, without empty sums."""
    sums: dict[Any, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for cell in cells:
        for goal, ad, credit, value in columns_of(cell):
            place = cell.start, cell.model.removesuffix(by_touch_day("")), goal, ad
            sums[place] = (sums[place][0] + credit, sums[place][1] + value)
    return {place: row for place, row in sums.items() if any(row)}


def columns_of(cell: Cell) -> Iterator[tuple[str, Any, int, int]]:
    """Yield the rows of a model's cell."""
    found = decode_credit(cell)
    for goal, ad, credit, value in zip(found.goal, found.ad, found.credit, found.value, strict=True):
        yield found.goals[goal], found.ads[ad], credit, value


def day(at: int) -> str:
    """Return the UTC day of an instant."""
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def check(store: Store, rng: random.Random, clock: Clock) -> None:
    """Run one world to its end and compare its report with the recomputation."""
    world = World(rng, store, *clock)
    with small_limits(world):
        run_and_compare(world)


@contextmanager
def small_limits(world: World) -> Iterator[None]:
    """Lets a world have limits that its few hits exceed."""
    rng = world.rng
    with pytest.MonkeyPatch.context() as patch:
        # In the product a crowd is hundreds. Here it is two or three in half of the worlds.
        patch.setattr(person, "MOST_VISITORS", rng.choice([99, 99, 1, 2]))
        patch.setattr(person, "MOST_USERS", rng.choice([99, 99, 1, 2]))
        # Conversions of versions that are not in force any more count, too. The recomputation can't know which of them
        # are stored.
        most_naming = rng.choice([99, 99, 1, 2, 3])
        patch.setattr(person, "MOST_NAMING", 99 if world.changes else most_naming)
        # In the product a conversion may name a click of 90 days. Here it is an hour in some worlds.
        patch.setattr(joined, "REACH_MS", rng.choice([joined.REACH_MS, joined.REACH_MS, HOUR]))
        # In the product an hour names a thousand others. Here it names one or two in half of the worlds.
        patch.setattr(naming, "MAX_OTHERS", rng.choice([99, 99, 1, 2]))
        # In the product a fit reads some thousand facts at once. Here it reads part by part in half of the worlds.
        patch.setattr(fitter, "PORTION", rng.choice([1, fitter.PORTION]))
        if rng.random() < 0.25:
            bound_reads(patch)
            world.rests = rng.random() < 0.5
        if rng.random() < 0.5:
            set_budget(rng, patch)
        yield


def bound_reads(patch: pytest.MonkeyPatch) -> None:
    """Bound a worker's reads tightly. The worker then mostly marks all later hours instead of reading."""
    patch.setattr(marking, "MOST_A_BATCH", 1)
    patch.setattr(marking, "MOST_A_FACT", 0)
    for module in (sql, cassandra, marking):
        patch.setattr(module, "AT_LEAST", 0)


def set_budget(rng: random.Random, patch: pytest.MonkeyPatch) -> None:
    """Let a person's conversions in an hour share a few touches. In the product they share thousands."""
    patch.setattr(budget, "SHARED_TOUCHES", rng.choice([2, 3, 6]))
    patch.setattr(budget, "LEAST_TOUCHES", rng.choice([1, 1, 2]))
    patch.setattr(budget, "CONVERSIONS_ELSEWHERE", rng.choice([1, 2, 3]))
    patch.setattr(budget, "CLICKS_SEARCHED", rng.choice([1, 2, 3]))


def run_and_compare(world: World) -> None:
    """Check that the figures at the end equal the recomputed ones. In some worlds the hits come from a replay."""
    if world.rng.random() < ARCHIVED:
        world.batches = through_archive(world.rng, world.site.key, world.batches)
    world.run()
    assert world.figures() == world.recomputed(world.scenario.hits)


class TestSealedReports:
    """The report equals the recomputation, whatever happened before. See `worlds.py` for the two stores."""

    @pytest.mark.sqlite
    @worlds(WORLDS, CLOCKS)
    def test_any_order_duplicates_crashes_and_interleaving_give_the_recomputed_report(
        self, sql_store: Store, seed: int, clock: Clock
    ) -> None:
        check(sql_store, random.Random(seed), clock)

    @pytest.mark.services
    @worlds(ON_CASSANDRA, CLOCKS)
    def test_any_order_and_interleaving_give_the_recomputed_report_on_cassandra(
        self, cassandra_store: Store, seed: int, clock: Clock
    ) -> None:
        check(cassandra_store, random.Random(seed), clock)

    @pytest.mark.sqlite
    @worlds(WORLDS // 4, EDGES)
    def test_over_a_months_end_any_order_and_interleaving_give_the_recomputed_report(
        self, sql_store: Store, seed: int, clock: Clock
    ) -> None:
        check(sql_store, random.Random(seed), clock)

    @pytest.mark.services
    @worlds(ON_CASSANDRA // 4, EDGES)
    def test_over_a_months_end_any_order_gives_the_recomputed_report_on_cassandra(
        self, cassandra_store: Store, seed: int, clock: Clock
    ) -> None:
        check(cassandra_store, random.Random(seed), clock)
