"""Collect, without a database: a request -> its hits, or the reason why there are none."""

import gzip
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tracker.collection.collect import Collected, FindSites, NoHit, Sender, SiteEntry, collect, find_none
from tracker.collection.hit import Hit, encoded_size
from tracker.collection.known import Known
from tracker.collection.refusal import Refusal

NOW = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
FORM = "application/x-www-form-urlencoded"
PERSON = Sender(received=NOW, salt=b"salt", ip="192.0.2.1", ua="Firefox", page="https://shop.example/start")
SERVER = Sender(received=NOW, salt=b"salt", ip="192.0.2.9", ua="curl", account=1)


def from_query(sender: Sender = PERSON, sites: FindSites = find_none, **given: Any) -> Collected:
    return collect(urlencode({"site": "S", **given}), b"", "", "", sender, sites)


def from_body(body: bytes | str, media: str = "application/json", encoding: str = "", query: str = "") -> Collected:
    return collect(query, body if isinstance(body, bytes) else body.encode(), media, encoding, PERSON)


def from_json(hit: Any) -> Collected:
    return from_body(json.dumps(hit))


def sites_like(**given: Any) -> FindSites:
    """Return a function that looks up sites, all of account 1."""
    return lambda keys: {key: Known(SiteEntry(account=1, **given)) for key in keys}


def only(collected: Collected) -> Hit:
    assert collected.rejected == {}
    (hit,) = collected.hits.values()
    return hit


def refused(collected: Collected) -> tuple[int, str, str]:
    """Return status, code and field of the refusal of a request."""
    with pytest.raises(NoHit) as refusal:
        collected.check()
    return refusal.value.status, refusal.value.code, refusal.value.field


