"""`/click`: an ad's link leads to its landing page, and the click counts once for the person who lands there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from conversions.click import DESTINATIONS, SITES
from conversions.destination import is_of_site
from conversions.facts.handover import Handover, read_handover
from conversions.facts.records import Touch
from conversions.macros import NAMES, fill_in
from conversions.marks.marks import known_buckets
from conversions.models import Ad, Campaign, Goal
from conversions.store.adapters import open_store
from tracker.admission import RATES
from tracker.archive import open_archive
from tracker.models import Account, Site

pytestmark = pytest.mark.django_db

DOMAINS = ["shop.example", "WWW.Shop.example", "localhost:8000", "[::1]", "bücher.example"]


@pytest.fixture(autouse=True)
def fresh(inline: None) -> Iterator[None]:
    """Runs each test without a broker, so that facts are written before the answer, and with empty caches."""
    forget()
    yield
    forget()


def forget() -> None:
    SITES.forget()
    DESTINATIONS.forget()


@pytest.fixture
def site() -> Site:
    account = Account.objects.create(name=uuid4().hex)
    return Site.objects.create(account=account, name="shop", domains=DOMAINS)


@pytest.fixture
def ad(site: Site) -> Ad:
    campaign = Campaign.objects.create(site=site, key="c")
    return Ad.objects.create(campaign=campaign, key="banner", destination="https://shop.example/sale?a=1#top")


def follow(site: Site | str, ad: Ad | str, method: str = "get", headers: Any = None, **query: str) -> HttpResponse:
    """Return the answer to a browser that follows an ad's link."""
    key, ad_key = (getattr(one, "key", one) for one in (site, ad))
    address = f"/click/{key}/{ad_key}" + (f"?{urlencode(query)}" if query else "")
    ask = getattr(Client(), method)
    answer: HttpResponse = ask(address, headers={"user-agent": "Firefox", **(headers or {})}, REMOTE_ADDR="192.0.2.7")
    return answer


def touches(site: Site) -> list[Touch]:
    """Return every stored touch of the site."""
    store = open_store()
    facts = [fact for bucket in known_buckets(site.key) for fact in store.read_bucket(site.key, bucket)]
    return [fact for fact in facts if isinstance(fact, Touch)]


def handed_over(answer: HttpResponse, site: Site) -> Handover:
    """Return the handover in the address to which the browser is sent."""
    found = read_handover(answer["Location"], site.key, site.click_secret)
    assert found is not None
    return found


def away(*_args: Any) -> None:
    raise OperationalError("the database is away")


def code(answer: HttpResponse) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]  # type: ignore[attr-defined]


