"""Bots, prefetches and own traffic: each is rejected with a reason, and a site can let it count."""

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from django.test import Client

from conversions.configuration.loading import forget_cached_sites
from conversions.models import Ad, Campaign, Goal
from conversions.rules.crawlers import NO_CRAWLERS, OTHERS, WORDS, crawler_name
from conversions.rules.traffic import Traffic, why_rejected
from conversions.store.port import Store
from tests.reports import DatedShop, ms
from tracker.collection.hit import Hit
from tracker.models import Account, Site, Token

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
WEBVIEW = f"{WEBKIT} Version/4.0 Chrome/129.0.0.0 Mobile Safari/537.36"


DAY = ms("2026-11-20T00:00Z"), ms("2026-11-21T00:00Z")


def hit(type_: str = "page", **more: object) -> Hit:
    return Hit(id="h", site="s", type=type_, at=5, received=5, visitor="v", **more)  # type: ignore[arg-type]


def code(one: Hit, **rules: object) -> str | None:
    reason = why_rejected(one, Traffic(**rules))  # type: ignore[arg-type]
    return reason.code if reason else None


class TestCrawlers:
    """Crawlers are recognised by the name that they give."""

    @pytest.mark.parametrize(
        ("ua", "name"),
        [
            (GOOGLEBOT, "Googlebot"),
            ("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Chrome/126 (compatible; Googlebot/2.1)", "Googlebot"),
            ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
            ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
            ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "SemrushBot"),
            ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)", "GPTBot"),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slackbot"),
            ("Twitterbot/1.0", "Twitterbot"),
            ("AdsBot-Google (+http://www.google.com/adsbot.html)", "AdsBot-Google"),
            ("Mediapartners-Google", "Mediapartners-Google"),
            ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot"),
            ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)", "Slurp"),
            (f"{CHROME} Chrome-Lighthouse", "Chrome-Lighthouse"),
            ("Screaming Frog SEO Spider/20.0", "Screaming Frog SEO Spider"),
            ("Sogou News Spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", "Sogou"),
            ("Mozilla/5.0 (compatible; Yeti/1.1; +http://naver.me/bot)", "Yeti"),
            (f"Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 50) {WEBVIEW} (compatible; Googlebot/2.1)", "Googlebot"),
        ],
    )
    def test_a_crawler_is_recognised_by_its_name(self, ua: str, name: str) -> None:
        assert crawler_name(ua) == name

    @pytest.mark.parametrize(
        "ua",
        [
            *("", "curl/8.5.0", "python-requests/2.32.3", "Go-http-client/1.1", "wrk/4.1.0", "wrk", "okhttp/4.12.0"),
            *(
                "python-httpx/0.27",
                "Python/3.11 aiohttp/3.9",
                "axios/1.7.2",
                "node",
                "Apache-HttpClient/4.5.14 (Java/17)",
            ),
            *("GuzzleHttp/7", "Wget/1.21.3", "PostmanRuntime/7.39.0", "Playwright/1.45", "ApacheBench/2.3", "test"),
            f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/126.0.0.0 Safari/537.36",
        ],
    )
    def test_programs_libraries_headless_browsers_and_unnamed_clients_count(self, ua: str) -> None:
        assert crawler_name(ua) is None

    @pytest.mark.parametrize(
        "ua",
        [
            *("WordPress/6.5.4; https://shop.example", "WooCommerce/8.9.1 Hookshot (WordPress/6.5.4)", "Zapier"),
            *("Stripe/1.0 (+https://stripe.com/docs/webhooks)", "Shopify-Captain-Hook", "Mollie HTTP client", "Make/1"),
        ],
    )
    def test_senders_of_shops_and_payment_services_count(self, ua: str) -> None:
        assert crawler_name(ua) is None

    @pytest.mark.parametrize(
        "ua",
        [
            CHROME,
            f"{CHROME} Edg/126.0.0.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
            f"{IPHONE} Instagram 333.0.0.21.91 (iPhone14,5; iOS 17_5; en_US; en; scale=3.00; 1170x2532; 601420827)",
            f"{IPHONE} [FBAN/FBIOS;FBAV/465.0.1.41.103;FBBV/602060281;FBDV/iPhone15,2;FBLC/en_US;FBOP/5]",
            f"{IPHONE} MetaIAB Facebook",
            f"{IPHONE} [Pinterest/iOS]",
            f"{IPHONE} GSA/320.0.643284 Safari/604.1",
            f"{IPHONE} musical_ly_35.2.0 JsSdk/2.0 NetType/WIFI Channel/App Store BytedanceWebview/d8a21c6",
            f"Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP3A.240617.008; wv) {WEBVIEW}",
            f"Mozilla/5.0 (Linux; Android 9; CUBOT_P20) {WEBVIEW}",
            f"Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) {WEBVIEW} Viber/20.3",
            f"Mozilla/5.0 (Linux; Android 13; Cubot Note 50) {WEBVIEW} WhatsApp/2.23",
            f"{CHROME} Sonic Slack_SSB/4.38.125",
            f"{CHROME} Viber/22",
            f"{CHROME} YaBrowser/24.6.0.0",
        ],
    )
    def test_browsers_and_the_browsers_in_apps_count(self, ua: str) -> None:
        assert crawler_name(ua) is None

    def test_every_name_added_by_hand_is_in_the_list(self) -> None:
        assert {row["pattern"] for row in CRAWLER_USER_AGENTS_DATA} >= OTHERS

    def test_every_bot_crawler_or_spider_in_the_list_is_recognised(self) -> None:
        shown = [
            ua
            for row in CRAWLER_USER_AGENTS_DATA
            if not NO_CRAWLERS.intersection(row["tags"])
            for ua in row["instances"]
            if any(word in ua.lower() for word in WORDS)
        ]
        assert len(shown) > 1_000
        assert [ua for ua in shown if not crawler_name(ua)] == []

    def test_a_user_agent_of_any_length_takes_no_long_time(self) -> None:
        assert crawler_name("bot " * 128) is None


