"""Which hits are clicks and views, and which ad each belongs to."""

import time
from typing import Any

import pytest

from conversions.facts.ad_names import AdName, AdNames, name_touch
from conversions.facts.records import Touch
from conversions.facts.touch import MAX_CLICK_ID, MAX_TAG, campaign_parameters, make_touch
from conversions.rules.ads import Ad, MatchRule
from tracker.collection.hit import Hit

SHOP = "https://shop.example/?"


def hit(**given: Any) -> Hit:
    """Return a page hit."""
    return Hit(**{"id": "h1", "site": "s", "type": "page", "at": 5, "received": 6, "visitor": "ann", **given})


def touch(**given: Any) -> Touch:
    """Return a click."""
    return Touch(**{"site": "s", "visitor": "ann", "kind": "click", "at": 5, "hit": "h1", **given})


def test_a_page_with_campaign_parameters_is_a_click_and_keeps_them_raw() -> None:
    made = make_touch(
        hit(url=SHOP + "utm_source=Google&utm_medium=cpc&utm_campaign=a%2Fb&utm_content=c&utm_term=t&x=1")
    )
    assert made == touch(source="Google", medium="cpc", campaign="a/b", content="c", term="t")


@pytest.mark.parametrize(
    "name", ["gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid"]
)
def test_a_page_with_a_click_id_is_a_click(name: str) -> None:
    assert make_touch(hit(url=f"{SHOP}{name}=X1")) == touch(network=name, click_id="X1")


@pytest.mark.parametrize(
    "url", ["", "https://shop.example/", SHOP + "utm_source=", SHOP + "utm_other=1", "http://[utm_"]
)
def test_a_page_without_them_is_no_touch(url: str) -> None:
    assert make_touch(hit(url=url)) is None


@pytest.mark.parametrize(
    "before", ["utm_source=x&gclid=1", "gclid=1&page=2&utm_source=x", "utm_source=x&gclid=1#/cart"]
)
def test_a_page_that_carries_the_click_on_from_its_own_host_is_no_click_again(before: str) -> None:
    assert make_touch(hit(url=SHOP + "utm_source=x&gclid=1#/thanks", ref=SHOP + before)) is None


@pytest.mark.parametrize(
    "before",
    [
        "",
        "https://search.example/",
        "https://shop.example/",
        SHOP + "utm_source=x",
        "https://ads.example/?utm_source=x&gclid=1",
    ],
)
def test_a_page_with_another_page_before_it_is_a_click(before: str) -> None:
    assert make_touch(hit(url=SHOP + "utm_source=x&gclid=1", ref=before)) is not None


@pytest.mark.parametrize("kind", ["event", "conversion"])
def test_other_kinds_of_hits_are_no_touch_whatever_their_address(kind: str) -> None:
    assert make_touch(hit(type=kind, url=SHOP + "gclid=1", ad="one")) is None


def test_a_view_or_click_is_a_touch_with_or_without_an_ad() -> None:
    assert make_touch(hit(type="view", ad="one")) == touch(kind="view", ad="one")
    assert make_touch(hit(type="click")) == touch()


def test_a_page_can_not_name_an_ad() -> None:
    made = make_touch(hit(ad="one", url=SHOP + "utm_source=x"))
    assert made is not None
    assert made.ad == ""


def test_the_first_of_a_repeated_parameter_counts() -> None:
    found = campaign_parameters(SHOP + "utm_source=a&gclid=1&utm_source=b&gbraid=2")
    assert found == {"source": "a", "network": "gclid", "click_id": "1", "other_ids": (("gbraid", "2"),)}


def test_only_the_first_200_parameters_of_an_address_are_read() -> None:
    many = "&".join(f"p{n}=1" for n in range(300))
    assert campaign_parameters(f"{SHOP}utm_source=a&{many}&gclid=1") == {"source": "a"}


@pytest.mark.parametrize(
    "address",
    [
        "/?id=5&amp;utm_source=news&amp;gclid=1",
        "/?id=5&amp;amp;utm_source=news&#38;gclid=1",
        "/?id=5?utm_source=news?gclid=1",
        "/?utm_source=news;gclid=1",
        "/#utm_source=news&gclid=1",
        "/?a=b#utm_source=news&gclid=1",
        "/#/route?utm_source=news&gclid=1",
        "/a=b#?utm_source=news&gclid=1",
        "/landing&utm_source=news&gclid=1",
        "/?UTM_Source=news&GCLID=1",
        "/?amp%3Butm_source=news&gclid=1",
    ],
)
def test_parameters_are_found_wherever_they_are_in_an_address(address: str) -> None:
    assert campaign_parameters(f"https://shop.example{address}") == {
        "source": "news", "network": "gclid", "click_id": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "address", ["/?next=%2F%3Futm_source%3Dnews", "/?u=https%3A%2F%2Fx%3Fgclid%3D1", "/utm_source=news", "/gclid"]
)
def test_the_parameters_of_an_address_inside_a_parameter_are_ignored(address: str) -> None:
    assert campaign_parameters(f"https://shop.example{address}") == {}