class TestRedirect:
    """The person reaches the page that the ad links to."""

    def test_it_leads_to_the_destination_with_the_click_appended(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad)
        assert answer.status_code == 302
        page, _, fragment = answer["Location"].partition("#")
        assert page.startswith("https://shop.example/sale?a=1&hl_ad=banner&hl_click=")
        assert fragment == "top"
        assert answer["Cache-Control"] == "no-store"

    def test_the_networks_parameters_are_handed_on_before_the_click(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, gclid="TEST1", utm_campaign="x y", sub1="a&b", empty="", to="", hl_ad="forged")
        page, _, fragment = answer["Location"].partition("#")
        assert page.startswith(
            "https://shop.example/sale?a=1&gclid=TEST1&utm_campaign=x+y&sub1=a%26b&empty=&hl_ad=banner&hl_click="
        )
        assert fragment == "top"
        assert handed_over(answer, site).ad == "banner"

    def test_handed_on_parameters_are_escaped(self, site: Site, ad: Ad) -> None:
        evil = {"a\r\nSet-Cookie: x": "y", "b": "#top?c=d", "hl_click": "forged", "e": "\r\n\r\n<script>"}
        answer = follow(site, ad, **evil)
        assert "Set-Cookie" not in answer.headers
        assert answer["Location"].count("#") == 1
        assert answer["Location"].isprintable()
        assert answer["Location"].count("hl_click=") == 1
        assert handed_over(answer, site)
        assert Client().get(f"/click/{site.key}/{ad.key}?a=%FF%00").status_code == 302

    def test_a_link_with_too_many_parameters_hands_on_as_many_as_fit(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, **{f"sub{n}": "x" * 900 for n in range(20)})
        assert 6_000 < len(answer["Location"]) < 8_000
        assert handed_over(answer, site)

    @pytest.mark.parametrize(
        ("to", "location"),
        [
            ("https://shop.example/p?q=1", "https://shop.example/p?q=1&hl_ad="),
            ("HTTP://SHOP.example", "HTTP://SHOP.example?hl_ad="),
            ("https://www.shop.example/", "https://www.shop.example/?hl_ad="),
            ("https://shop.example:443/p", "https://shop.example:443/p?hl_ad="),
            ("http://shop.example:80/p", "http://shop.example:80/p?hl_ad="),
            ("http://localhost:8000/p", "http://localhost:8000/p?hl_ad="),
            ("http://[::1]/p", "http://[::1]/p?hl_ad="),
            ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/?hl_ad="),
            ("https://shop.example/größe?q=a b", "https://shop.example/gr%C3%B6%C3%9Fe?q=a%20b&hl_ad="),
        ],
    )
    def test_another_page_of_the_site_may_be_named(self, site: Site, ad: Ad, to: str, location: str) -> None:
        assert follow(site, ad, to=to)["Location"].startswith(location)

    @pytest.mark.parametrize(
        "to",
        [
            "https://evil.example/",
            "https://shop.example.evil.example/",
            "https://sub.shop.example/",
            "https://evil.example/shop.example",
            "https://shop.example@evil.example/",
            "https://user:secret@shop.example/",
            "https://evil.example\\@shop.example/",
            "https://shop.example\\.evil.example/",
            "https:\\\\shop.example/",
            "https:shop.example/",
            "https:///shop.example/",
            "//shop.example/",
            "/sale",
            "shop.example",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "ftp://shop.example/",
            " https://shop.example/",
            "https://shop.example/\r\nSet-Cookie: a=b",
            "https://shop.example/a\tb",
            "https://sh\top.example/",
            "https://shop.example\0.evil.example/",
            "https://shop。example/",
            "https://ſhop.example/",
            "https://shop.example./",
            "https://shop.example:80.evil.example/",
            "https://shop.example:x/",
            "https://shop.example:/",
            "https://localhost:9000/",
            "https://shop.example:8443/p",
            "https://shop.example:80/p",
            "https://shop.example:0443/p",
            "http://localhost/",
            "https://shop.example/" + "a" * 2000,
        ],
    )
    def test_a_page_of_another_site_is_refused(self, site: Site, ad: Ad, to: str) -> None:
        answer = follow(site, ad, to=to)
        assert code(answer) == (400, "bad_to")
        assert "Location" not in answer
        assert touches(site) == []

    def test_bytes_that_are_not_text_are_refused(self, site: Site, ad: Ad) -> None:
        assert code(Client().get(f"/click/{site.key}/banner?to=https://shop.example/%ff")) == (400, "bad_to")
        assert code(Client().get(f"/click/{site.key}/banner?" + "a&" * 300)) == (400, "bad_query")

    def test_an_empty_destination_is_ignored(self, site: Site, ad: Ad) -> None:
        assert follow(site, ad, to="")["Location"].startswith("https://shop.example/sale?")

    def test_an_ad_without_a_destination_leads_to_the_home_page(self, site: Site, ad: Ad) -> None:
        Ad.objects.filter(pk=ad.pk).update(destination="")
        assert follow(site, ad)["Location"].startswith("https://shop.example/?hl_ad=banner")

    def test_without_a_domain_or_a_destination_it_is_404(self, site: Site, ad: Ad) -> None:
        Ad.objects.filter(pk=ad.pk).update(destination="")
        Site.objects.filter(pk=site.pk).update(domains=[])
        assert code(follow(site, ad)) == (404, "no_destination")

    @pytest.mark.parametrize(
        "destination", ["javascript:alert(1)", "https://shop.example/\r\nX: y", "ftp://s.example/"]
    )
    def test_an_unsafe_destination_is_ignored(self, site: Site, ad: Ad, destination: str) -> None:
        Ad.objects.filter(pk=ad.pk).update(destination=destination)
        assert code(follow(site, ad)) == (404, "no_destination")

    @pytest.mark.parametrize("key", ["nobody", "a" * 101, "%00", "%ff", "a b"])
    def test_unknown_sites_and_ads_are_404(self, site: Site, ad: Ad, key: str) -> None:
        assert code(follow(key, "banner")) == (404, "unknown_site")
        assert code(follow(site, key)) == (404, "unknown_ad")

    def test_an_ad_of_another_site_is_unknown(self, site: Site, ad: Ad) -> None:
        other = Site.objects.create(account=site.account, name="other")
        assert code(follow(other, ad)) == (404, "unknown_ad")

    @pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
    def test_other_methods_are_refused(self, site: Site, ad: Ad, method: str) -> None:
        answer = follow(site, ad, method)
        assert (code(answer), answer["Allow"]) == ((405, "method_not_allowed"), "GET, HEAD")


