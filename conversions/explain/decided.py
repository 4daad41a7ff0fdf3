"""Decided: a part of a bucket -> its cases and the names of its ads, decided as by the part's rollup. Pure."""

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
    """The cases whose winner is in the part's bucket, counted or not; and the names of the part's ads."""

    cases: list[Case]
    names: Names


def decide_part(store: Store, site: SiteConfig, bucket: int, part: Part, with_void: bool = False) -> DecidedPart:
    """Decide the cases of a part. `with_void`: also those of which no conversion is in force.

    The same facts are read as by the part's rollup, but no credit is computed. Of the hour's other parts only the sizes
    of names are read, as they were rolled up last. Raises StoreUnavailable, also if these sizes are damaged.
    """
    facts = store.read_bucket(site.key, bucket, part)
    conversions = [fact for fact in facts if isinstance(fact, Conversion)]
    cases = read_cases(store, site, conversions, with_void=with_void) if conversions else []
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    try:
        others = read_sizes(store, site.key, bucket, part.number, part.index) if part.number > 1 else {}
    except Damaged as error:
        raise StoreUnavailable("the names of a part of an hour are damaged") from error
    names = part_names(site, touches, credited_in(site, bucket, cases), others)
    return DecidedPart([case for case in cases if bucket_of(case.verdict.winner.at, site.timezone) == bucket], names)
