"""Preview: what a goal would have counted in the last days. A replay gives the same number. Nothing is changed."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from conversions.configuration.loading import forget_cached_sites
from conversions.configuration.rate_table import load, read_rates
from conversions.facts import person
from conversions.marks.marks import SiteCurrency, known_buckets, open_marks
from conversions.models import Goal, GoalVersion, Replay
from conversions.replay.draft import draft_goal
from conversions.replay.preview import Preview, describe_preview, gather_until, last_days
from conversions.rules.rates import PLACES, Quote
from conversions.store.port import Store
from conversions.tasks import carry_on_replays
from conversions.units.now import now_ms
from reporting.report.answer import answer, plain_answer
from reporting.report.query import read_query
from tests.openapi import described
from tests.shop import DAY, HOUR, MINUTE, NOON, Shop
from tracker.archive import FolderArchive
from tracker.collection.hit import Batch, Hit, batch_id, iso, to_plain

pytestmark = pytest.mark.django_db


class RecentShop(Shop):
    """A shop with a recent past: its hits are archived and processed."""

    def __init__(self, store: Store, archive: FolderArchive) -> None:
        super().__init__(store)
        self.archive = archive
        self.site.first_hit_at = "2026-01-01T00:00Z"
        self.site.save()
        self.now = now_ms()
        self.batches = 0

    def at(self, ago: int) -> int:
        """Return the instant `ago` ms before now, in ms after noon."""
        return self.now - ago - NOON

    def receive(self, *hits: Hit) -> None:
        self.batches += 1
        batch = Batch(batch_id(max(hit.received for hit in hits), f"{self.batches:04d}"), hits)
        self.archive.put(batch)
        self.process(*hits, batch=batch.id)

    def event(self, id: str, ago: int, **more: Any) -> Hit:
        return self.hit("event", id, self.at(ago), **{"name": "lead", **more})

    def preview(self, key: str = "", days: int = 30, **rules: Any) -> dict[str, Any]:
        span = last_days(self.key, days, self.now)
        draft = draft_goal(self.site, self.config(), key, rules, span.since)
        found = Preview(self.store, self.config(), draft, span, read_rates)
        gather_until(found, self.archive, lambda: True)
        return to_plain(describe_preview(found, span, self.config()))

    def reported(self, goal: str) -> dict[str, Any]:
        """Return the report of the last 30 days for a goal."""
        days = {"from": day(self.now - 30 * DAY), "to": day(self.now)}
        query = read_query({**days, "goal": goal}, self.config())
        return plain_answer(answer(self.store, query, self.config(), self.now), query)

    def make_retroactive(self, goal: Goal) -> None:
        """Make the goal retroactive as staff does, and run the tasks that beat sends then."""
        body = {"from": instant(self.now - 30 * DAY)}
        told = staff().post(f"/api/goals/{goal.pk}/retroactive", body, content_type="application/json")
        assert told.status_code == 202, told.content
        forget_cached_sites()
        carry_on_replays()
        self.roll_up()


def day(at: int) -> str:
    return instant(at)[:10]


def instant(at: int) -> str:
    return iso(at)


def staff() -> Client:
    user, _ = User.objects.get_or_create(username="sam", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def shop(opened_store: Store, archive: FolderArchive) -> RecentShop:
    shop = RecentShop(opened_store, archive)
    shop.receive(shop.click("t1", shop.at(20 * DAY)), shop.event("old", 40 * DAY, value=1_000_000))
    shop.receive(
        shop.event("l1", 19 * DAY, value=10_000_000, order="o1", props={"plan": "pro"}),
        shop.event("l2", 18 * DAY, value=20_000_000, order="o2", props={"plan": "pro"}),
        shop.event("l3", 17 * DAY, value=30_000_000, visitor="bob"),
    )
    shop.receive(
        shop.event("l1", 19 * DAY, value=10_000_000, order="o1", props={"plan": "pro"}),
        shop.event("l4", 16 * DAY, value=40_000_000, order="o2"),
        shop.adjust("a1", "refund", "o1", shop.at(15 * DAY), 4_000_000),
        shop.event("q1", 14 * DAY, name="quote", value=64_000_000, currency="EUR"),
        shop.event("q2", 13 * DAY, name="quote", value=10_000_000, currency="GBP"),
        shop.hit("page", "p1", shop.at(2 * DAY), url="https://s.example/welcome"),
    )
    load([Quote(day(shop.now - 14 * DAY), "EUR", "USD", 125 * 10 ** (PLACES - 2))], "test", 0)
    shop.roll_up()
    return shop


RULES = [
    {"event": "lead"},
    {"event": "lead", "counting": "once"},
    {"event": "lead", "counting": "click"},
    {"conditions": "event is lead\nprop plan is pro\nvalue >= 10"},
    {"conditions": "value between 15 and 35\npath is /welcome", "match": "any"},
    {"event": "lead", "factor": "0.25"},
    {"path": "/welcome*", "fixed_value": "7"},
    {"event": "quote"},
    {"event": "quote", "factor": "0.5"},
]


def figures(told: dict[str, Any], counted: dict[str, Any]) -> tuple[str, str, Any]:
    """Return the figures that a preview and a report have in common. `counted`: the part of the answer that has the
    sums."""
    return counted["conversions"], counted["value"], told["set_aside"]


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_the_number_equals_the_reports_once_the_goal_is_retroactive(shop: RecentShop, rules: dict[str, Any]) -> None:
    told = shop.preview(**rules)
    assert told["complete"]
    assert float(told["conversions"]) > 0
    shop.make_retroactive(Goal.objects.create(site=shop.site, key="draft", **rules))
    reported = shop.reported("draft")
    assert figures(reported, reported["totals"]) == figures(told, told)


def test_a_sale_told_by_a_click_id_is_its_visitors_in_a_preview_too(store: Store, archive: FolderArchive) -> None:
    shop = RecentShop(store, archive)
    shop.receive(
        shop.hit("page", "p", shop.at(3 * HOUR), url="https://shop.example/?gclid=G1"),
        shop.hit("conversion", "c", shop.at(2 * HOUR), visitor="partner", name="lead", click="G1"),
        shop.event("e", HOUR),
    )
    assert shop.preview(event="lead", counting="once")["conversions"] == "1.000000"


def test_a_click_id_that_too_many_sales_name_joins_nobody_in_a_preview_too(
    store: Store, archive: FolderArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "MOST_NAMING", 1)
    shop = RecentShop(store, archive)
    partners = {"visitor": "partner", "name": "lead", "click": "G1"}
    shop.receive(
        shop.hit("page", "p", shop.at(4 * HOUR), url="https://shop.example/?gclid=G1"),
        *(shop.hit("conversion", f"c{n}", shop.at(n * HOUR), order=f"o{n}", **partners) for n in (3, 2)),
        shop.event("e", HOUR),
    )
    assert shop.preview(event="lead", counting="once")["conversions"] == "2.000000"


def test_the_number_is_the_one_worked_out_by_hand(shop: RecentShop) -> None:
    found = [(told["conversions"], told["value"]) for told in (shop.preview(**rules) for rules in RULES)]
    assert found == [
        ("3.000000", "56.000000"),  # o1 refunded to 6, o2's earliest 20, bob's 30
        ("2.000000", "36.000000"),  # o1 is ann's first
        ("2.000000", "36.000000"),  # o1 has ann's click, bob clicked nothing
        ("2.000000", "26.000000"),
        ("3.000000", "50.000000"),
        ("3.000000", "14.000000"),
        ("1.000000", "7.000000"),
        ("2.000000", "80.000000"),  # EUR 64 at 1.25; no rate of GBP is known
        ("2.000000", "40.000000"),
    ]


def test_value_without_a_rate_is_named_with_its_currency(shop: RecentShop) -> None:
    assert shop.preview(event="lead")["set_aside"] == {"no_rate": {"conversions": 0, "values": {}}}
    told = shop.preview(event="quote")
    assert told["set_aside"] == {"no_rate": {"conversions": 1, "values": {"GBP": "10.000000"}}}
    said = command("--site", shop.key, "--event", "quote")
    assert "10.000000 GBP is missing in the value, because no exchange rate is known." in said
    assert "no exchange rate is known" not in command("--site", shop.key, "--event", "lead")


def test_changed_rules_of_an_existing_goal_are_tried(shop: RecentShop) -> None:
    goal = Goal.objects.create(site=shop.site, key="lead", event="lead", counting="once")
    GoalVersion.objects.filter(goal=goal).update(starts_at=0)
    shop.receive(shop.event("first", 35 * DAY, visitor="bob"), shop.event("l3", 17 * DAY, visitor="bob"))
    told = shop.preview("lead", fixed_value="5")
    assert (told["conversions"], told["value"]) == ("1.000000", "1.000000")  # ann's, 5 less the refund of 4
    goal.fixed_value = 5
    goal.save()
    shop.make_retroactive(goal)
    reported = shop.reported("lead")
    assert figures(reported, reported["totals"]) == figures(told, told)


def test_a_goal_that_counts_once_counts_once_per_person_on_all_devices(shop: RecentShop) -> None:
    rules = {"key": "lead", "event": "lead", "counting": "once"}
    assert shop.preview(**rules)["conversions"] == "2.000000"
    for visitor in ("ann", "bob"):
        shop.receive(shop.hit("page", f"in-{visitor}", shop.at(DAY), visitor=visitor, user="ann-and-bob"))
    assert shop.preview(**rules)["conversions"] == "1.000000"


def test_a_preview_changes_nothing(shop: RecentShop) -> None:
    def state() -> Any:
        facts = [sorted(map(repr, shop.store.read_bucket(shop.key, one))) for one in known_buckets(shop.key)]
        rows = [model.objects.count() for model in (Goal, GoalVersion, SiteCurrency)]
        return facts, open_marks(shop.key), shop.reported("purchase")["totals"], rows

    before = state()
    shop.preview(event="lead")
    shop.preview(event="quote")
    assert state() == before
    assert not Replay.objects.exists()


def test_a_preview_ends_when_its_time_is_up_and_says_so(shop: RecentShop) -> None:
    span = last_days(shop.key, 30, shop.now)
    draft = draft_goal(shop.site, shop.config(), "", {"event": "lead"}, 0)
    found = Preview(shop.store, shop.config(), draft, span, read_rates)
    turns = iter([True, False])
    gather_until(found, shop.archive, lambda: next(turns))
    told = to_plain(describe_preview(found, span, shop.config()))
    assert (told["complete"], told["objects"], told["conversions"]) == (False, 2, "3.000000")
    assert told["reached"] == instant(shop.now - 17 * DAY)


def test_a_damaged_object_is_left_out_and_counted(shop: RecentShop) -> None:
    key = list(shop.archive.list())[-1]
    (shop.archive.folder / key).write_bytes(b"not gzip")
    told = shop.preview(event="lead")
    assert (told["damaged"], told["complete"], told["conversions"]) == (1, True, "3.000000")


def test_staff_asks_for_a_preview_of_rules(shop: RecentShop) -> None:
    body = {"site": shop.key, "event": "lead", "conditions": "value >= 15", "factor": "0.5"}
    told = described(staff().post("/api/goals/preview", body, content_type="application/json"))
    assert (told.status_code, told.json()["conversions"], told.json()["value"]) == (200, "2.000000", "25.000000")
    assert told.json()["complete"]
    body = {"site": shop.key, "key": "purchase", "event": "lead", "days": 17}
    assert staff().post("/api/goals/preview", body, content_type="application/json").json()["conversions"] == "1.000000"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"conditions": "title is x"}, "conditions"),
        ({"conditions": "path matches ["}, "conditions"),
        ({"days": 91}, "days"),
        ({"days": 0}, "days"),
        ({"key": "no key"}, "key"),
        ({"counting": "twice"}, "counting"),
        ({"fixed_value": "1", "factor": "1"}, "factor"),
        ({"factor": "-1"}, "factor"),
        ({"site": "none"}, "site"),
    ],
)
def test_a_bad_draft_is_refused(sql_store: Store, body: dict[str, Any], field: str) -> None:
    shop = Shop(sql_store)
    answered = staff().post("/api/goals/preview", {"site": shop.key, **body}, content_type="application/json")
    error = answered.json()["error"]
    assert (answered.status_code, error["code"], error["field"]) == (400, "invalid", field)


def test_only_staff_may_preview_and_make_retroactive(sql_store: Store) -> None:
    shop = Shop(sql_store)
    user = User.objects.create_user("ursula")
    shop.account.users.add(user)
    client = Client()
    client.force_login(user)
    for path in ("/api/goals/preview", f"/api/goals/{shop.goal.pk}/retroactive"):
        assert client.post(path, {"site": shop.key}, content_type="application/json").status_code == 403
    assert not Replay.objects.exists()


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("preview_goal", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_the_command_prints_the_same_numbers(shop: RecentShop) -> None:
    assert "in the last 30 days, 3.000000 conversions worth 56.000000 USD" in command(
        "--site", shop.key, "--event", "lead"
    )
    conditions = ("--conditions", "event is lead", "--conditions", "prop plan is pro")
    told = json.loads(command("--site", shop.key, "--json", *conditions, "--counting", "once"))
    assert told["conversions"] == "1.000000"
    assert "0.000000 conversions" in command("--site", shop.key, "--goal", "purchase")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--site", "none"),
        ("--site", "KEY", "--days", "91"),
        ("--site", "KEY", "--conditions", "title is x"),
        ("--site", "KEY", "--counting", "twice"),
        ("--site", "KEY", "--fixed-value", "much"),
    ],
)
def test_the_command_refuses_bad_options(sql_store: Store, arguments: tuple[str, ...]) -> None:
    shop = Shop(sql_store)
    with pytest.raises(CommandError):
        command(*(shop.key if part == "KEY" else part for part in arguments))


class TestRetroactive:
    """A goal's newest version is made to begin on an earlier day, and counts the conversions since then."""

    def post(self, shop: Shop, since: str) -> Any:
        path = f"/api/goals/{shop.goal.pk}/retroactive"
        return described(staff().post(path, {"from": since}, content_type="application/json"))

    def test_the_answer_has_the_version_and_its_replay(self, shop: RecentShop) -> None:
        shop.goal.event = "lead"
        shop.goal.save()
        told = self.post(shop, "2026-01-05")
        assert told.status_code == 202
        assert told.json()["versions"][-1]["starts_at"] == "2026-01-05T00:00:00Z"
        replay = told.json()["replay"]
        assert (replay["from"], replay["state"]) == ("2026-01-05T00:00:00Z", "waiting")
        assert [row["id"] for row in staff().get(f"/api/sites/{shop.key}/replay").json()["results"]] == [replay["id"]]

    def test_each_change_gets_its_own_replay(self, shop: RecentShop) -> None:
        first, second = (self.post(shop, "2026-01-05").json()["replay"]["id"] for _ in range(2))
        assert first != second
        carry_on_replays()
        assert Replay.objects.filter(ended_at__isnull=False).count() == 2

    def test_reports_say_that_they_are_being_recounted_until_it_is_done(self, shop: RecentShop) -> None:
        def recounting() -> bool:
            query = read_query({"from": "2026-01-05", "to": "2026-01-06"}, shop.config())
            return answer(shop.store, query, shop.config(), shop.now).recounting

        assert not recounting()
        self.post(shop, "2026-01-05")
        assert recounting()
        forget_cached_sites()
        carry_on_replays()
        assert recounting()  # replayed, and not rolled up yet
        shop.roll_up()
        assert not recounting()

    @pytest.mark.parametrize("since", ["soon", "2999-01-01", "", "x" * 41])
    def test_a_day_that_has_not_begun_is_refused(self, sql_store: Store, since: str) -> None:
        shop = Shop(sql_store)
        answered = self.post(shop, since)
        assert (answered.status_code, answered.json()["error"]["field"]) == (400, "from")
        assert not Replay.objects.exists()

    def test_support_does_it_in_the_admin(self, shop: RecentShop) -> None:
        shop.goal.event = "lead"
        shop.goal.save()
        boss = User.objects.create_superuser("boss")
        client = Client()
        client.force_login(boss)
        form = {"action": "count_30_days", "_selected_action": [shop.goal.pk]}
        page = client.post("/admin/conversions/goal/", form, follow=True)
        assert "replayed in the background" in page.content.decode()
        newest = shop.goal.versions.order_by("-version").first()
        assert newest is not None
        assert abs(newest.starts_at - (now_ms() - 30 * DAY)) < MINUTE + HOUR
        assert Replay.objects.get(ended_at=None).requested