class TestReasons:
    """Which hits are rejected, and why."""

    def test_a_person_counts(self) -> None:
        assert code(hit(ua=CHROME, ip="198.51.100.1"), own_networks=("203.0.113.0/24",)) is None

    def test_a_bot_a_prefetch_and_an_own_address_are_rejected_with_the_first_reason(self) -> None:
        assert code(hit(ua=GOOGLEBOT, prefetch=True)) == "bot"
        assert code(hit(ua=CHROME, prefetch=True, ip="203.0.113.9"), own_networks=("203.0.113.0/24",)) == "prefetch"
        assert code(hit(ip="203.0.113.9"), own_networks=("203.0.113.0/24",)) == "own_traffic"

    def test_each_reason_has_its_own_switch(self) -> None:
        one = hit(ua=GOOGLEBOT, prefetch=True, ip="203.0.113.9")
        assert code(one, bots=False) == "prefetch"
        assert code(one, bots=False, prefetches=False, own_networks=("203.0.113.9",)) == "own_traffic"
        assert code(one, bots=False, prefetches=False, own_traffic=False, own_networks=("203.0.113.9",)) is None

    def test_an_adjustment_from_an_own_address_counts_but_not_a_crawlers(self) -> None:
        refund = {"kind": "refund", "order": "o", "value": 1, "ip": "203.0.113.9"}
        assert code(hit("adjustment", **refund), own_networks=("203.0.113.9",)) is None
        assert code(hit("adjustment", ua=GOOGLEBOT, **refund)) == "bot"

    @pytest.mark.parametrize(
        ("ip", "network", "own"),
        [
            ("203.0.113.255", "203.0.113.0/24", True),
            ("203.0.114.0", "203.0.113.0/24", False),
            ("::ffff:203.0.113.9", "203.0.113.0/24", True),
            ("2001:db8::1", "2001:db8::/32", True),
            ("203.0.113.9", "2001:db8::/32", False),
            ("203.0.113.77", "203.0.113.9/24", True),
            ("", "203.0.113.0/24", False),
            ("unknown", "203.0.113.0/24", False),
        ],
    )
    def test_addresses_and_networks_of_both_kinds(self, ip: str, network: str, own: bool) -> None:
        assert (code(hit(ip=ip), own_networks=(network,)) == "own_traffic") is own


@pytest.fixture
def shop(store: Store) -> DatedShop:
    return DatedShop(store)


def rejected(shop: DatedShop) -> list[tuple[str, str]]:
    rows = shop.store.read_rejected(shop.site.key, *DAY, 100)
    return sorted((row.hit, row.code) for row in rows)