class TestMacros:
    """The destination's macros, such as {click_id}, pass data of the click on to the program of an affiliate or a
    shop."""

    @pytest.fixture
    def asking(self, ad: Ad) -> Ad:
        ad.key = "spring-sale"
        ad.destination = (
            "https://partner.example/{ad}?id={click_id}&c=%7Bcampaign%7D&s={SITE}&t={ts}&r={rand}&x={x}#{ad}"
        )
        ad.full_clean()
        ad.save()
        return ad

    def test_each_is_filled_in_and_other_text_in_braces_stays(self, site: Site, asking: Ad) -> None:
        page = urlsplit(follow(site, asking)["Location"])
        given = dict(parse_qsl(page.query))
        click = read_handover(page.geturl(), site.key, site.click_secret)
        assert click is not None
        assert (page.netloc, page.path, page.fragment) == ("partner.example", f"/{asking.key}", asking.key)
        assert (given["id"], given["c"], given["s"], given["t"]) == (click.click, "c", site.key, str(click.at))
        assert re.fullmatch("[0-9a-f]{16}", given["r"])
        assert given["x"] == "{x}"

    def test_each_click_has_its_own_id_and_number(self, site: Site, asking: Ad) -> None:
        pages = [dict(parse_qsl(urlsplit(follow(site, asking)["Location"]).query)) for _ in range(2)]
        assert all(pages[0][name] != pages[1][name] for name in ("id", "r"))

    def test_a_sale_that_the_partner_tells_by_the_id_is_the_ads(self, site: Site, asking: Ad) -> None:
        given = dict(parse_qsl(urlsplit(follow(site, asking)["Location"]).query))
        (touch,) = touches(site)
        assert touch.hit == given["id"]
        assert touch.click_ids == {given["id"]}

    @pytest.mark.parametrize("consent", ["analytics_storage=denied", "denied"])
    def test_without_consent_nobody_is_told_the_id_of_the_click(self, site: Site, asking: Ad, consent: str) -> None:
        given = dict(parse_qsl(urlsplit(follow(site, asking, consent=consent)["Location"]).query))
        assert "id" not in given
        assert given["s"] == site.key

    def test_a_macro_of_the_link_or_of_another_page_is_not_filled_in(self, site: Site, asking: Ad) -> None:
        page = follow(site, asking, to="https://shop.example/?a={click_id}", sub1="{click_id}")["Location"]
        assert page.startswith("https://shop.example/?a=%7Bclick_id%7D&sub1=%7Bclick_id%7D&hl_ad=")

    @pytest.mark.parametrize("value", ["//evil.example", "@evil.example", "a\r\nb", "a b&c=d#e", "ü"])
    def test_no_value_changes_the_host_or_adds_a_parameter(self, value: str) -> None:
        filled = fill_in("https://shop.example/p?a={ad}&b=1", dict.fromkeys(NAMES, value))
        page = urlsplit(filled)
        assert (page.netloc, page.path, parse_qsl(page.query)) == ("shop.example", "/p", [("a", value), ("b", "1")])

    @pytest.mark.parametrize("destination", ["https://{ad}/p", "https://{ad}@shop.example/", "{ad}", "https://a.{ad}"])
    def test_a_host_is_never_filled_in(self, destination: str) -> None:
        assert fill_in(destination, dict.fromkeys(NAMES, "evil.example")) == destination


