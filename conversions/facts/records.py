"""Records: the facts that hits become and figures are made of: touches, conversions, adjustments and links. Pure.

Every distinct copy of a fact is a separate row. The row's key ends in a digest of every field that a figure reads.
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
    """A hit by which an ad reached a visitor, with the raw parameters. The rollup decides which ad it was.

    `user` is the user that the hit itself named.
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
    #: The click id's parameter, e.g. `gclid`, and its value.
    network: str = ""
    click_id: str = ""
    #: Whether a landing page recorded this click. `/click` recorded the same click under a stand-in visitor.
    landed: bool = False
    bucket: int = 0
    batch: str = ""
    #: Parameter and value of further click ids in the same address.
    other_ids: Pairs = ()
    #: The other parameters of the ad's link, such as an affiliate network's.
    others: Pairs = ()
    #: Whether `/click` made the hit and its id. A conversion can name a touch by its hit id only if the touch is
    #: `issued` or `landed`.
    issued: bool = False

    @property
    def carried(self) -> set[str]:
        """The ids by which a conversion may name the touch: its click ids, and the hit id that `/click` made."""
        ids = {self.click_id, *(value for _, value in self.other_ids), self.hit if self.issued or self.landed else ""}
        return {named_click(text) for text in ids if text}


class Conversion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="conversion"):
    """A hit that met one version of a goal. `value` is micros as sent, None if the hit had none or it is `unreadable`.

    `user` is the user that the hit itself named.
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
    #: Whether a server with an ingest token sent it.
    trusted: bool = False
    #: Whether it had an amount that could not be read.
    unreadable: bool = False
    #: The click id that the hit named, as `named_click` keeps it.
    click: str = ""

    @property
    def claim(self) -> str:
        """The key that a conversion shares with its duplicates: `o:` and the order id, else `c:` and the click id, else
        `h:` and the hit id."""
        return claim_of(self.order, self.click) or f"h:{self.hit}"


class Adjustment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="adjustment"):
    """A refund, a retraction, a restoration or a restatement of all conversions of a claim. `value` is micros."""

    site: str
    order: str = ""
    at: int
    hit: str
    kind: AdjustmentKind
    value: int | None = None
    currency: str = ""
    bucket: int = 0
    batch: str = ""
    #: Whether a server with an ingest token sent it.
    trusted: bool = False
    #: The click id that the hit named, as `named_click` keeps it.
    click: str = ""

    @property
    def claim(self) -> str:
        """The key of the conversions that the adjustment changes."""
        return claim_of(self.order, self.click) or "o:"


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="link"):
    """A visitor named its user. Only links join several visitors to one person."""

    site: str
    visitor: str
    user: str
    at: int
    hit: str
    batch: str = ""


class Joined(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="joined"):
    """A conversion that names a click, together with a touch that carries it, in the timeline of the touch's visitor.

    A conversion is joined with the first touch that carries the click. If a touch that precedes this one by `place` is
    stored later, the conversion gets another row, and this row stays. Readers take the row with the first touch.
    """

    conversion: Conversion
    touch: Touch

    @property
    def site(self) -> str:
        """The site of the conversion and the touch."""
        return self.touch.site

    @property
    def visitor(self) -> str:
        """The touch's visitor."""
        return self.touch.visitor

    @property
    def at(self) -> int:
        """When the conversion happened, ms."""
        return self.conversion.at

    @property
    def hit(self) -> str:
        """The conversion's hit id."""
        return self.conversion.hit

    @property
    def goal(self) -> str:
        """The conversion's goal."""
        return self.conversion.goal

    @property
    def version(self) -> int:
        """The conversion's version of its goal."""
        return self.conversion.version

    @property
    def claim(self) -> str:
        """The conversion's claim."""
        return self.conversion.claim

    @property
    def bucket(self) -> int:
        """The conversion's bucket."""
        return self.conversion.bucket

    @property
    def batch(self) -> str:
        """The conversion's batch."""
        return self.conversion.batch

    @property
    def trusted(self) -> bool:
        """Whether a server with an ingest token sent the conversion."""
        return self.conversion.trusted

    @property
    def place(self) -> "tuple[bool, OrderKey]":
        """The key that sorts the rows of one conversion by their touches: touches of landing pages first, then by
        `order_key`."""
        return not self.touch.landed, order_key(self.touch)


Fact = Touch | Conversion | Adjustment | Link | Joined
F = TypeVar("F", bound=Fact)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """Serialize a fact for the stores."""
    return _encoder.encode(fact)


def decode_fact(body: bytes | str) -> Fact:
    """Read a fact from a stored row."""
    return _decoder.decode(body)


def kind_of(fact: Fact) -> str:
    """The kind of a fact: `touch`, `conversion`, `adjustment`, `link` or `joined`."""
    return str(type(fact).__struct_config__.tag)


def digest(fact: Fact) -> str:
    """A digest (16 hex digits) of every field that a figure reads: all but the batch and the derived bucket."""
    return blake2b(_encoder.encode(plain_fact(fact)), digest_size=8).hexdigest()


def plain_fact(fact: F) -> F:
    """A fact without its batch and its derived bucket, which no figure reads."""
    if isinstance(fact, Joined):
        both = {"conversion": plain_fact(fact.conversion), "touch": plain_fact(fact.touch)}
        return msgspec.structs.replace(fact, **both)
    derived = {"batch": ""} if isinstance(fact, Link) else {"batch": "", "bucket": 0}
    return msgspec.structs.replace(fact, **derived)


#: `at`, hit id, digest: the order of facts.
OrderKey = tuple[int, str, str]


def order_key(fact: Fact) -> OrderKey:
    """The key that sorts facts: by `at`, then by hit id, then by digest. The first fact is the one with the smallest
    key."""
    return fact.at, fact.hit, digest(fact)


def in_order(facts: Iterable[F]) -> list[F]:
    """Sort facts by `order_key`. Digests are slow to compute, and are computed only for ties of `at` and hit id."""
    ordered = sorted(facts, key=_moment)
    if len({_moment(fact) for fact in ordered}) < len(ordered):
        ordered.sort(key=order_key)
    return ordered


def _moment(fact: Fact) -> tuple[int, str]:
    return fact.at, fact.hit


#: A conversion or an adjustment keeps a click id in full if it has at most this many characters.
MAX_NAMED = 200


def named_click(text: str) -> str:
    """Return a click id as conversions and adjustments keep it: whole if it is short enough. A longer one is cut and
    ends in its digest."""
    if len(text) <= MAX_NAMED:
        return text
    return text[: MAX_NAMED - 32] + blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def claim_of(order: str, click: str) -> str:
    """The claim of an order or of a click; empty if there is neither."""
    return f"o:{order}" if order else f"c:{click}" if click else ""


#: The id of a conversion has at most this many characters.
MAX_ID = 2_000


def conversion_id(site: str, goal: str, claim: str) -> str:
    """Write site, goal and claim as one text, the id of a conversion."""
    return urlsafe_b64encode("\0".join((site, goal, claim)).encode()).decode().rstrip("=")


def read_conversion_id(text: str) -> tuple[str, str, str]:
    """Read site, goal and claim from a conversion's id. Raises ValueError if the text is not exactly such an id."""
    if len(text) > MAX_ID:
        raise ValueError("longer than any id")
    site, goal, claim = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\0")
    if conversion_id(site, goal, claim) != text or not (site and goal and claim):
        raise ValueError("another spelling of an id")
    return site, goal, claim
