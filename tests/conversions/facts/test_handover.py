"""Handover: `/click` signs a click into an address, and the landing page records it once. A forged click is ignored."""

import random
from uuid import uuid4

import pytest

from conversions.facts.attribute import attribute, make_facts
from conversions.facts.handover import VALID_MS, Handover, hand_over, read_handover, sign, verify
from conversions.facts.records import Touch
from conversions.rules.ads import Ad
from conversions.rules.goals import Goal, GoalVersion
from conversions.rules.site import SiteConfig
from conversions.units.clock import HOUR_MS, bucket_of
from tracker.collection.hit import Hit

CLICKED = 1_780_000_000_000
SECRET = "5ec2e7" * 5
SITE = SiteConfig(
    key="S",
    timezone="Asia/Kolkata",
    click_secret=SECRET,
    ads=(Ad(key="banner", campaign="c"),),
    goals=(Goal(uid="g", key="welcome", versions=(GoalVersion(version=1, starts_at=0, path="/welcome*"),)),),
)
CLICK = Handover("banner", uuid4().hex, CLICKED)
UTM = "https://shop.example/?utm_source=news&utm_campaign=x"


def landing(url: str, at: int = CLICKED + 300, **fields: str) -> Hit:
    given = {"id": "landing", "visitor": "V", "type": "page", **fields}
    return Hit(site="S", at=at, received=at, url=url, **given)  # type: ignore[arg-type]


def landed(url: str = "https://shop.example/", handover: Handover = CLICK) -> str:
    return hand_over(url, handover, "S", SECRET)


def touches(hit: Hit, site: SiteConfig = SITE) -> list[Touch]:
    return [fact for fact in make_facts(hit, site, "batch") if isinstance(fact, Touch)]


class TestAddress:
    """The landing page's own address stays as it is."""

    @pytest.mark.parametrize(
        ("url", "before", "after"),
        [
            ("https://s.example", "https://s.example?", ""),
            ("https://s.example/a", "https://s.example/a?", ""),
            ("https://s.example/a?", "https://s.example/a?", ""),
            ("https://s.example/a?b=%20c&d", "https://s.example/a?b=%20c&d&", ""),
            ("https://s.example/a?b=1&", "https://s.example/a?b=1&", ""),
            ("https://s.example/a#top", "https://s.example/a?", "#top"),
            ("https://s.example/a?b=1#/?c=2", "https://s.example/a?b=1&", "#/?c=2"),
        ],
    )
    def test_query_and_fragment_stay_as_they_are(self, url: str, before: str, after: str) -> None:
        token = sign(CLICK, "S", SECRET)
        assert landed(url) == f"{before}hl_ad=banner&hl_click={token}{after}"
        assert read_handover(landed(url), "S", SECRET) == CLICK

    def test_the_token_is_short_and_safe_in_an_address(self) -> None:
        token = sign(CLICK, "S", SECRET)
        assert len(token) == 44
        assert token.replace("-", "").replace("_", "").isalnum()

    def test_a_new_handover_replaces_an_old_one_in_the_destination(self) -> None:
        newer = Handover("banner", uuid4().hex, CLICKED + 5)
        assert read_handover(landed(landed(), newer), "S", SECRET) == newer


class TestSignature:
    """Only a token signed with the site's secret makes a click."""

    def test_every_change_of_the_token_breaks_it(self) -> None:
        token = sign(CLICK, "S", SECRET)
        rng = random.Random(1)
        for place in range(len(token)):
            other = rng.choice([letter for letter in "Ab0-_" if letter != token[place]])
            assert verify(f"{token[:place]}{other}{token[place + 1 :]}", "banner", "S", SECRET) is None

    @pytest.mark.parametrize(
        ("ad", "site", "secret"), [("other", "S", SECRET), ("banner", "T", SECRET), ("banner", "S", "x"), ("", "S", "")]
    )
    def test_another_ad_site_or_secret_is_refused(self, ad: str, site: str, secret: str) -> None:
        assert verify(sign(CLICK, "S", SECRET), ad, site, secret) is None

    def test_a_site_without_a_secret_accepts_no_token(self) -> None:
        assert verify(sign(CLICK, "S", ""), "banner", "S", "") is None

    @pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 44, "A" * 45, "=" * 44, "é" * 44, "%" * 44, "A" * 5000])
    def test_garbage_is_refused_as_a_token(self, token: str) -> None:
        assert verify(token, "banner", "S", SECRET) is None

    @pytest.mark.parametrize(
        "url", ["", "hl_click=", "https://[/?hl_click=x", "https://s/?" + "a&" * 300 + "hl_click=x"]
    )
    def test_a_bad_address_hands_nothing_over(self, url: str) -> None:
        assert read_handover(url, "S", SECRET) is None


