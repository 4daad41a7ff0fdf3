"""Consent: the signals of a hit, and which of its fields are kept without them."""

import json
from typing import Any

import pytest

from conversions.rules.ads import CLICK_IDS as KNOWN_CLICK_IDS
from tests.tracker.collection.test_collect import PERSON, from_json, from_query, only
from tracker.collection.consent import CLICK_IDS, SIGNALS, read_consent, remove_denied, without_click_ids
from tracker.collection.hit import Hit, encode_hits
from tracker.collection.visitor_id import own_stand_in

ALL_DENIED = dict.fromkeys(SIGNALS, "denied")
HASH = "a1" * 32
KEYS = {
    "email": HASH,
    "phone": HASH,
    "phone_digits": HASH,
    "fbp": "fb.1.17.9",
    "fbc": "fb.1.17.Iw",
    "ttp": "2x",
    "ga": "7.8",
}


def kept(denied: tuple[str, ...] = (), **given: Any) -> Hit:
    """Return the hit of these parameters, without what its consent denies."""
    hit = only(from_json({"site": "S", "id": "h", "visitor": "ann", "user": "u", **given}))
    return remove_denied(hit, denied, own_stand_in(hit, PERSON.salt))


class TestSignals:
    """Each signal is granted, denied or absent."""

    @pytest.mark.parametrize(
        ("given", "signals"),
        [
            ("ad_storage=granted,analytics_storage=denied", {"ad_storage": "granted", "analytics_storage": "denied"}),
            (" ad_storage = granted , ", {"ad_storage": "granted"}),
            ({"ad_user_data": "denied"}, {"ad_user_data": "denied"}),
            ('{"ad_user_data": "denied"}', {"ad_user_data": "denied"}),
            ("denied", ALL_DENIED),
            ("granted", dict.fromkeys(SIGNALS, "granted")),
            ("", {}),
            ({}, {}),
            (None, {}),
        ],
    )
    def test_signals_are_text_or_an_object(self, given: Any, signals: dict[str, str]) -> None:
        collected = from_json({"site": "S", "consent": given})
        assert (only(collected).consent, collected.notes) == (signals, {})

    @pytest.mark.parametrize(
        ("given", "signals"),
        [
            ("ad_storage=maybe", {"ad_storage": "denied"}),
            ("ad_storage=GRANTED", {"ad_storage": "denied"}),
            ({"ad_storage": True}, {"ad_storage": "denied"}),
            ({"ad_storage": {"a": 1}}, {"ad_storage": "denied"}),
            ({"ad_storage": "pending"}, {"ad_storage": "denied"}),
            ("cookies=granted", {}),
            ("yes", ALL_DENIED),
            (1, ALL_DENIED),
            (True, ALL_DENIED),
            (["ad_storage"], ALL_DENIED),
            ("{broken", ALL_DENIED),
            ("{" * 5000, ALL_DENIED),
        ],
    )
    def test_an_unknown_value_counts_as_denied_and_the_answer_says_so(
        self, given: Any, signals: dict[str, str]
    ) -> None:
        collected = from_json({"site": "S", "consent": given})
        assert only(collected).consent == signals
        assert [(note.code, note.field) for note in collected.notes.values()] == [("bad_consent", "consent")]

    def test_a_query_accepts_both_forms(self) -> None:
        assert only(from_query(consent="ad_storage=denied")).consent == {"ad_storage": "denied"}
        assert only(from_query(consent='{"ad_storage":"denied"}')).consent == {"ad_storage": "denied"}

    def test_an_absent_signal_is_as_the_site_says(self) -> None:
        assert kept(("ad_storage",)).consent == {"ad_storage": "denied"}
        assert kept(("ad_storage",), consent="ad_storage=granted").consent == {"ad_storage": "granted"}
        assert kept().consent == {}


