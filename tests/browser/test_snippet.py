"""The snippet in a real browser: which hits a page sends, on ordinary and on hostile pages."""

import base64
import hashlib
import json

import pytest
from requests import get

from tests.browser.demo import fetch_report
from tests.browser.storefront import NOTHING_KEPT, STUB, Storefront, sent
from tracker.archive import FolderArchive

pytestmark = pytest.mark.browser

BLOCKED = """
function refuse() { throw new DOMException('blocked', 'SecurityError') }
Object.defineProperty(window, 'localStorage', { get: refuse })
Object.defineProperty(Document.prototype, 'cookie', { get: refuse, set: refuse })
"""
#: Patches built-in objects as the library Prototype 1.6 does, as far as the snippet uses them. The library replaces
#: methods that are native now.
LIKE_PROTOTYPE = """
function serialize(value) { return '"' + value + '"' }
Array.prototype.toJSON = function () { return '[' + Array.prototype.map.call(this, serialize).join(', ') + ']' }
String.prototype.toJSON = Number.prototype.toJSON = Boolean.prototype.toJSON = function () { return serialize(this) }
Object.toJSON = serialize
Object.keys = function (object) { var keys = []; for (var key in object) keys.push(key); return keys }
Object.values = function (object) { var all = []; for (var key in object) all.push(object[key]); return all }
Array.from = function (all) { return [].slice.call(all) }
Array.prototype.reduce = function () { return this.length > 1 ? this : this[0] }
Array.prototype.each = Array.prototype.forEach
Array.prototype.clone = function () { return [].concat(this) }
Function.prototype.bind = function (self) { var work = this; return function () { return work.apply(self, arguments) } }
String.prototype.sub = String.prototype.gsub = function (a, b) { return this.split(a).join(b) }
"""
ON_EVERY_OBJECT = """
Object.prototype.each = function () {}
Object.prototype.toJSON = function () { return 'ours' }
"""


FILL = """
for (let size = 1 << 22; size; size >>= 1)
    try { while (true) localStorage['filler' + Math.random()] = 'x'.repeat(size) } catch (error) {}
"""


def names(shop: Storefront) -> list[tuple[str, str]]:
    """Return the path of each hit's address, and the path of its referrer."""
    return [(hit.url.partition(shop.host)[2], hit.ref.partition(shop.host)[2]) for hit in shop.hits()]


def integrity_of(shop: Storefront) -> str:
    """Return the attributes with which a page loads the script only if the script is the present one (subresource
    integrity)."""
    digest = hashlib.sha384(get(f"{shop.tracker.url}/t.js", timeout=30).content).digest()
    return f'integrity="sha384-{base64.b64encode(digest).decode()}" crossorigin="anonymous"'


class TestImages:
    """Hits of image tags, which need no script."""

    def test_an_image_counts_for_its_page_if_it_may_tell_and_never_for_the_home_page(self, shop: Storefront) -> None:
        source = f"{shop.tracker.url}/pixel.gif?site={shop.account['site']}&amp;title={shop.host}"
        page = shop.tab(
            html=f"""<!doctype html><title>Thanks</title><img src="{source}-plain" alt="">
            <img src="{source}-told" referrerpolicy="no-referrer-when-downgrade" alt="">
            <img src="{source}-named&amp;url=http://{shop.host}/thanks" alt="">"""
        )
        page.goto(f"http://{shop.host}/thanks", wait_until="load")
        archive = FolderArchive(shop.tracker.state / "archive")
        hits = [hit for key in archive.list() for hit in archive.get(key)]
        pages = {hit.title.removeprefix(f"{shop.host}-"): hit.url for hit in hits if hit.title.startswith(shop.host)}
        whole = f"http://{shop.host}/thanks"
        assert pages == {"plain": "", "told": whole, "named": whole}