def refusal_of(*args: Any, **kwargs: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as refusal:
        from_body(*args, **kwargs)
    return refusal.value.status, refusal.value.code


class TestForms:
    """Every form of a request gives the same hit."""

    @pytest.mark.parametrize(
        ("query", "body", "media"),
        [
            ("site=S&id=1&name=n&p.size=XL", "", ""),
            ("", "site=S&id=1&name=n&p.size=XL", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("", '{"site":"S","id":"1","name":"n","props":{"size":"XL"}}', "application/json"),
            ("", '{"site":"S","id":"1","name":"n","p.size":"XL"}', "text/plain;charset=UTF-8"),
            ("", '{"site":"S","id":1,"name":"n","p.size":"XL"}', ""),
            ("", ' [{"site":"S","id":"1","name":"n","p.size":"XL"}]\n', "Application/JSON"),
            ("", '\ufeff{"site":"S","id":"1","name":"n","p.size":"XL"}', "application/vnd.api+json"),
            ("", '{"site":"S","id":"1","name":"n","p.size":"XL"}', "application/x-www-form-urlencoded"),
            ("site=S&name=n", '{"id":"1","props":{"size":"XL"}}', "application/json"),
            ("site=S&name=n", "id=1&props=%7B%22size%22:%22XL%22%7D", "application/x-www-form-urlencoded"),
        ],
    )
    def test_query_form_object_and_array_give_the_same_hit(self, query: str, body: str, media: str) -> None:
        hit = only(from_body(body, media, query=query))
        assert (hit.site, hit.id, hit.name, hit.props) == ("S", "1", "n", {"size": "XL"})

    def test_a_gzip_body_is_read(self) -> None:
        assert only(from_body(gzip.compress(b'{"site":"S","id":"1"}'), encoding="gzip")).id == "1"

    def test_rejected_hits_of_an_array_are_named_by_their_index(self) -> None:
        collected = from_json([{"site": "S", "id": "a"}, {"site": "S", "id": "no good"}, {"site": "S", "id": "c"}])
        assert {index: hit.id for index, hit in collected.hits.items()} == {0: "a", 2: "c"}
        assert [(index, reason.code, reason.field) for index, reason in collected.rejected.items()] == [
            (1, "bad_id", "id")
        ]

    def test_hits_of_an_array_take_the_site_but_not_the_id_of_the_query(self) -> None:
        hits = from_body("[{}, {}]", query="site=S&id=same").hits
        assert [hit.site for hit in hits.values()] == ["S", "S"]
        assert hits[0].id != hits[1].id


class TestRequestsThatCannotBeRead:
    """Unreadable requests are refused whole, with a code."""

    def test_an_empty_array_is_refused(self) -> None:
        assert refusal_of("[]") == (400, "no_hits")

    def test_500_hits_pass_and_501_are_too_many(self) -> None:
        assert len(from_json([{"site": "S"}] * 500).hits) == 500
        assert refusal_of(json.dumps([{"site": "S"}] * 501)) == (413, "too_many_hits")

    @pytest.mark.parametrize("element", [b"1", b"{}", b'""', b""])
    def test_an_array_of_far_too_many_is_refused_without_reading_all_of_it(self, element: bytes) -> None:
        body = b"[" + (element + b",") * (1_000_000 // (len(element) + 1)) + b"1]"
        began = time.process_time()
        assert refusal_of(body) == refusal_of(body[:-1]) == (413, "too_many_hits")
        assert time.process_time() - began < 0.2

    def test_an_array_of_good_hits_may_be_full_of_commas(self) -> None:
        hits = [{"site": "S", **dict.fromkeys(map(str, range(150)))}] * 400
        assert len(from_json(hits).hits) == 400

    def test_a_body_may_have_1_mib_also_when_unpacked(self) -> None:
        assert refusal_of(b" " * (1 << 20) + b"{}") == (413, "too_large")
        assert refusal_of(gzip.compress(b" " * (1 << 20) + b"{}"), encoding="gzip") == (413, "too_large")

    def test_a_gzip_bomb_is_not_unpacked(self) -> None:
        assert refusal_of(gzip.compress(b"\0" * (1 << 28), compresslevel=1), encoding="gzip") == (413, "too_large")

    @pytest.mark.parametrize(
        "body",
        [
            b"no gzip",
            b"",
            gzip.compress(b'{"site":"S"}', mtime=0)[:-9],
            gzip.compress(b'{"site":"S"}', mtime=0) + b"more",
            gzip.compress(b" ", mtime=0) * 101,
        ],
    )
    def test_broken_gzip_is_refused(self, body: bytes) -> None:
        assert refusal_of(body, encoding="gzip") == (400, "bad_gzip")

    def test_gzip_in_several_members_is_read_whole(self) -> None:
        halves = gzip.compress(b'[{"site":"S"},') + gzip.compress(b'{"site":"S"}]') + b"\0\0"
        assert len(from_body(halves, encoding="gzip").hits) == 2
        assert refusal_of(gzip.compress(b" " * (1 << 20)) + gzip.compress(b"{}"), encoding="gzip")[0] == 413

    def test_other_media_types_and_encodings_are_named(self) -> None:
        assert refusal_of("<hit/>", "application/xml") == (415, "unsupported_media_type")
        assert refusal_of("{}", encoding="br") == (415, "unsupported_encoding")

    def test_a_hit_may_have_64_kib(self) -> None:
        large = {"site": "S", "unknown": "x" * (1 << 16)}
        assert refused(from_json(large)) == refused(from_json([large])) == (413, "too_large", "")
        assert refusal_of("site=S&unknown=" + "x" * (1 << 16), "application/x-www-form-urlencoded")[0] == 413
        with pytest.raises(Refusal, match="64 KiB"):
            from_query(unknown="x" * (1 << 16))

    def test_201_parameters_are_too_many(self) -> None:
        assert refusal_of("", query="&".join(f"a{n}=1" for n in range(201))) == (400, "bad_query")


class TestBadJson:
    """Bad JSON is a 400. In an array it affects no other hit."""

    @pytest.mark.parametrize(
        "bad",
        [
            b"{",
            b'{"site":"S"}}',
            b"nonsense",
            b'{"site":"S","value":nan}',
            b'{"site":"S","title":"\xff}',
            b'{"site":"S","title":"\\x"}',
            b'{"site":"S","props":' + b"[" * 100_000,
        ],
    )
    def test_a_single_hit_is_refused(self, bad: bytes) -> None:
        assert refused(from_body(bad)) == (400, "bad_json", "")

    @pytest.mark.parametrize("bad", [b"[" * 100_000, b"[" * 30_000 + b"]" * 30_000, b"[{}", b"[{}] x", b'["\\"'])
    def test_a_malformed_array_is_refused(self, bad: bytes) -> None:
        try:
            status = refused(from_body(bad))[0]
        except Refusal as refusal:
            status = refusal.status
        assert status == 400

    @pytest.mark.parametrize(
        "bad",
        [
            b'{"site":"S","value":nan}',
            b'{"site":"S","title":"\xff, ]}" "":1}',
            b'{"site":"S","props":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b"",
        ],
    )
    def test_a_bad_hit_in_an_array_is_rejected_alone(self, bad: bytes) -> None:
        collected = from_body(b'[{"site":"S","name":"a, \\"b\\""},' + bad + b',{"site":"S"}]')
        assert sorted(collected.hits) == [0, 2]
        assert [(index, reason.code) for index, reason in collected.rejected.items()] == [(1, "bad_json")]

    def test_a_hit_that_is_not_an_object_is_rejected(self) -> None:
        assert [reason.code for reason in from_json([1, None, "x", []]).rejected.values()] == ["bad_hit"] * 4
        assert refused(from_json(None)) == (400, "bad_hit", "")

    def test_a_damaged_array_takes_no_long_time(self) -> None:
        assert refusal_of(b"[" + b"[{}, " * 200_000) == (400, "bad_json")
        assert refusal_of(b'["' + b'\\"' * 500_000) == (400, "bad_json")


class TestFields:
    """Every field has bounds and a code."""

    @pytest.mark.parametrize(
        ("given", "code", "field"),
        [
            ({"site": ""}, "missing_site", "site"),
            ({"site": "x" * 65}, "too_long", "site"),
            ({"site": "a\0"}, "bad_site", "site"),
            ({"type": "Click"}, "bad_type", "type"),
            ({"id": "x" * 65}, "bad_id", "id"),
            ({"id": "ä"}, "bad_id", "id"),
            ({"id": "a\n"}, "bad_id", "id"),
            ({"visitor": "a b"}, "bad_visitor", "visitor"),
            ({"user": "x" * 201}, "too_long", "user"),
            ({"name": "x" * 201}, "too_long", "name"),
            ({"name": "a\0b"}, "bad_name", "name"),
            ({"order": "x" * 201}, "too_long", "order"),
            ({"ad": "x" * 201}, "too_long", "ad"),
            ({"url": "x" * 8193}, "too_long", "url"),
            ({"ref": "x" * 8193}, "too_long", "ref"),
            ({"title": "x" * 1025}, "too_long", "title"),
            ({"ts": str(NOW - 7 * DAY - 1)}, "bad_ts", "ts"),
            ({"ts": str(NOW + 600_001)}, "bad_ts", "ts"),
            ({"ts": str(NOW + 365 * DAY)}, "bad_ts", "ts"),
            ({"ts": "1" + "0" * 400}, "bad_ts", "ts"),
            ({"ts": "1e400"}, "bad_ts", "ts"),
            ({"ts": str(NOW), "sent": "-1e999"}, "bad_ts", "ts"),
            ({"props": "[1]"}, "bad_props", "props"),
            ({"props": "{"}, "bad_props", "props"),
            ({f"p.{n}": "x" for n in range(21)}, "bad_props", "props"),
            ({"p.": "x"}, "bad_props", "props"),
            ({"p." + "k" * 65: "x"}, "too_long", "props"),
            ({"p.k": "x" * 501}, "too_long", "props"),
            ({"type": "adjustment", "kind": "retract"}, "missing_order", "order"),
            ({"type": "adjustment", "kind": "retract", "order": " \t"}, "missing_order", "order"),
            ({"type": "adjustment", "order": "1"}, "missing_kind", "kind"),
            ({"type": "adjustment", "order": "1", "kind": "undo"}, "bad_kind", "kind"),
            ({"type": "adjustment", "order": "1", "kind": "refund"}, "missing_value", "value"),
            ({"type": "adjustment", "order": "1", "kind": "restate"}, "missing_value", "value"),
            ({"type": "adjustment", "order": "1", "kind": "refund", "value": "1,299"}, "bad_value", "value"),
            ({"type": "adjustment", "order": "null", "kind": "retract"}, "missing_order", "order"),
        ],
    )
    def test_a_bad_field_is_a_400_with_code_and_field(self, given: dict[str, str], code: str, field: str) -> None:
        assert refused(from_query(**given)) == (400, code, field)

    @pytest.mark.parametrize("field", ["site", "name", "user", "url", "ref", "title", "ad", "order", "id", "visitor"])
    @pytest.mark.parametrize("value", [True, ["x"], {"x": 1}])
    def test_a_json_value_that_is_not_text_is_refused(self, field: str, value: Any) -> None:
        assert refused(from_json({"site": "S", field: value})) == (400, f"bad_{field}", field)

    @pytest.mark.parametrize("field", ["order", "user", "name", "ad"])
    def test_ids_and_keys_are_strict_about_characters(self, field: str) -> None:
        assert refused(from_body("", query=f"site=S&{field}=a%ff")) == (400, f"bad_{field}", field)
        assert refused(from_body(f'{{"site":"S","{field}":"a\\ud83c"}}')) == (400, f"bad_{field}", field)
        assert refused(from_body(f'{{"site":"S","{field}":"a\0"}}')) == (400, f"bad_{field}", field)

    @pytest.mark.parametrize("field", ["title", "url", "ref"])
    def test_broken_characters_in_prose_lose_no_hit(self, field: str) -> None:
        for body in (f'{{"site":"S","{field}":"/Sale \\ud83c"}}', f'[{{"site":"S","{field}":"/Sale \\udf89"}}]'):
            assert getattr(only(from_body(body)), field) == "/Sale \ufffd"
        assert getattr(only(from_body(f'{{"site":"S","{field}":"/caf\xe9"}}'.encode("latin-1"))), field) == "/caf\ufffd"
        assert getattr(only(from_body("", query=f"site=S&{field}=/caf%E9")), field) == "/caf\ufffd"
        assert getattr(only(from_body(f"site=S&{field}=/caf%E9%00", FORM)), field) == "/caf\ufffd\ufffd"

    def test_broken_characters_in_a_property_lose_no_property(self) -> None:
        hit = only(from_body('{"site":"S","props":{"a\\ud83c":"b\\ud83c"},"p.size":"\\udfffL","props2":1}'))
        assert hit.props == {"a\ufffd": "b\ufffd", "size": "\ufffdL"}
        assert only(from_body("", query="site=S&props=%7B%22a%22:%22%E9%22%7D")).props["a"].strip("\ufffd") == ""

    def test_a_whole_emoji_in_two_escapes_stays_whole(self) -> None:
        assert only(from_body('{"site":"S","title":"\\ud83c\\udf89","ref":"\\ud83c"}')).title == "\U0001f389"

    def test_a_line_break_in_prose_loses_no_hit(self) -> None:
        assert only(from_body('{"site":"S","title":"Thanks,\nAnn"}')).title == "Thanks,\nAnn"

    def test_a_hit_of_many_wide_characters_is_too_large(self) -> None:
        wide = "\x01" * 8192
        assert refused(from_query(url=wide, ref=wide)) == (413, "too_large", "")

    def test_numbers_are_read_as_their_text(self) -> None:
        hit = only(from_body('{"site":"S","order":1007,"name":1.50,"props":{"n":2,"yes":true,"gone":null}}'))
        assert (hit.order, hit.name, hit.props) == ("1007", "1.50", {"n": "2", "yes": "true"})

    def test_null_and_empty_count_as_absent(self) -> None:
        empty = dict.fromkeys(("type", "id", "visitor", "ts", "value", "currency", "order", "kind", "props"))
        for hit in (only(from_json({"site": "S", **empty})), only(from_query(**dict.fromkeys(empty, "")))):
            assert (hit.type, hit.at, hit.value, hit.order, hit.kind, hit.props) == ("page", NOW, None, "", None, {})
            assert len(hit.id) == 32

    @pytest.mark.parametrize(
        ("value", "micros"),
        [
            ('"29.90"', 29_900_000),
            ("29.90", 29_900_000),
            ("1.1", 1_100_000),
            ("-0.000001", -1),
            ("999999999999.999999", 999_999_999_999_999_999),
            ("5", 5_000_000),
            ("-0", 0),
            ('""', None),
        ],
    )
    def test_money_is_exact_in_micros(self, value: str, micros: int | None) -> None:
        assert only(from_body(f'{{"site":"S","value":{value}}}')).value == micros

    @pytest.mark.parametrize(
        ("sent", "order"), [(" A-1", "A-1"), ("A-1 \n", "A-1"), ("A 1", "A 1"), ("  ", ""), ("\u00a0\t", "")]
    )
    @pytest.mark.parametrize("hit_type", ["conversion", "event", "page"])
    def test_white_space_around_an_order_id_is_ignored(self, hit_type: str, sent: str, order: str) -> None:
        assert only(from_json({"site": "S", "type": hit_type, "order": sent})).order == order
        assert only(from_query(type=hit_type, order=sent)).order == order

    def test_white_space_around_an_adjustments_order_id_is_ignored(self) -> None:
        assert only(from_query(type="adjustment", order=" A1 ", kind="retract")).order == "A1"

    def test_an_adjustment_has_its_order_kind_and_value(self) -> None:
        hit = only(from_query(type="adjustment", order="A1", kind="refund", value="3"))
        assert (hit.type, hit.order, hit.kind, hit.value) == ("adjustment", "A1", "refund", 3_000_000)
        assert only(from_query(type="adjustment", order="A1", kind="retract")).value is None


class TestMoney:
    """A clear amount is read, an unclear one is noted, and the sale stays either way."""

    @pytest.mark.parametrize(
        ("value", "micros"),
        [
            ("89.69999999999999", 89_700_000),
            ("0.30000000000000004", 300_000),
            ("1e5", 100_000_000_000),
            ('"+1"', 1_000_000),
            ('".5"', 500_000),
            ('" 29.90 "', 29_900_000),
            ('"29,90"', 29_900_000),
            ('"1,299.00"', 1_299_000_000),
            ('"1.299,00"', 1_299_000_000),
            ('"-1 299,00"', -1_299_000_000),
            ('"12,34,567.50"', 1_234_567_500_000),
        ],
    )
    def test_an_amount_is_read_as_people_and_programs_write_it(self, value: str, micros: int) -> None:
        hit = only(from_body(f'{{"site":"S","type":"conversion","value":{value}}}'))
        assert (hit.value, hit.unread) == (micros, {})
        assert only(from_query(value=value.strip('"'))).value == micros

    @pytest.mark.parametrize("value", ["29.90 €", "€29.90", "EUR 29.90", "29,90 eur", "€ 29.90 EUR"])
    def test_a_currency_sign_or_code_in_the_amount_is_its_currency(self, value: str) -> None:
        hit = only(from_query(value=value, sites=sites_like(currency="USD")))
        assert (hit.value, hit.currency) == (29_900_000, "EUR")
        assert only(from_query(value=value, currency="EUR")).value == 29_900_000

    @pytest.mark.parametrize(("value", "currency"), [("5", "eur"), ("5", " EUR "), ("5", "€"), ("€5", "Eur")])
    def test_a_currency_is_read_in_small_letters_and_as_a_sign(self, value: str, currency: str) -> None:
        hit = only(from_query(value=value, currency=currency))
        assert (hit.value, hit.currency, hit.unread) == (5_000_000, "EUR", {})

    @pytest.mark.parametrize(
        ("own", "read"), [("CAD", ("CAD", 5_000_000)), ("EUR", ("", None)), ("USD", ("USD", 5_000_000))]
    )
    def test_a_dollar_sign_means_the_sites_kind_of_dollar(self, own: str, read: tuple[str, int | None]) -> None:
        hit = only(from_query(value="$5", sites=sites_like(currency=own)))
        assert (hit.currency, hit.value) == read

    @pytest.mark.parametrize(
        "value",
        [
            *(
                '"1,299"',
                '"abc"',
                '"NaN"',
                "NaN",
                "-Infinity",
                "true",
                "{}",
                '"1.2.3"',
                '"12px"',
                '"1234567890123"',
                "1e12",
            ),
            *("9" * 400, "9" * 5000, '"29.90 USD EUR"', '"--5"', '"' + "1" * 200 + '"', '"x\\ud800"'),
        ],
    )
    def test_a_sale_with_an_unreadable_or_ambiguous_amount_stays(self, value: str) -> None:
        hit = only(from_body(f'{{"site":"S","type":"conversion","order":"A1","value":{value},"currency":"EUR"}}'))
        assert (hit.order, hit.value, list(hit.unread)) == ("A1", None, ["value"])
        assert 0 < len(hit.unread["value"]) <= 100
        assert encoded_size(hit)

    @pytest.mark.parametrize("currency", ["QQQ", "$", "Euros please", 978, ["EUR"]])
    def test_a_sale_with_an_unknown_currency_stays(self, currency: Any) -> None:
        hit = only(from_json({"site": "S", "value": "29.90", "currency": currency}))
        assert (hit.value, hit.currency, list(hit.unread)) == (None, "", ["value"])
        assert hit.unread["value"].startswith("29.90 ")

    def test_a_currency_without_an_amount_is_not_noted(self) -> None:
        assert only(from_query(currency="QQQ")).unread == {}

    def test_a_retraction_needs_no_amount_whatever_it_says(self) -> None:
        assert only(from_query(type="adjustment", order="A1", kind="retract", value="abc")).value is None


class TestNobody:
    """Ids that stand for nobody count as absent."""

    WORDS = (
        *("undefined", "null", "NaN", "0", "-1", "None", "anonymous", "00000000-0000-0000-0000-000000000000"),
        *("ffffffff-ffff-ffff-ffff-ffffffffffff", "NOT_SET", "visitor_id"),
    )
    TEMPLATES = (
        "{{ user.id }}",
        "${id}",
        "<%= id %>",
        "%%ID%%",
        "[object Object]",
        "__CLIENT_ID__",
        "(not set)",
        "n/a",
    )

    @pytest.mark.parametrize("word", WORDS + TEMPLATES)
    def test_such_a_visitor_id_does_not_join_strangers(self, word: str) -> None:
        stranger = Sender(received=NOW, salt=b"salt", ip="198.51.100.7", ua="Firefox")
        assert only(from_query(visitor=word)).visitor == only(from_query()).visitor
        assert only(from_query(visitor=word)).visitor != only(from_query(stranger, visitor=word)).visitor

    @pytest.mark.parametrize("word", WORDS + TEMPLATES)
    def test_such_an_order_id_does_not_join_sales(self, word: str) -> None:
        assert only(from_query(type="conversion", order=f" {word}")).order == ""

    @pytest.mark.parametrize("word", WORDS + TEMPLATES)
    def test_such_a_hit_id_does_not_join_hits(self, word: str) -> None:
        assert only(from_query(id=word)).id != only(from_query(id=word)).id

    @pytest.mark.parametrize("own", ["1", "10", "0-1", "ann", "guest-17", "f00d", "order-1", "{x", "a%b"])
    def test_other_ids_stay_as_they_are(self, own: str) -> None:
        assert only(from_query(order=own, user=own)).order == own


class TestClicksThatAreNamed:
    @pytest.mark.parametrize("type_", ["conversion", "adjustment"])
    def test_a_sale_or_adjustment_that_names_a_click_has_its_own_visitor(self, type_: str) -> None:
        given = {"type": type_, "click": " Cj0-gclid ", "kind": "retract"}
        hits = [only(from_query(SERVER, sites_like(), id=id_, **given)) for id_ in ("a", "b")]
        assert [hit.click for hit in hits] == ["Cj0-gclid"] * 2
        assert hits[0].visitor != hits[1].visitor
        again = only(from_query(SERVER, sites_like(), id="a", **given))
        assert again.visitor == hits[0].visitor

    def test_a_sale_that_names_a_click_keeps_a_given_visitor_or_the_users(self) -> None:
        sale = {"type": "conversion", "click": "G1"}
        assert only(from_query(visitor="ann", **sale)).visitor == "ann"
        visitors = {only(from_query(id=id_, user="u1", **sale)).visitor for id_ in ("a", "b")}
        assert len(visitors) == 1

    @pytest.mark.parametrize("word", ["", " ", "{click_id}", "null", "${CLICK}", "%%CLICKID%%"])
    def test_a_placeholder_is_not_taken_for_a_click_id(self, word: str) -> None:
        assert only(from_query(type="conversion", click=word)).click == ""

    @pytest.mark.parametrize("type_", ["page", "event", "click", "view"])
    def test_other_hits_name_no_click(self, type_: str) -> None:
        assert only(from_query(type=type_, click="G1")).click == ""

    def test_without_consent_a_sale_names_no_click_and_a_retraction_needs_an_order(self) -> None:
        denied = "analytics_storage=denied"
        assert only(from_query(type="conversion", click="G1", consent=denied)).click == ""
        change = {"type": "adjustment", "kind": "retract", "click": "G1", "consent": denied}
        assert refused(from_query(**change)) == (400, "missing_order", "order")

    def test_a_click_id_longer_than_an_address_is_refused(self) -> None:
        assert refused(from_query(type="conversion", click="x" * 8193)) == (400, "too_long", "click")


class TestAdjustments:
    """Adjustments need a token, unless the site accepts them from everybody."""

    RETRACT = {"type": "adjustment", "order": "A1", "kind": "retract"}

    def test_an_adjustment_without_a_token_is_refused(self) -> None:
        assert refused(from_query(sites=sites_like(), **self.RETRACT)) == (403, "needs_token", "type")
        assert refused(from_query(sites=sites_like(), type="adjustment")) == (400, "missing_order", "order")

    def test_an_adjustment_with_a_token_is_accepted_and_trusted(self) -> None:
        assert only(from_query(SERVER, sites_like(), **self.RETRACT)).trusted
        assert only(from_query(SERVER, sites_like(), type="conversion", order="A1")).trusted

    def test_a_site_may_accept_adjustments_without_a_token(self) -> None:
        hit = only(from_query(sites=sites_like(open_adjustments=True), **self.RETRACT))
        assert (hit.kind, hit.trusted) == ("retract", False)

    def test_a_refused_adjustment_in_an_array_affects_no_other_hit(self) -> None:
        body = json.dumps([{"site": "S", **self.RETRACT}, {"site": "S"}]).encode()
        collected = collect("", body, "", "", PERSON, sites_like())
        assert (list(collected.hits), [reason.status for reason in collected.rejected.values()]) == ([1], [403])


class TestTime:
    """When a hit happened.

    |-- 7 days --|-- receipt --|-- 10 minutes --|
    """

    @pytest.mark.parametrize("ts", [NOW, NOW - 7 * DAY, NOW + 600_000])
    def test_a_plausible_ts_is_believed(self, ts: int) -> None:
        assert only(from_query(ts=ts)).at == ts
        assert only(from_json({"site": "S", "ts": ts, "sent": NOW - 60_000})).at == ts

    @pytest.mark.parametrize("ts", [f"{NOW - 5}.7", f"{NOW - 5}.70"])
    def test_fractions_of_a_millisecond_are_rounded(self, ts: str) -> None:
        assert only(from_query(ts=ts)).at == NOW - 4
        assert only(from_body(f'{{"site":"S","ts":{ts}}}')).at == NOW - 4

    @pytest.mark.parametrize("ts", ["yesterday", "NaN", "2026-11-24", "2026-11-24T12:00:00", "0x10", "24.11.2026"])
    def test_an_unreadable_ts_is_noted_and_the_time_of_receipt_counts(self, ts: str) -> None:
        hit = only(from_query(ts=ts, sent=str(NOW - DAY)))
        assert (hit.at, hit.unread) == (NOW, {"ts": ts})
        assert only(from_json({"site": "S", "ts": ts})).unread == {"ts": ts}

    @pytest.mark.parametrize("ts", [True, [NOW], {"ms": NOW}])
    def test_a_ts_of_another_type_is_noted_too(self, ts: Any) -> None:
        hit = only(from_json({"site": "S", "ts": ts}))
        assert (hit.at, list(hit.unread)) == (NOW, ["ts"])

    def test_an_absent_ts_is_not_noted(self) -> None:
        for hit in (only(from_query(ts="")), only(from_json({"site": "S", "ts": None, "sent": None}))):
            assert (hit.at, hit.unread) == (NOW, {})

    @pytest.mark.parametrize(
        "ts",
        [
            *("2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00", "2026-11-22T11:00:00 01:00", "2026-11-22 05:00-05"),
            *("20261122T100000Z", "2026-11-22t10:00:00.000z", "2026-11-22 10:00:00 UTC", "2026-11-22 11:00:00 +0100"),
            *("1795341600", "1795341600.0", "1795341600000", "1795341600000000", "1795341600000000000", "1.7953416e9"),
        ],
    )
    def test_a_server_may_send_the_time_in_any_common_format(self, ts: str) -> None:
        at = int(datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp() * 1000)
        assert only(from_query(ts=ts)).at == only(from_json({"site": "S", "ts": ts})).at == at
        assert only(from_query(ts=ts, sent=str(NOW // 1000))).at == at
        if not set(ts) - set("0123456789.e"):
            assert only(from_body(f'{{"site":"S","ts":{ts}}}')).at == at

    def test_a_time_too_old_or_ahead_is_refused_in_every_format(self) -> None:
        for ts in ("2026-11-16T12:00:00Z", "2026-11-24T12:11:00Z", str(NOW // 1000 - 8 * 86_400), "0", "5"):
            assert refused(from_query(ts=ts)) == (400, "bad_ts", "ts")

    def test_a_clock_that_is_a_year_ahead_is_corrected_by_sent(self) -> None:
        wrong = NOW + 365 * DAY
        assert only(from_query(ts=wrong - 5_000, sent=wrong)).at == NOW - 5_000

    def test_a_resend_with_a_new_sent_gives_the_same_time(self) -> None:
        ts = NOW - 3 * DAY
        assert {only(from_query(ts=ts, sent=sent)).at for sent in (NOW, NOW - 1_000, NOW + 59_000)} == {ts}

    def test_a_server_may_reach_90_days_back(self) -> None:
        assert only(from_query(SERVER, ts=NOW - 90 * DAY)).at == NOW - 90 * DAY
        assert refused(from_query(SERVER, ts=NOW - 90 * DAY - 1)) == (400, "bad_ts", "ts")


class TestPerson:
    """The person of a hit, as far as the request shows it."""

    def test_address_and_user_agent_come_from_the_request(self) -> None:
        hit = only(from_query(ip="203.0.113.5", ua="Other"))
        assert (hit.ip, hit.ua) == ("192.0.2.1", "Firefox")

    def test_a_server_may_send_the_persons_address_and_user_agent(self) -> None:
        hit = only(from_query(SERVER, ip="2001:DB8::1", ua="x" * 600))
        assert (hit.ip, hit.ua) == ("2001:db8::1", "x" * 512)
        assert refused(from_query(SERVER, ip="somewhere")) == (400, "bad_ip", "ip")

    def test_the_referer_header_is_the_page_unless_the_hit_names_one(self) -> None:
        assert only(from_query()).url == "https://shop.example/start"
        assert only(from_query(url="https://shop.example/a")).url == "https://shop.example/a"
        assert only(from_query()).ref == ""

    @pytest.mark.parametrize("origin", ["https://shop.example", "https://shop.example/", "HTTP://shop.example:8080/"])
    def test_an_origin_without_a_path_is_not_a_page(self, origin: str) -> None:
        image = msgspec.structs.replace(PERSON, page=origin)
        assert only(from_query(image)).url == ""
        assert only(from_query(image, url=origin)).url == origin
        for more in ("?a=1", "/a", "//"):
            assert only(from_query(msgspec.structs.replace(image, page=origin + more))).url == origin + more

    def test_a_stand_in_visitor_is_the_same_for_a_day(self) -> None:
        first, later = only(from_query(ts=NOW - 11 * 3_600_000)), only(from_query(ts=NOW))
        assert first.visitor == later.visitor
        assert first.visitor != only(from_query(ts=NOW - 13 * 3_600_000)).visitor

    def test_a_stand_in_visitor_changes_at_the_sites_own_midnight(self) -> None:
        # Los Angeles, 23 November: 15:50, 16:10 (midnight in UTC), 23:59 | 24 November: 00:01
        times = [NOW - DAY + minutes * 60_000 for minutes in (11 * 60 + 50, 12 * 60 + 10, 19 * 60 + 59, 20 * 60 + 1)]
        visitors = [only(from_query(sites=sites_like(timezone="America/Los_Angeles"), ts=ts)).visitor for ts in times]
        assert len(set(visitors[:3])) == 1
        assert visitors[3] != visitors[2]

    def test_a_stand_in_visitor_differs_by_site_address_user_agent_and_salt(self) -> None:
        others = [
            Sender(received=NOW, salt=b"salt", ip="192.0.2.2", ua="Firefox"),
            Sender(received=NOW, salt=b"salt", ip="192.0.2.1", ua="Chrome"),
            Sender(received=NOW, salt=b"other", ip="192.0.2.1", ua="Firefox"),
        ]
        visitors = {only(from_query(other)).visitor for other in [PERSON, *others]}
        assert len(visitors | {only(from_query(site="T")).visitor}) == 5

    def test_unknown_people_of_a_server_are_different_visitors(self) -> None:
        first, second = only(from_query(SERVER, id="1")), only(from_query(SERVER, id="2"))
        assert first.visitor != second.visitor
        assert first.visitor == only(from_query(SERVER, id="1")).visitor

    def test_a_server_hit_with_only_a_user_gets_a_constant_visitor_for_that_user(self) -> None:
        ann = only(from_query(SERVER, user="ann")).visitor
        assert ann == only(from_query(SERVER, user="ann", ts=NOW - 40 * DAY, ua="Firefox")).visitor
        assert ann != only(from_query(SERVER, user="bob")).visitor
        assert ann != only(from_query(SERVER, user="ann", site="T")).visitor

    def test_a_server_hit_with_a_user_that_stands_for_nobody_shares_no_visitor(self) -> None:
        first, second = (only(from_query(SERVER, user="undefined", id=id)) for id in ("1", "2"))
        assert first.visitor != second.visitor

    def test_the_user_does_not_change_the_stand_in_if_the_address_is_known(self) -> None:
        assert only(from_query(user="ann")).visitor == only(from_query()).visitor
        known = {"ip": "192.0.2.1", "ua": "Firefox"}
        assert only(from_query(SERVER, **known, user="ann")).visitor == only(from_query(**known)).visitor
