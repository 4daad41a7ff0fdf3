"""Decided: decides the conversions of a part of an hour and gives its ads their names, in the same way as the rollup.
Pure."""

import msgspec

from conversions.facts.records import Conversion, Touch
from conversions.rules.parts import Part
from conversions.rules.site import SiteConfig
from conversions.store.checksum import Damaged
from conversions.store.port import Store, StoreUnavailable
from conversions.units.clock import bucket_of
from conversions.verdicts.cases import Case, read_cases
from conversions.verdicts.naming import Names, credited_in, part_names
from conversions.verdicts.sizes import read_sizes


class DecidedPart(msgspec.Struct, frozen=True):
    """The decided conversions of a part of an hour, counted or not, and the names of the part's ads."""

    cases: list[Case]
    names: Names


def decide_part(
    store: Store, site: SiteConfig, bucket: int, part: Part, with_not_in_force: bool = False
) -> DecidedPart:
    """Decide the conversions of a part of a bucket. With `with_not_in_force`, conversions whose version of the goal is
    no longer in force are also decided.

    This function reads the same facts as the rollup, but computes no credit. The names of ads also depend on the hour's
    other parts. From these parts, only the numbers of touches by ad are read, which the last rollups stored. Raises
    StoreUnavailable if the store can't be reached or if these numbers are damaged.
    """
    facts = store.read_bucket(site.key, bucket, part)
    conversions = [fact for fact in facts if isinstance(fact, Conversion)]
    cases = read_cases(store, site, conversions, with_not_in_force=with_not_in_force) if conversions else []
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    try:
        others = read_sizes(store, site.key, bucket, part.number, part.index) if part.number > 1 else {}
    except Damaged as error:
        raise StoreUnavailable("the names of a part of an hour are damaged") from error
    names = part_names(site, touches, credited_in(site, bucket, cases), others)
    return DecidedPart([case for case in cases if bucket_of(case.verdict.winner.at, site.timezone) == bucket], names)