class TestReports:
    """Figures and the list of rejected hits, on every store."""

    pytestmark = pytest.mark.django_db

    def test_bots_prefetches_and_own_traffic_are_in_no_figure_but_are_listed(self, shop: DatedShop) -> None:
        shop.account.own_networks = ["203.0.113.0/24"]
        shop.account.save()
        shop.receive(
            shop.click("2026-11-20T10:00Z"),
            shop.click("2026-11-20T10:01Z", id="bot", ua=GOOGLEBOT),
            shop.click("2026-11-20T10:02Z", id="early", prefetch=True),
            shop.click("2026-11-20T10:03Z", id="own", ip="203.0.113.5"),
            shop.sale("2026-11-20T11:00Z", 10),
            shop.sale("2026-11-20T11:01Z", 99, id="bot-sale", ua=GOOGLEBOT),
        )
        report = shop.report("2026-11-20", "2026-11-20", now="2026-11-20T11:30Z")
        assert report["totals"] == {"clicks": 1, "views": 0, "conversions": "1.000000", "value": "10.000000"}
        assert (report["live"]["hits"], report["live"]["conversions"]) == (1, 1)
        expected = [("bot", "bot"), ("bot-sale", "bot"), ("early", "prefetch"), ("own", "own_traffic")]
        assert rejected(shop) == expected
        counts = shop.store.read_rejected_counts(shop.site.key, *DAY)
        assert dict(counts) == {"bot": 2, "prefetch": 1, "own_traffic": 1}

    def test_with_the_switch_off_they_count_and_a_repeated_hit_is_added(self, shop: DatedShop) -> None:
        bot = shop.sale("2026-11-20T11:00Z", 10, id="bot", ua=GOOGLEBOT)
        shop.receive(bot)
        assert shop.report("2026-11-20", "2026-11-20")["totals"]["conversions"] == "0.000000"
        shop.site.set_aside_bots = False
        shop.site.save()
        shop.receive(bot)
        assert shop.report("2026-11-20", "2026-11-20")["totals"]["conversions"] == "1.000000"
        assert rejected(shop) == [("bot", "bot")]

    def test_switching_on_removes_nothing_that_already_counted(self, shop: DatedShop) -> None:
        Site.objects.filter(pk=shop.site.pk).update(set_aside_bots=False)
        bot = shop.sale("2026-11-20T11:00Z", 10, id="bot", ua=GOOGLEBOT)
        shop.receive(bot)
        Site.objects.filter(pk=shop.site.pk).update(set_aside_bots=True)
        shop.receive(bot)
        assert shop.report("2026-11-20", "2026-11-20")["totals"]["conversions"] == "1.000000"


class TestCollection:
    """From a client's request to the list of rejected hits."""

    pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inline")]

    @pytest.fixture
    def site(self, settings: object) -> Site:
        site = Site.objects.create(account=Account.objects.create(name="A"), name="s", domains=["shop.example"])
        Goal.objects.create(site=site, key="purchase", event="purchase")
        Ad.objects.create(campaign=Campaign.objects.create(site=site, key="c"), key="ad")
        return site

    def rejected(self, site: Site) -> dict[str, int]:
        _, secret = Token.issue(site.account, "report")
        answer = Client().get(f"/api/rejected?site={site.key}", headers={"authorization": f"Bearer {secret}"})
        return dict(answer.json()["counts"])

    def send(self, site: Site, name: str = "purchase", **headers: str) -> int:
        query = {"site": site.key, "type": "event", "name": name}
        return Client().get("/collect", query, headers=headers).status_code

    def test_a_crawler_is_answered_as_usual_and_listed_as_a_bot(self, site: Site) -> None:
        assert self.send(site, **{"user-agent": GOOGLEBOT}) == 200
        assert self.rejected(site) == {"bot": 1}

    @pytest.mark.parametrize("ua", ["", "curl/8.5.0", "python-requests/2.32.3", "Go-http-client/1.1", "wrk/4.1.0"])
    def test_other_programs_are_not_listed(self, site: Site, ua: str) -> None:
        assert self.send(site, **{"user-agent": ua}) == 200
        assert self.rejected(site) == {}

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-purpose": "prefetch;prerender"},
            {"purpose": "prefetch"},
            {"x-moz": "prefetch"},
            {"x-purpose": "preview"},
        ],
    )
    def test_a_page_that_a_browser_prefetches_is_listed_as_a_prefetch(
        self, site: Site, headers: dict[str, str]
    ) -> None:
        assert self.send(site, **headers) == 200
        assert self.rejected(site) == {"prefetch": 1}

    def test_an_ads_link_that_a_browser_prefetches_is_listed_as_a_prefetch(self, site: Site) -> None:
        answer = Client().get(f"/click/{site.key}/ad", headers={"sec-purpose": "prefetch"})
        assert answer.status_code == 302
        assert self.rejected(site) == {"prefetch": 1}

    def test_hits_of_the_accounts_own_people_are_listed_as_own_traffic(self, site: Site) -> None:
        site.account.own_networks = ["127.0.0.0/8"]
        site.account.save()
        forget_cached_sites()
        assert self.send(site) == 200
        assert self.rejected(site) == {"own_traffic": 1}

    def test_a_servers_hit_is_judged_by_the_person_that_it_reports(self, site: Site) -> None:
        site.account.own_networks = ["127.0.0.0/8"]
        site.account.save()
        forget_cached_sites()
        _, secret = Token.issue(site.account, "ingest")
        given = {"authorization": f"Bearer {secret}", "user-agent": GOOGLEBOT, "purpose": "prefetch"}
        assert self.send(site, **given) == 200
        assert self.rejected(site) == {}
        query = {"site": site.key, "type": "event", "name": "purchase", "ua": GOOGLEBOT}
        assert Client().get("/collect", query, headers={"authorization": f"Bearer {secret}"}).status_code == 200
        assert self.rejected(site) == {"bot": 1}


