"""Records: the facts that are stored: touches, conversions, adjustments and links. Figures are computed from them.
Pure.

A row's key ends in a digest of all fields that figures depend on. Therefore copies of a fact with different fields are
separate rows.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal, TypeVar

import msgspec

from tracker.collection.hit import AdjustmentKind

TouchKind = Literal["click", "view"]
#: Names and values.
Pairs = tuple[tuple[str, str], ...]


class Touch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="touch"):
    """A click or a view by which an ad reached a visitor, with the raw parameters of its URL. The touch's ad is looked
    up when the hour is rolled up.

    `user`: the user that the hit itself named.
    """

    site: str
    visitor: str
    user: str = ""
    kind: TouchKind
    at: int
    hit: str
    ad: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    #: The first click id in the URL: its parameter, such as `gclid`, and its value.
    network: str = ""
    click_id: str = ""
    #: Whether a landing page made this touch from a signed click. `/click` has recorded the same click with a stand-in
    #: for the visitor.
    landed: bool = False
    bucket: int = 0
    batch: str = ""
    #: The parameters and values of further click ids in the same URL.
    other_ids: Pairs = ()
    #: Other parameters of the ad's link, such as `sub1` of an affiliate network.
    others: Pairs = ()
    #: Whether `/click` made the hit id. A conversion can name the touch by its hit id only if the touch is `issued` or
    #: `landed`.
    issued: bool = False

    @property
    def click_ids(self) -> set[str]:
        """All ids by which a conversion can name this touch: the click ids in the touch's URL, and the hit id if
        `/click` made it. Long ids are shortened by `named_click`."""
        ids = {self.click_id, *(value for _, value in self.other_ids), self.hit if self.issued or self.landed else ""}
        return {named_click(text) for text in ids if text}


class Conversion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="conversion"):
    """A hit that met a version of a goal. `value`: micros, as sent; None if the hit had no amount or an unreadable one.

    `user`: the user that the hit itself named.
    """

    site: str
    visitor: str
    user: str = ""
    at: int
    hit: str
    goal: str
    version: int
    order: str = ""
    value: int | None = None
    currency: str = ""
    bucket: int = 0
    batch: str = ""
    #: Whether a server sent the hit with an ingest token.
    trusted: bool = False
    #: Whether the hit had an amount that could not be read.
    unreadable: bool = False
    #: The click id that the hit named, shortened by `named_click`.
    click: str = ""

    @property
    def claim(self) -> str:
        """The dedupe key: `o:ORDER`, else `c:CLICK_ID`, else `h:HIT_ID`. Conversions of a goal with the same key count
        once."""
        return claim_of(self.order, self.click) or f"h:{self.hit}"


class Adjustment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="adjustment"):
    """A later change of the conversions of an order or a click: a refund, a retraction, a restoration or a restatement.
    `value`: micros."""

    site: str
    order: str = ""
    at: int
    hit: str
    kind: AdjustmentKind
    value: int | None = None
    currency: str = ""
    bucket: int = 0
    batch: str = ""
    #: Whether a server sent the hit with an ingest token.
    trusted: bool = False
    #: The click id that the hit named, shortened by `named_click`.
    click: str = ""

    @property
    def claim(self) -> str:
        """The dedupe key of the conversions that this adjustment changes: `o:ORDER`, else `c:CLICK_ID`. If the
        adjustment names neither, the key is `o:`."""
        return claim_of(self.order, self.click) or "o:"


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="link"):
    """The fact that a visitor is a user, because a hit of the visitor named the user. Links join visitors to one
    person."""

    site: str
    visitor: str
    user: str
    at: int
    hit: str
    batch: str = ""


class Joined(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="joined"):
    """A conversion that names a click, together with the touch of this click. Both are stored as one row in the
    timeline of the touch's visitor.

    The touch is the first one with the click id. If an earlier touch with this id is stored later, the conversion gets
    a second row. Readers use the row with the first touch; see `place`.
    """

    conversion: Conversion
    touch: Touch

    @property
    def site(self) -> str:
        """The site's key."""
        return self.touch.site

    @property
    def visitor(self) -> str:
        """The visitor of the touch. The conversion itself may have another visitor."""
        return self.touch.visitor

    @property
    def at(self) -> int:
        """The time of the conversion, ms."""
        return self.conversion.at

    @property
    def hit(self) -> str:
        """The hit id of the conversion."""
        return self.conversion.hit

    @property
    def goal(self) -> str:
        """The uid of the conversion's goal."""
        return self.conversion.goal

    @property
    def version(self) -> int:
        """The version of the goal that the conversion met."""
        return self.conversion.version

    @property
    def claim(self) -> str:
        """The dedupe key of the conversion."""
        return self.conversion.claim

    @property
    def bucket(self) -> int:
        """The bucket of the conversion, ms."""
        return self.conversion.bucket

    @property
    def batch(self) -> str:
        """The batch of the conversion."""
        return self.conversion.batch

    @property
    def trusted(self) -> bool:
        """Whether a server sent the conversion with an ingest token."""
        return self.conversion.trusted

    @property
    def place(self) -> "tuple[bool, OrderKey]":
        """The sort key of the rows of one conversion. Readers use the row with the smallest key.

        Rows whose touch is from a landing page come before other rows. In both groups, the row whose touch is first by
        `order_key` comes first.
        """
        return not self.touch.landed, order_key(self.touch)


