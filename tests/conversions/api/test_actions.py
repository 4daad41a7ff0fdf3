"""Staff's actions on a range of a site: roll it up again, or replay it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversions.marks.marks import known_buckets, open_marks
from conversions.models import Replay
from conversions.store.port import Store
from conversions.tasks import carry_on_replays
from tests.openapi import described
from tests.shop import HOUR, NOON, Shop
from tracker.archive import FolderArchive
from tracker.collection.hit import Batch, batch_id
from tracker.models import Token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(opened_store: Store) -> Shop:
    return Shop(opened_store)


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sam"))
    return client


def post(client: Client, shop: Shop, action: str, key: str = "", **span: str) -> Any:
    return described(client.post(f"/api/sites/{key or shop.key}/{action}", span, content_type="application/json"))


def test_a_range_is_marked_to_be_rolled_up_again(shop: Shop, staff: Client) -> None:
    shop.process(*(shop.sale(f"s{n}", n * HOUR) for n in range(4)))
    shop.roll_up()
    answer = post(staff, shop, "rollup", **{"from": "2026-11-20T13:30Z", "to": "2026-11-20T15:00Z"})
    assert (answer.status_code, answer.json()) == (202, {"marked": 2})
    assert [mark.bucket for mark in open_marks(shop.key)] == [NOON + HOUR, NOON + 2 * HOUR]


def test_without_a_range_every_hour_is_marked(shop: Shop, staff: Client) -> None:
    shop.process(*(shop.sale(f"s{n}", n * HOUR) for n in range(4)))
    shop.roll_up()
    assert post(staff, shop, "rollup").json() == {"marked": 4}
    assert len(open_marks(shop.key)) == len(known_buckets(shop.key)) == 4


def test_staff_starts_a_replay_that_runs_in_the_background_and_sees_it_end(
    shop: Shop, staff: Client, archive: FolderArchive
) -> None:
    archive.put(Batch(batch_id(NOON, "a"), (shop.sale("s1"),)))
    asked = post(staff, shop, "replay", **{"from": "2026-11-20", "to": "2026-11-21"})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    again = post(staff, shop, "replay", **{"from": "2026-11-20", "to": "2026-11-21"})
    assert again.json()["id"] == asked.json()["id"]
    carry_on_replays()
    (row,) = described(staff.get(f"/api/sites/{shop.key}/replay")).json()["results"]
    assert (row["id"], row["state"], row["from"], row["to"]) == (asked.json()["id"], "done", "2026-11-20", "2026-11-21")
    assert (row["batches"], row["hits"], row["damaged"], row["problem"]) == (1, 1, 0, None)
    assert row["reached"] == "2026-11-20T12:00:00Z"
    assert row["ended_at"].endswith("Z")
    assert len(shop.store.find_hit(shop.key, "s1")) == 1
    assert post(staff, shop, "replay", **{"from": "2026-11-20", "to": "2026-11-21"}).json()["id"] != row["id"]


@pytest.mark.parametrize("action", ["rollup", "replay"])
@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"from": "soon"}, "bad_range"),
        ({"from": "2026-11-21", "to": "2026-11-20"}, "bad_range"),
        ({"from": "x" * 41}, "invalid"),
    ],
)
def test_a_bad_range_is_refused(sql_store: Store, staff: Client, action: str, span: dict[str, str], code: str) -> None:
    shop = Shop(sql_store)
    answer = post(staff, shop, action, **span)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (400, code, "from")
    assert not Replay.objects.exists()


@pytest.mark.parametrize("action", ["rollup", "replay"])
def test_an_unknown_site_is_404(sql_store: Store, staff: Client, action: str) -> None:
    answer = post(staff, Shop(sql_store), action, key="none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_site")


@pytest.mark.parametrize("action", ["rollup", "replay"])
def test_only_staff_may(sql_store: Store, action: str) -> None:
    shop = Shop(sql_store)
    user = User.objects.create_user("ursula")
    shop.account.users.add(user)
    signed_in, program = Client(), Client()
    signed_in.force_login(user)
    assert post(signed_in, shop, action).status_code == 403
    _, secret = Token.issue(shop.account, "report")
    answer = program.post(f"/api/sites/{shop.key}/{action}", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code in (401, 403)
    assert not Replay.objects.exists()


@pytest.mark.parametrize("action", ["rollup", "replay"])
def test_staff_sees_a_form_in_the_browser(sql_store: Store, staff: Client, action: str) -> None:
    page = staff.get(f"/api/sites/{Shop(sql_store).key}/{action}", headers={"accept": "text/html"})
    assert 'name="from"' in page.content.decode()