class TestConfiguration:
    """Staff's switches, in the API and in the admin."""

    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def site(self) -> Site:
        return Site.objects.create(account=Account.objects.create(name="Bike Shop"), name="Bikes")

    def test_all_three_are_rejected_by_default(self, site: Site, admin_client: Client) -> None:
        told = admin_client.get(f"/api/sites/{site.key}").json()
        assert [told[f"set_aside_{what}"] for what in ("bots", "prefetches", "own_traffic")] == [True, True, True]
        change = {"set_aside_bots": False}
        answer = admin_client.patch(f"/api/sites/{site.key}", change, content_type="application/json")
        assert answer.status_code == 200
        site.refresh_from_db()
        assert (site.set_aside_bots, site.set_aside_prefetches) == (False, True)

    def test_own_networks_are_set_by_the_api(self, site: Site, admin_client: Client) -> None:
        change = {"own_networks": ["203.0.113.0/24", "2001:db8::1"]}
        path = f"/api/accounts/{site.account_id}"
        assert (
            admin_client.patch(path, change, content_type="application/json").json()["own_networks"]
            == change["own_networks"]
        )
        site.account.refresh_from_db()
        assert site.account.own_networks == change["own_networks"]

    @pytest.mark.parametrize(
        "networks", ["203.0.113.9", ["shop.example"], [7], [None], ["0.0.0.0/0"], ["::/0"], ["203.0.113.9"] * 101]
    )
    def test_a_bad_network_or_one_of_everybody_is_refused(
        self, site: Site, admin_client: Client, networks: object
    ) -> None:
        change = {"own_networks": networks}
        answer = admin_client.patch(f"/api/accounts/{site.account_id}", change, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["error"]["field"] == "own_networks"
        site.account.refresh_from_db()
        assert site.account.own_networks == []

    def test_own_networks_are_set_one_a_line_in_the_form(self, site: Site, admin_client: Client) -> None:
        path = f"/admin/tracker/account/{site.account_id}/change/"
        none = {f"sites-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        form = {"name": "Bike Shop", "hits_per_second": 0, "own_networks": "203.0.113.0/24\n 2001:DB8::/32 ", **none}
        assert admin_client.post(path, form).status_code == 302
        site.account.refresh_from_db()
        assert site.account.own_networks == ["203.0.113.0/24", "2001:db8::/32"]
        assert "203.0.113.0/24\n2001:db8::/32" in admin_client.get(path).content.decode()
        assert "no IP address" in admin_client.post(path, {**form, "own_networks": "office"}).content.decode()

    def test_the_switches_are_in_the_sites_form(self, site: Site, admin_client: Client) -> None:
        path = f"/admin/tracker/site/{site.pk}/change/"
        fields = {"account": site.account_id, "name": "Bikes", "timezone": "UTC", "currency": "USD"}
        terms = {"half_life_days": 7, "position_first": 40, "position_last": 40}
        form = {**fields, **terms, "hits_per_second": 0, "set_aside_bots": "on"}
        assert admin_client.post(path, form).status_code == 302
        site.refresh_from_db()
        assert (site.set_aside_bots, site.set_aside_own_traffic) == (True, False)