def test_a_value_keeps_its_question_marks_and_semicolons() -> None:
    assert campaign_parameters(SHOP + "utm_campaign=a;b=c?d=e&utm_content=what%3Fgclid%3D1") == {
        "campaign": "a;b=c?d=e", "content": "what?gclid=1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("parameter", "network"),
    [
        *(
            ("rdt_cid", "reddit-ads"),
            ("epik", "pinterest-ads"),
            ("ob_click_id", "outbrain-ads"),
            ("tblci", "taboola-ads"),
        ),
        *(("ScCid", "snapchat-ads"), ("yclid", "yandex-ads"), ("ttclid", "tiktok-ads")),
    ],
)
def test_each_network_is_known_by_its_click_id(parameter: str, network: str) -> None:
    made = make_touch(hit(url=f"{SHOP}{parameter}=1"))
    assert made is not None
    assert AdNames([]).name(made).ad == network


def test_all_click_ids_of_an_address_are_kept_whole() -> None:
    tiktok, facebook = "E.C.P." + "x" * 1018, "y" * 700
    found = campaign_parameters(f"{SHOP}ttclid={tiktok}&fbclid={facebook}&gclid=1&fbclid=2")
    assert (found["network"], found["click_id"]) == ("ttclid", tiktok)
    assert found["other_ids"] == (("fbclid", facebook), ("gclid", "1"))


def test_a_click_keeps_the_other_parameters_of_its_link() -> None:
    sent = hit(type="click", props={"sub1": "a", "cost": "0.5"}, url=SHOP + "gclid=1")
    assert make_touch(sent) == touch(others=(("sub1", "a"), ("cost", "0.5")), network="gclid", click_id="1")
    page = make_touch(hit(type="page", props={"sub1": "a"}, url=SHOP + "gclid=1"))
    assert page is not None
    assert page.others == ()


def test_long_tags_are_cut_and_long_click_ids_stay_distinct() -> None:
    tag, start = "x" * 5000, "y" * 4000
    assert campaign_parameters(f"{SHOP}utm_source={tag}")["source"] == "x" * MAX_TAG
    ids = [campaign_parameters(f"{SHOP}ttclid={start}{n}")["click_id"] for n in (1, 2, 1)]
    assert ids[0] == ids[2] != ids[1]
    assert {len(one) for one in ids} == {MAX_CLICK_ID}


ADS = [
    Ad(key="one", campaign="spring", rules=(MatchRule(source="google", campaign="spring*"),)),
    Ad(key="two", campaign="summer", rules=(MatchRule(source="goo*"), MatchRule(network="meta-ads"))),
    Ad(key="bare", campaign="summer", rules=(MatchRule(),)),
]


@pytest.mark.parametrize(
    ("given", "ad"),
    [
        ({"ad": "two", "source": "google", "campaign": "spring"}, "two"),  # the key in the hit comes before every rule
        ({"source": "google", "campaign": "spring-sale"}, "one"),  # the first ad that matches
        ({"source": "google"}, "two"),  # not all globs of `one` match
        ({"network": "fbclid", "click_id": "F"}, "two"),
    ],
)
def test_a_touch_belongs_to_the_ad_of_its_key_or_the_first_with_a_matching_rule(given: dict[str, str], ad: str) -> None:
    name = name_touch(touch(**given), ADS)
    assert (name.ad, name.configured) == (ad, True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ad": "stray", "source": "google"}, "stray"),  # no rule matches a hit that has a key
        ({"source": "bing", "medium": "cpc", "campaign": "c", "content": "d", "term": "t"}, "bing/cpc/c/d"),
        ({"source": "bing", "content": "d"}, "bing/d"),
        ({"source": "Google"}, "Google"),  # as in the networks' own reports, case counts
        ({"network": "gclid", "click_id": "1"}, "google-ads"),
        ({"term": "t"}, "(none)"),
        ({}, "(none)"),
    ],
)
def test_a_touch_that_matches_no_ad_is_named_by_its_parameters(given: dict[str, str], name: str) -> None:
    assert name_touch(touch(**given), ADS) == AdName(name, given.get("campaign", ""), False)


def test_naming_is_the_same_from_one_touch_to_the_next() -> None:
    names = AdNames(ADS)
    touches = [touch(source="google"), touch(source="bing"), touch(ad="one"), touch(source="google", campaign="spring")]
    assert [names.name(one) for one in touches * 2] == [name_touch(one, ADS) for one in touches * 2]


def test_a_glob_full_of_stars_takes_no_longer_than_others() -> None:
    evil = Ad(key="evil", campaign="c", rules=(MatchRule(source="*a" * 100 + "b"), MatchRule(term="*[ab]" * 40 + "c")))
    began = time.perf_counter()
    assert not name_touch(touch(source="a" * MAX_TAG, term="ab" * 100), [evil]).configured
    assert time.perf_counter() - began < 0.5


def test_ten_thousand_touches_are_named_after_a_thousand_ads_in_a_moment() -> None:
    ads = [Ad(key=f"a{n}", campaign="c", rules=(MatchRule(source="bing", campaign=f"x{n}*"),)) for n in range(1000)]
    names = AdNames(ads)
    began = time.process_time()
    found = [names.name(touch(hit=f"h{n}", source="bing", campaign=f"x{n % 50}")) for n in range(10_000)]
    assert time.process_time() - began < 2
    assert found[7].ad == "a7"
