"""Bootstrap: one command makes a working account, and prints the same values each time."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from conversions.configuration.loading import load_site
from conversions.models import Ad, Goal
from tests.running import CHECKOUT
from tracker.models import Account, Site, Token

pytestmark = pytest.mark.django_db


def bootstrap(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("bootstrap", "--json", *words, stdout=out)
    made: dict[str, Any] = json.loads(out.getvalue())
    return made


def test_it_prints_the_documented_values_as_text() -> None:
    made = bootstrap()
    site = Site.objects.get()
    assert made.pop("goals") == ["purchase", "signup"]
    assert {name: type(value) for name, value in made.items()} == dict.fromkeys(
        [
            *("account", "site", "ad", "currency"),
            *("report_token", "ingest_token", "staff_user", "staff_password"),
        ],
        str,
    )
    assert (made["account"], made["site"], made["ad"], made["currency"]) == ("Demo", site.key, "demo-ad", "USD")
    assert (site.timezone, site.currency) == ("UTC", "USD")


def test_its_tokens_and_its_user_work() -> None:
    made = bootstrap()
    report = Token.find(made["report_token"], "report")
    ingest = Token.find(made["ingest_token"], "ingest")
    assert report is not None
    assert ingest is not None
    assert report.account == ingest.account == Account.objects.get(name="Demo")
    user = authenticate(username=made["staff_user"], password=made["staff_password"])
    assert user is not None
    assert user.is_staff
    assert list(report.account.users.all()) == [user]


def test_its_goals_count_from_the_first_hit() -> None:
    site = load_site(bootstrap()["site"])
    assert site is not None
    purchase, signup = (goal.in_force(0) for goal in site.goals)
    assert purchase is not None
    assert signup is not None
    assert (purchase.event, purchase.path, purchase.fixed_value, purchase.counting) == ("purchase", "", None, "every")
    assert purchase.click_window == 30 * 86_400_000
    assert (signup.path, signup.event) == ("/welcome*", "")


def test_a_second_call_prints_the_same_and_changes_nothing() -> None:
    first = bootstrap()
    assert bootstrap() == first
    assert [model.objects.count() for model in (Account, Site, Ad, Goal, Token, User)] == [1, 1, 1, 2, 2, 1]


def test_accounts_share_nothing() -> None:
    first, second = bootstrap(), bootstrap("--account", "Köln & Co")
    assert second["account"] == "Köln & Co"
    same = {name for name in first if first[name] == second[name]}
    assert same == {"ad", "goals", "currency"}


def test_accounts_whose_names_look_alike_get_different_users() -> None:
    names = [bootstrap("--account", name)["staff_user"] for name in ("Big Shop", "big-shop", "Big-Shop!", "???")]
    assert len(set(names)) == 4


def test_an_existing_user_of_the_same_name_is_not_made_staff() -> None:
    person = User.objects.create_user("demo")
    made = bootstrap()
    assert made["staff_user"] != "demo"
    person.refresh_from_db()
    assert not person.is_staff


def test_a_given_domain_is_added_to_the_site_and_the_ad_leads_there() -> None:
    bootstrap("--domain", "Shop.Example")
    bootstrap("--domain", "www.shop.example")
    bootstrap("--domain", "shop.example")
    assert Site.objects.get().domains == ["shop.example", "www.shop.example"]
    assert Ad.objects.get().destination == "https://shop.example/"


def test_without_a_domain_the_ad_leads_to_the_demo_shop_on_the_present_port(settings: Settings) -> None:
    settings.PORT = 8123
    bootstrap()
    settings.PORT = 8124
    bootstrap()
    assert Ad.objects.get().destination == "http://127.0.0.1:8124/demo/"


def test_later_changes_are_not_undone() -> None:
    made = bootstrap()
    user = User.objects.get()
    user.set_password("my own")
    user.save()
    Ad.objects.get().delete()
    ad = Ad.objects.create(campaign=Site.objects.get().campaigns.get(), key="demo-ad", destination="https://x.example/")
    again = bootstrap()
    assert again == {**made, "staff_password": ""}
    ad.refresh_from_db()
    assert ad.destination == "https://x.example/"
    assert authenticate(username=made["staff_user"], password="my own") is not None


def test_a_revoked_token_stays_revoked_and_gets_a_successor() -> None:
    made = bootstrap()
    Token.objects.filter(kind="report").update(revoked_at="2026-01-01T00:00Z")
    again = bootstrap()
    assert Token.find(made["report_token"], "report") is None
    assert Token.find(again["report_token"], "report") is not None
    assert again["ingest_token"] == made["ingest_token"]


def test_the_successor_of_a_renamed_account_does_not_get_its_tokens() -> None:
    made = bootstrap()
    Account.objects.update(name="Before")
    again = bootstrap()
    assert again["report_token"] != made["report_token"]
    token = Token.find(again["report_token"], "report")
    assert token is not None
    assert token.account.name == "Demo"


@pytest.mark.parametrize(
    "words", [["--account", " "], ["--account", "x" * 201], ["--domain", "https://shop.example/"], ["--domain", "a b"]]
)
def test_a_bad_name_or_host_is_refused_with_one_line(words: list[str]) -> None:
    with pytest.raises(CommandError):
        bootstrap(*words)
    assert not Account.objects.exists()


def test_a_person_is_told_where_to_look_and_how_to_sign_in(settings: Settings) -> None:
    made = bootstrap()
    settings.PORT, settings.DEMO = 8200, True
    out = StringIO()
    call_command("bootstrap", stdout=out)
    text = out.getvalue()
    assert f'<script async src="http://127.0.0.1:8200/t.js" data-site="{made["site"]}"></script>' in text
    assert f"user {made['staff_user']}, password {made['staff_password']}" in text
    assert "http://127.0.0.1:8200/demo/" in text


def manage(state: Path, *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "HITLEDGER_STATE": str(state), "DATABASE_URL": "", "CASSANDRA_URL": ""}
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=CHECKOUT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_tables_it_says_what_to_run(tmp_path: Path) -> None:
    run = manage(tmp_path, "bootstrap", "--json")
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "Run `python manage.py migrate` first" in errors
    assert "Traceback" not in errors


def test_several_at_once_agree(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "--verbosity", "0").wait(120) == 0
    runs = [manage(tmp_path, "bootstrap", "--json") for _ in range(3)]
    printed = {run.communicate(timeout=120)[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len(printed) == 1