Fact = Touch | Conversion | Adjustment | Link | Joined
F = TypeVar("F", bound=Fact)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """Serialize a fact for storage."""
    return _encoder.encode(fact)


def decode_fact(body: bytes | str) -> Fact:
    """Deserialize a stored fact."""
    return _decoder.decode(body)


def kind_of(fact: Fact) -> str:
    """Return the kind of a fact: `touch`, `conversion`, `adjustment`, `link` or `joined`."""
    return str(type(fact).__struct_config__.tag)


def digest(fact: Fact) -> str:
    """Compute the digest (16 hex digits) of all fields that figures depend on: all but the batch and the bucket."""
    return blake2b(_encoder.encode(plain_fact(fact)), digest_size=8).hexdigest()


def plain_fact(fact: F) -> F:
    """Return a copy of a fact without batch and bucket, to compare facts. Figures don't depend on these two fields."""
    if isinstance(fact, Joined):
        both = {"conversion": plain_fact(fact.conversion), "touch": plain_fact(fact.touch)}
        return msgspec.structs.replace(fact, **both)
    derived = {"batch": ""} if isinstance(fact, Link) else {"batch": "", "bucket": 0}
    return msgspec.structs.replace(fact, **derived)


#: The sort key of facts: `at`, hit id, digest.
OrderKey = tuple[int, str, str]


def order_key(fact: Fact) -> OrderKey:
    """Return the sort key of a fact: `at`, then hit id, then digest. "The first" of several facts is the one with the
    smallest key."""
    return fact.at, fact.hit, digest(fact)


def in_order(facts: Iterable[F]) -> list[F]:
    """Sort facts by `order_key`. Digests are slow, and are computed only if two facts have the same `at` and hit id."""
    ordered = sorted(facts, key=_moment)
    if len({_moment(fact) for fact in ordered}) < len(ordered):
        ordered.sort(key=order_key)
    return ordered


def _moment(fact: Fact) -> tuple[int, str]:
    return fact.at, fact.hit


#: The click id of a conversion or an adjustment is shortened to this many characters.
MAX_NAMED = 200


def named_click(text: str) -> str:
    """Shorten a click id for a conversion or an adjustment. If the id is longer than MAX_NAMED, it is cut, and a digest
    of the whole id replaces its end."""
    if len(text) <= MAX_NAMED:
        return text
    return text[: MAX_NAMED - 32] + blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def claim_of(order: str, click: str) -> str:
    """Return the dedupe key of an order or a click: `o:ORDER`, else `c:CLICK_ID`. Empty if both are empty."""
    return f"o:{order}" if order else f"c:{click}" if click else ""


#: The longest id of a conversion, in characters.
MAX_ID = 2_000


def conversion_id(site: str, goal: str, claim: str) -> str:
    """Encode site, goal and dedupe key as one text: the id of a conversion in the API."""
    return urlsafe_b64encode("\0".join((site, goal, claim)).encode()).decode().rstrip("=")


def read_conversion_id(text: str) -> tuple[str, str, str]:
    """Decode a conversion's id to (site, goal, dedupe key). Raises ValueError if the text is not exactly such an id."""
    if len(text) > MAX_ID:
        raise ValueError("longer than any id")
    site, goal, claim = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\0")
    if conversion_id(site, goal, claim) != text or not (site and goal and claim):
        raise ValueError("another spelling of an id")
    return site, goal, claim