class TestVisitor:
    """The click belongs to the visitor whom the request's cookie names."""

    @pytest.fixture(autouse=True)
    def any_host(self, settings: Settings) -> None:
        settings.ALLOWED_HOSTS = ["*"]

    @pytest.mark.parametrize("cookie", ["_hl=ann", "_hls=ann", "_hl=ann; _hls=bob", "x=y; _hl=undefined; _hls=ann"])
    def test_of_the_sites_own_domain(self, site: Site, ad: Ad, cookie: str) -> None:
        follow(site, ad, headers={"host": "hits.shop.example", "cookie": cookie})
        assert [touch.visitor for touch in touches(site)] == ["ann"]

    @pytest.mark.parametrize(
        ("host", "cookie"),
        [("hits.tracker.example", "_hl=ann"), ("hits.shop.example", "_hl=a<b>"), ("hits.shop.example", "_hl=")],
    )
    def test_a_cookie_of_another_domain_or_of_no_form_is_nobodys(
        self, site: Site, ad: Ad, host: str, cookie: str
    ) -> None:
        follow(site, ad, headers={"host": host, "cookie": cookie})
        assert [touch.visitor == "ann" for touch in touches(site)] == [False]

    def test_not_without_consent(self, site: Site, ad: Ad) -> None:
        headers = {"host": "hits.shop.example", "cookie": "_hl=ann"}
        follow(site, ad, headers=headers, consent="analytics_storage=denied")
        assert [touch.visitor == "ann" for touch in touches(site)] == [False]


class TestClick:
    """The click is a hit, and counts for the person who lands on the page."""

    def test_the_click_is_recorded_under_the_ad(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, headers={"referer": "https://news.example/today"})
        (touch,) = touches(site)
        handover = handed_over(answer, site)
        assert (touch.kind, touch.ad, touch.hit, touch.at) == ("click", "banner", handover.click, handover.at)
        assert len(touch.visitor) == 32
        (key,) = open_archive().list()
        (hit,) = open_archive().get(key)
        assert (hit.type, hit.ref, hit.ip, hit.ua) == ("click", "https://news.example/today", "192.0.2.7", "Firefox")

    def test_the_landing_page_records_the_same_click_under_its_own_visitor(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad)
        landing = {"site": site.key, "visitor": "me", "url": answer["Location"]}
        assert Client().post("/collect", landing, content_type="application/json").status_code == 200
        rows = touches(site)
        assert len(rows) == 2
        assert len({(row.hit, row.at, row.bucket, row.ad) for row in rows}) == 1
        assert "me" in {row.visitor for row in rows}

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-purpose": "prefetch"},
            {"sec-purpose": "prefetch;prerender"},
            {"purpose": "prefetch"},
            {"x-purpose": "preview"},
            {"x-moz": "prefetch"},
        ],
    )
    def test_a_prefetched_link_counts_only_when_the_page_is_shown(
        self, site: Site, ad: Ad, headers: dict[str, str]
    ) -> None:
        answer = follow(site, ad, headers=headers)
        assert answer.status_code == 302
        assert touches(site) == []
        Client().get("/collect", {"site": site.key, "visitor": "me", "url": answer["Location"]})
        assert [touch.visitor for touch in touches(site)] == ["me"]

    def test_a_head_request_gets_the_same_redirect_and_counts_nothing(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, "head")
        assert answer["Location"].startswith("https://shop.example/sale?")
        assert touches(site) == []