class TestPages:
    """Each page makes one hit, and all are of one visitor."""

    def test_a_page_sends_its_address_referrer_and_title(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page, "/a?b=1#c")
        shop.stored(page, lambda: page.evaluate("location.href = '/next'"))
        first, second = shop.hits()
        assert (first.type, first.url, first.title) == ("page", f"http://{shop.host}/a?b=1#c", "A page")
        assert second.ref == f"http://{shop.host}/a?b=1"
        assert first.at <= first.received

    def test_the_visitor_id_is_kept_across_pages_tabs_and_subdomains(self, shop: Storefront) -> None:
        shop.visit(shop.tab(), "/one")
        shop.visit(shop.tab(), "/two")
        shop.visit(shop.tab(), "/three", sub="www.")
        visitors = {hit.visitor for hit in shop.hits()}
        assert len(shop.hits()) == 3
        assert len(visitors) == 1

    @pytest.mark.parametrize(
        "forget",
        ["localStorage.removeItem('_hl')", "document.cookie = '_hl=;path=/;max-age=0;domain=' + location.hostname"],
    )
    def test_the_visitor_id_survives_the_loss_of_cookie_or_storage(self, shop: Storefront, forget: str) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate(forget)
        shop.visit(page, "/again")
        assert len({hit.visitor for hit in shop.hits()}) == 1
        cookie, stored = page.evaluate("[document.cookie, localStorage.getItem('_hl')]")
        assert cookie == f"_hl={stored}"

    def test_a_damaged_visitor_id_is_replaced(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate("localStorage._hl = 'not an id'; document.cookie = '_hl=%;path=/;domain=' + location.hostname")
        shop.visit(page, "/again")
        assert len({hit.visitor for hit in shop.hits()}) == 2

    def test_if_storage_is_blocked_the_server_makes_the_visitor_id(self, shop: Storefront) -> None:
        page = shop.tab(init=BLOCKED)
        assert "visitor" not in sent(shop.visit(page, "/one"))[0]
        shop.visit(page, "/two")
        first, second = shop.hits()
        assert first.visitor == second.visitor
        assert len(first.visitor) == 32

    def test_a_click_by_utm_tags_is_counted(self, shop: Storefront) -> None:
        shop.visit(shop.tab(), f"/?utm_source=news&utm_campaign={shop.host}")
        shop.tracker.manage("rollup")
        rows = fetch_report(shop.tracker.url, shop.account)["rows"]
        assert [(row["clicks"], row["configured"]) for row in rows if row["ad"] == f"news/{shop.host}"] == [(1, False)]

    def test_with_automatic_pages_off_nothing_is_sent_before_a_call(self, shop: Storefront) -> None:
        page = shop.tab("data-manual data-spa")
        page.goto(f"http://{shop.host}/one")
        page.wait_for_function("window.hitledger && hitledger.site")
        page.evaluate("history.pushState(null, '', '/two')")
        page.wait_for_timeout(200)
        shop.stored(page, lambda: page.evaluate("hitledger('page', { url: location.origin + '/three' })"))
        assert names(shop) == [("/three", "")]


class TestSinglePageApplications:
    """Pages that change their own address."""

    def test_each_new_address_of_a_single_page_application_is_a_page(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        shop.visit(page, "/one")
        shop.stored(page, lambda: page.evaluate("history.pushState(null, '', '/two'); document.title = 'Two'"))
        shop.stored(page, lambda: page.evaluate("history.back()"))
        assert names(shop) == [("/one", ""), ("/two", "/one"), ("/one", "/two")]
        assert shop.hits()[1].title == "Two"

    def test_a_replaced_address_is_a_page_but_the_same_address_again_is_not(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        shop.visit(page, "/one")
        page.evaluate("history.replaceState({ a: 1 }, '', '/one')")
        page.evaluate("history.replaceState(null, '', '#top')")
        page.wait_for_timeout(200)
        shop.stored(page, lambda: page.evaluate("history.replaceState(null, '', '/two')"))
        assert names(shop) == [("/one", ""), ("/two", "/one")]

    def test_an_immediate_redirect_of_a_router_makes_one_page(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        shop.visit(page, "/one")
        script = "history.pushState(null, '', '/draft'); history.replaceState(null, '', '/final')"
        shop.stored(page, lambda: page.evaluate(script))
        page.wait_for_timeout(200)
        assert names(shop) == [("/one", ""), ("/final", "/one")]

    @pytest.mark.parametrize(("attribute", "pages"), [("", 1), ("data-spa", 1), ('data-spa="hash"', 3)])
    def test_hash_routes_are_pages_if_the_tag_says_so(self, shop: Storefront, attribute: str, pages: int) -> None:
        page = shop.tab(attribute)
        shop.visit(page, "/#/one")
        for route in ("two", "three"):
            page.evaluate(f"location.hash = '/{route}'")
            page.wait_for_timeout(200)
        shop.stored(page, lambda: page.evaluate("hitledger('event', { name: 'end' })"))
        assert [url for url, _ in names(shop)[:-1]] == ["/#/one", "/#/two", "/#/three"][:pages]

    def test_a_page_left_before_its_address_has_settled_is_sent(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        shop.visit(page, "/one")
        page.evaluate("history.pushState(null, '', '/two'); location.href = '/three'")
        page.wait_for_url("**/three")
        shop.hits(3)
        assert [url for url, _ in names(shop)] == ["/one", "/two", "/three"]

    def test_an_error_of_a_router_still_reaches_the_page(self, shop: Storefront) -> None:
        page = shop.tab("data-spa")
        shop.visit(page)
        script = "try { history.pushState(null, '', 'https://elsewhere.example/') } catch (error) { error.name }"
        assert page.evaluate(script) == "SecurityError"


class TestCalls:
    """`hitledger(...)` from the page."""

    def test_calls_before_the_snippet_has_loaded_are_sent_with_the_page_in_one_request(self, shop: Storefront) -> None:
        given = "{ order: 'A-1', value: '29.90', currency: 'EUR', props: { size: 'L' } }"
        page = shop.tab(script=f"{STUB} hitledger('purchase', {given})")
        assert len(sent(shop.visit(page))) == 2
        first, sale = shop.hits()
        assert (first.type, sale.type, sale.name, sale.order) == ("page", "conversion", "purchase", "A-1")
        assert (sale.value, sale.currency, sale.props, sale.visitor) == (
            29_900_000,
            "EUR",
            {"size": "L"},
            first.visitor,
        )

    def test_types_names_and_numbers(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        for call in ("'event', { name: 'film' }", "'lead'", "'sale', { value: 12.5 }", "'click', { ad: 'demo-ad' }"):
            shop.stored(page, lambda call=call: page.evaluate(f"hitledger({call})"))  # type: ignore[misc]
        assert [(hit.type, hit.name, hit.value, hit.ad) for hit in shop.hits()[1:]] == [
            ("event", "film", None, ""),
            ("conversion", "lead", None, ""),
            ("conversion", "sale", 12_500_000, ""),
            ("click", "", None, "demo-ad"),
        ]

    def test_bad_arguments_throw_no_error_and_stop_no_later_hit(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate(
            "const round = {}; round.round = round; hitledger('x', { props: round }); hitledger(); hitledger(null, 5);"
            "hitledger('x', { value: 10n }); hitledger({}, []); hitledger('consent'); hitledger(Symbol('x'))"
        )
        shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        assert [(hit.type, hit.name) for hit in shop.hits()][-1] == ("conversion", "lead")

    def test_a_second_copy_of_the_snippet_does_nothing(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        page.add_script_tag(url=f"{shop.tracker.url}/t.js?site={shop.account['site']}")
        shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        assert [hit.type for hit in shop.hits()] == ["page", "conversion"]

    def test_a_page_closed_right_after_a_call_has_sent_it(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        page.evaluate("hitledger('lead'); location.href = 'about:blank'")
        page.wait_for_url("about:blank")
        shop.visit(shop.tab(), "/later")
        assert [(hit.type, hit.name) for hit in shop.hits()][:2] == [("page", ""), ("conversion", "lead")]


class TestPersons:
    """Data that identify a person are hashed before they leave the browser."""

    @pytest.mark.parametrize(
        ("given", "hashed"),
        [
            ("' 4711 '", "4711"),
            ("4711", "4711"),
            ("'Ann@Shop.Example'", "ann@shop.example"),
            ("'Grüße'", "Grüße"),
        ],
    )
    def test_a_user_id_is_sent_as_its_hash(self, shop: Storefront, given: str, hashed: str) -> None:
        page = shop.tab()
        shop.visit(page)
        answer = shop.stored(page, lambda: page.evaluate(f"hitledger('event', {{ name: 'login', user: {given} }})"))
        assert [hit["user"] for hit in sent(answer)] == [hashlib.sha256(hashed.encode()).hexdigest()]
        assert hashed not in json.dumps(sent(answer)[0])

    def test_a_user_id_that_is_already_a_hash_stays(self, shop: Storefront) -> None:
        page = shop.tab()
        shop.visit(page)
        shop.stored(page, lambda: page.evaluate(f"hitledger('event', {{ name: 'login', user: '{'a' * 64}' }})"))
        assert shop.hits()[1].user == "a" * 64

    def test_a_page_left_before_the_hash_is_ready_sends_the_hit_without_the_user(self, shop: Storefront) -> None:
        never = "Object.defineProperty(SubtleCrypto.prototype, 'digest', { value() { return new Promise(() => {}) } })"
        page = shop.tab(init=never)
        shop.visit(page)
        page.evaluate("hitledger('purchase', { order: 'A-1', user: 'ann' }); location.href = 'about:blank'")
        sale = shop.hits(2)[1]
        assert (sale.order, sale.user) == ("A-1", "")


class TestSetUp:
    """The ways to put the tag into a page."""

    def test_the_scripts_address_can_name_the_site_if_attributes_are_stripped(self, shop: Storefront) -> None:
        html = f'<!doctype html><script async src="{shop.tracker.url}/t.js?site={shop.account["site"]}"></script>'
        shop.visit(shop.tab(html=html), "/stripped")
        assert [hit.site for hit in shop.hits()] == [shop.account["site"]]

    def test_a_tag_manager_may_insert_it(self, shop: Storefront) -> None:
        script = (
            "var tag = document.createElement('script');"
            f"tag.src = '{shop.tracker.url}/t.js?x=1&site={shop.account['site']}#y'; document.head.appendChild(tag)"
        )
        shop.visit(shop.tab(html=f"<!doctype html><script>{script}</script>"), "/managed")
        assert names(shop) == [("/managed", "")]

    def test_slashes_at_the_end_of_the_trackers_address_are_harmless(self, shop: Storefront) -> None:
        answer = shop.visit(shop.tab(f'data-api="{shop.tracker.url}//"'), "/slashes")
        assert answer.url == f"{shop.tracker.url}/collect"

    def test_with_other_public_paths_the_browser_requests_no_well_known_path(self, shop: Storefront) -> None:
        source = f'<script async src="{shop.tracker.url}/assets/app.js" data-site="{shop.account["site"]}"></script>'
        page = shop.tab(html=f"<!doctype html>{source}")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(shop.tracker.url)))
        with page.expect_response("**/assets/in"):
            page.goto(f"http://{shop.host}/quiet")
        assert [hit.url.rpartition("/")[2] for hit in shop.hits(1)] == ["quiet"]
        assert [path for path in asked if path.startswith("/")] == ["/assets/app.js", "/assets/in"]

    def test_a_page_that_names_no_site_is_left_alone(self, shop: Storefront) -> None:
        asked: list[str] = []
        page = shop.tab(html=f'<!doctype html><script src="{shop.tracker.url}/t.js"></script><h1>Shop</h1>')
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://{shop.host}/")
        page.wait_for_timeout(200)
        assert page.evaluate("window.hitledger") is None
        assert [url for url in asked if "collect" in url] == []

    def test_it_works_under_a_strict_content_security_policy_with_an_integrity_hash(self, shop: Storefront) -> None:
        policy = f"default-src 'none'; script-src {shop.tracker.url}; connect-src {shop.tracker.url}"
        page = shop.tab(
            f"data-spa data-auto='outbound' {integrity_of(shop)}", headers={"Content-Security-Policy": policy}
        )
        refusals: list[str] = []
        page.on("console", lambda message: refusals.append(message.text))
        shop.visit(page, "/strict")
        page.wait_for_function(NOTHING_KEPT)
        assert refusals == []

    def test_a_changed_script_does_not_run_if_the_page_holds_an_integrity_hash(self, shop: Storefront) -> None:
        page = shop.tab(f'integrity="sha384-{"A" * 64}" crossorigin="anonymous"')
        page.goto(f"http://{shop.host}/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hitledger") is None


class TestHostilePages:
    """Pages that patch built-in objects, or fill or damage the storage."""

    @pytest.mark.parametrize("patch", [LIKE_PROTOTYPE, ON_EVERY_OBJECT, LIKE_PROTOTYPE + ON_EVERY_OBJECT])
    def test_hits_are_whole_if_prototypes_are_patched(self, shop: Storefront, patch: str) -> None:
        page = shop.tab('data-consent="ad_storage=denied,analytics_storage=granted" data-auto="outbound"', init=patch)
        shop.visit(page, "/patched")
        answer = shop.stored(page, lambda: page.evaluate("hitledger('lead', { value: 5, props: { size: 'L' } })"))
        assert answer.json() == {"accepted": 1, "rejected": []}
        page.wait_for_function(
            "(function () { for (var key in localStorage) if (/^_hl:/.test(key)) return false; return true })()"
        )
        lead = shop.hits()[1]
        assert (lead.name, lead.value, lead.props) == ("lead", 5_000_000, {"size": "L"})
        assert set(sent(answer)[0]["consent"]) == {"ad_storage", "analytics_storage"}

    @pytest.mark.parametrize("before", ["", "localStorage._hl = localStorage._hl || 'v1';"])
    def test_hits_are_sent_although_storage_is_full(self, shop: Storefront, before: str) -> None:
        page = shop.tab(init=before + FILL)
        shop.visit(page, "/full")
        shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        assert [hit.type for hit in shop.hits()] == ["page", "conversion"]
        assert len({hit.visitor for hit in shop.hits()}) == 1

    def test_a_full_storage_loses_no_hit_while_the_page_is_open(self, shop: Storefront) -> None:
        page = shop.tab(init=FILL)
        page.route("**/collect", lambda route: route.abort())
        page.goto(f"http://{shop.host}/full")
        page.wait_for_function("window.hitledger && hitledger.site")
        page.evaluate("hitledger('lead')")
        page.unroute("**/collect")
        page.evaluate("window.dispatchEvent(new Event('online'))")
        assert [hit.type for hit in shop.hits(2)] == ["page", "conversion"]

    @pytest.mark.parametrize("damage", ["{", "[1,2", '"', "null", "", "\\ud83c"])
    def test_damaged_storage_loses_no_other_hit(self, shop: Storefront, damage: str) -> None:
        key = f"_hl:{shop.account['site']}:17000000000000.5"
        page = shop.tab(init=f"localStorage['{key}'] = {damage!r}")
        shop.visit(page, "/damaged")
        shop.stored(page, lambda: page.evaluate("hitledger('lead')"))
        assert [hit.type for hit in shop.hits()] == ["page", "conversion"]

    def test_a_page_with_an_element_named_title_is_counted(self, shop: Storefront) -> None:
        shop.visit(shop.tab(script="document.write('<img name=title>')"), "/clobbered")
        assert names(shop) == [("/clobbered", "")]

    def test_it_sends_hits_in_a_frame_of_another_site(self, shop: Storefront) -> None:
        outer = shop.browser.new_page()
        frame = shop.html()
        outer.route(f"http://{shop.host}/**", lambda route: route.fulfill(body=frame, content_type="text/html"))
        holder = f'<iframe src="http://{shop.host}/framed"></iframe><iframe sandbox="allow-scripts" src="http://{shop.host}/alone"></iframe>'
        outer.route("http://elsewhere.localhost/**", lambda route: route.fulfill(body=holder, content_type="text/html"))
        shop.watch(outer)
        outer.goto("http://elsewhere.localhost/")
        outer.wait_for_load_state("networkidle")
        assert sorted(url for url, _ in names(shop)) == ["/alone", "/framed"]