class TestLanding:
    """The landing page's hit records the click under its own visitor."""

    def test_it_has_the_clicks_own_id_time_and_ad(self) -> None:
        (touch,) = touches(landing(landed()))
        assert (touch.kind, touch.visitor, touch.hit, touch.at, touch.ad) == (
            "click",
            "V",
            CLICK.click,
            CLICKED,
            "banner",
        )
        assert touch.bucket == bucket_of(CLICKED, "Asia/Kolkata")

    def test_it_makes_no_other_touch_even_with_utm_tags(self) -> None:
        (touch,) = touches(landing(landed(UTM + "&gclid=G")))
        assert (touch.hit, touch.ad, touch.source, touch.click_id) == (CLICK.click, "banner", "news", "G")

    def test_a_forged_handover_is_ignored_and_the_utm_tags_count(self) -> None:
        (touch,) = touches(landing(landed(UTM)[:-1] + "!"))
        assert (touch.hit, touch.ad, touch.source) == ("landing", "", "news")

    def test_a_forged_handover_without_utm_tags_is_no_touch(self) -> None:
        assert touches(landing(landed().replace("hl_ad=banner", "hl_ad=dearer"))) == []

    def test_a_reload_records_the_same_row(self) -> None:
        assert touches(landing(landed())) == touches(landing(landed(), CLICKED + 5 * HOUR_MS, id="reload"))

    def test_a_bookmark_opened_days_later_is_no_click(self) -> None:
        assert touches(landing(landed(), CLICKED + VALID_MS)) != []
        assert touches(landing(landed(), CLICKED + VALID_MS + 1)) == []

    def test_the_click_stays_in_its_own_bucket(self) -> None:
        (touch,) = touches(landing(landed(), CLICKED + 3 * HOUR_MS))
        assert touch.bucket == bucket_of(CLICKED, "Asia/Kolkata")

    def test_a_browser_with_a_slow_clock_still_lands_after_its_click(self) -> None:
        (touch,) = touches(landing(landed(), CLICKED - 900))
        assert touch.at == CLICKED - 900

    def test_the_click_stays_in_its_bucket_and_counts_once(self) -> None:
        start = bucket_of(CLICKED, "Asia/Kolkata")
        (touch,) = touches(landing(landed(handover=Handover("banner", uuid4().hex, start + 5)), start - 900))
        assert (touch.at, touch.bucket) == (start, start)

    @pytest.mark.parametrize("kind", ["event", "conversion"])
    def test_other_hits_of_the_landing_page_record_no_click(self, kind: str) -> None:
        assert touches(landing(landed(), type=kind, name="n")) == []

    def test_the_page_still_meets_its_goals(self) -> None:
        facts = make_facts(landing(landed("https://shop.example/welcome")), SITE, "batch")
        assert [(type(fact).__name__, fact.at) for fact in facts] == [("Touch", CLICKED), ("Conversion", CLICKED + 300)]

    def test_live_counters_count_the_click_once_at_click(self) -> None:
        click = landing("", at=CLICKED, id=CLICK.click, visitor="stand-in", type="click", ad="banner")
        outcome = attribute([click, landing(landed())], {"S": SITE}, "batch")
        assert [(count.ad, count.amount) for count in outcome.counts if count.metric == "clicks"] == [("banner", 1)]