class TestNobody:
    """Without `analytics_storage` a hit keeps nothing that identifies the person."""

    def test_nothing_that_identifies_the_person_is_kept(self) -> None:
        url = "https://shop.example/?utm_source=news&gclid=CLICKID#a"
        hit = kept(url=url, ref=f"https://x/?u={url}", match=KEYS, consent="analytics_storage=denied")
        text = encode_hits([hit]).decode()
        for secret in ("ann", '"u"', "192.0.2.1", "Firefox", "CLICKID", HASH, "fb.1"):
            assert secret not in text
        assert (hit.url, hit.user) == ("https://shop.example/?utm_source=news&#a", "")

    def test_the_other_fields_stay(self) -> None:
        given = {"type": "conversion", "name": "purchase", "order": "A-1", "value": "5", "props": {"size": "L"}}
        hit = kept(**given, consent="denied")
        assert (hit.name, hit.order, hit.value, hit.props) == ("purchase", "A-1", 5_000_000, {"size": "L"})

    def test_each_hit_has_another_visitor_but_a_repeated_hit_the_same(self) -> None:
        first, again, other = kept(consent="denied"), kept(consent="denied"), kept(id="other", consent="denied")
        assert first.visitor == again.visitor
        assert len({first.visitor, other.visitor, "ann"}) == 3

    def test_the_sites_default_can_deny_the_signal(self) -> None:
        assert kept(("analytics_storage",)).visitor == kept(consent="denied").visitor

    def test_a_grant_keeps_everything(self) -> None:
        hit = kept(match=KEYS, consent="granted")
        assert (hit.visitor, hit.user, hit.ip, hit.ua, hit.match) == ("ann", "u", "192.0.2.1", "Firefox", KEYS)


class TestMatchKeys:
    """Each match key is kept only if its signal is granted."""

    @pytest.mark.parametrize(
        ("denied", "left"),
        [
            ("ad_user_data", {"fbp", "fbc", "ttp", "ga"}),
            ("ad_storage", {"email", "phone", "phone_digits", "ga"}),
            ("ad_personalization", set(KEYS)),
        ],
    )
    def test_each_match_key_needs_its_signal(self, denied: str, left: set[str]) -> None:
        assert set(kept(match=KEYS, consent=f"{denied}=denied").match) == left

    @pytest.mark.parametrize(
        "given", ["x", 5, [], {"email": "ann@shop.example"}, {"fbp": ["a"]}, {"fbc": "x" * 501}, {"a": "b"}]
    )
    def test_a_bad_match_key_is_left_out_and_the_hit_stays(self, given: Any) -> None:
        assert only(from_json({"site": "S", "match": given})).match == {}

    def test_the_client_id_of_google_analytics_cookie_is_kept(self) -> None:
        assert only(from_json({"site": "S", "match": {"ga": "GA1.2.123.456"}})).match == {"ga": "123.456"}

    def test_a_query_sends_match_keys_as_json(self) -> None:
        assert only(from_query(match=json.dumps(KEYS))).match == KEYS


class TestAddresses:
    """Click ids are cut out of addresses, wherever they are."""

    @pytest.mark.parametrize(
        "url",
        [
            "https://s/?gclid=SECRET",
            "https://s/?a=1&GCLID=SECRET&b=2",
            "https://s/?id=5&amp;gclid=SECRET&amp;x=1",
            "https://s/?id=5?fbclid=SECRET",
            "https://s/#/cart?ttclid=SECRET",
            "https://s/?a=1;msclkid=SECRET;b=2",
            "https://s/?hl_ad=demo-ad&hl_click=SECRET",
            "https://g/url?q=https%3A%2F%2Fs%2F%3Fgclid%3DSECRET%26a%3D1",
            "https://g/url?q=https%253A%252F%252Fs%252F%253Fa%253D1%2526wbraid%253DSECRET%2526b",
            "gclid=SECRET",
        ],
    )
    def test_no_click_id_is_left_in_an_address(self, url: str) -> None:
        assert "SECRET" not in without_click_ids(url)

    def test_the_rest_of_the_address_stays(self) -> None:
        url = "https://s/a?utm_source=news&my-gclid=1&b=%20c&gclid=X&z=1#top"
        assert without_click_ids(url) == "https://s/a?utm_source=news&my-gclid=1&b=%20c&&z=1#top"

    def test_every_click_id_of_a_touch_is_cut_out(self) -> None:
        assert set(map(str.lower, KNOWN_CLICK_IDS)) <= set(CLICK_IDS)

    def test_a_hostile_address_takes_no_time(self) -> None:
        assert len(without_click_ids("gclid=" * 1300 + "%26" * 100)) < 8192


def test_names_that_are_no_signal_are_not_kept() -> None:
    assert read_consent({"x" * 10_000: "granted"}) == {}