class TestTrouble:
    """No failure of a service keeps the person from the landing page."""

    def test_a_hit_that_cannot_be_stored_is_left_to_the_landing_page(
        self, site: Site, ad: Ad, settings: Settings, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        settings.ARCHIVE_URL = (tmp_path / "file" / "archive").as_uri()
        answer = follow(site, ad)
        assert answer.status_code == 302
        assert touches(site) == []
        settings.ARCHIVE_URL = (tmp_path / "archive").as_uri()
        open_archive.cache_clear()
        Client().get("/collect", {"site": site.key, "visitor": "me", "url": answer["Location"]})
        assert [(touch.visitor, touch.hit) for touch in touches(site)] == [("me", handed_over(answer, site).click)]

    def test_clicks_above_the_rate_limit_still_redirect_and_are_left_to_the_landing_page(
        self, site: Site, ad: Ad
    ) -> None:
        Site.objects.filter(pk=site.pk).update(hits_per_second=1)
        answers = [follow(site, ad) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [302] * 3
        assert [touch.hit for touch in touches(site)] == [handed_over(answers[0], site).click]
        assert RATES.take(site.key, 1, 1) > 0

    def test_an_uncached_ad_is_503_while_the_database_is_away(self, site: Site, ad: Ad) -> None:
        with connection.execute_wrapper(away):
            answer = follow(site, ad)
        assert code(answer) == (503, "unavailable")
        assert int(answer["Retry-After"]) > 0

    def test_a_cached_ad_works_while_the_database_is_away(self, site: Site, ad: Ad) -> None:
        follow(site, ad)
        with connection.execute_wrapper(away):
            assert follow(site, ad)["Location"].startswith("https://shop.example/sale?")


@pytest.mark.parametrize("url", ["https://shop.example/\ud800", "https://\ud800shop.example/"])
def test_lone_surrogates_are_refused_in_an_address(url: str) -> None:
    assert not is_of_site(url, DOMAINS)


def test_a_bad_domain_matches_no_address() -> None:
    assert not is_of_site("https://shop.example/", ["", "ü" * 300, "shop.example/"])


class TestKept:
    """The parameters of the link are stored in both touches of the click: that of `/click`, and that of the landing
    page."""

    def test_the_touch_keeps_click_ids_tags_and_up_to_20_other_parameters(self, site: Site, ad: Ad) -> None:
        others = {f"sub{n}": f"v{n}" for n in range(25)}
        answer = follow(site, ad, gclid="TEST1", fbclid="F", utm_campaign="x", **others)
        (stand_in,) = touches(site)
        assert (stand_in.ad, stand_in.network, stand_in.click_id, stand_in.campaign) == (
            "banner",
            "gclid",
            "TEST1",
            "x",
        )
        assert stand_in.other_ids == (("fbclid", "F"),)
        assert dict(stand_in.others) == {f"sub{n}": f"v{n}" for n in range(20)}
        landing = {"site": site.key, "visitor": "ann", "url": answer["Location"]}
        assert Client().get("/collect", landing).status_code == 200
        (landed,) = (touch for touch in touches(site) if touch.landed)
        assert (landed.visitor, landed.hit, landed.network, landed.click_id) == ("ann", stand_in.hit, "gclid", "TEST1")
        assert dict(landed.others) == {"a": "1", **{f"sub{n}": f"v{n}" for n in range(19)}}

    def test_long_values_and_bad_letters_are_cut_and_replaced(self, site: Site, ad: Ad) -> None:
        Client().get(f"/click/{site.key}/{ad.key}?sub1={'x' * 8000}&sub2=%FF&{'n' * 300}=1")
        (touch,) = touches(site)
        assert dict(touch.others) == {"sub1": "x" * 500, "sub2": "\ufffd"}

    def test_twenty_sub_ids_of_8_kb_and_a_cost_cost_no_hit(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, cost="0.25", **{f"sub{n}": "x" * 8_192 for n in range(1, 21)})
        assert answer.status_code == 302
        assert len(answer["Location"]) < 8_000
        (touch,) = touches(site)
        assert dict(touch.others) == {"cost": "0.25", **{f"sub{n}": "x" * 500 for n in range(1, 20)}}

    def test_without_consent_no_parameter_is_stored(self, site: Site, ad: Ad) -> None:
        answer = follow(site, ad, gclid="TEST1", clickid="A", sub1="S", consent="analytics_storage=denied")
        assert "gclid=TEST1" in answer["Location"]
        (touch,) = touches(site)
        assert (touch.network, touch.click_id, touch.other_ids, touch.others) == ("", "", (), ())

    def test_an_explanation_shows_the_parameters(self, site: Site, ad: Ad, admin_client: Client) -> None:
        Goal.objects.create(site=site, key="buy")
        answer = follow(site, ad, gclid="TEST1", sub1="S")
        hits = [
            {"site": site.key, "visitor": "ann", "url": answer["Location"]},
            {"site": site.key, "visitor": "ann", "type": "conversion", "name": "buy", "order": "A-1"},
        ]
        Client().post("/collect", hits, content_type="application/json")
        found = admin_client.get("/api/conversions", {"site": site.key, "order": "A-1"}).json()["results"]
        (shown,) = found[0]["touches"]
        assert shown["parameters"] == {
            **{"ad": "banner", "network": "gclid", "click_id": "TEST1"},
            **{"a": "1", "sub1": "S"},
        }
