"""Making: computes the figures of a part of an hour from its facts, and the figures of a divided hour from the cells of
its parts. Pure."""

from conversions.facts.records import Conversion, Touch
from conversions.rules.parts import Part
from conversions.rules.site import SiteConfig
from conversions.store.checksum import Damaged
from conversions.store.port import Store
from conversions.verdicts.cases import read_cases
from conversions.verdicts.fits import may_need_fits, month_before, read_learnt
from conversions.verdicts.sizes import SIZES, pages_of
from reporting.figures.figures import figures
from reporting.figures.parts import PART, add_up
from reporting.figures.sums import Sums


def sums_of_part(store: Store, site: SiteConfig, bucket: int, part: Part) -> tuple[Sums, int]:
    """Read the facts of a part of an hour, and compute its figures. Also return the number of facts. Read the part's
    mark before the facts: a fact that is stored later sets a new mark."""
    facts = store.read_bucket(site.key, bucket, part)
    conversions = [fact for fact in facts if isinstance(fact, Conversion)]
    touches = [fact for fact in facts if isinstance(fact, Touch)]
    cases = read_cases(store, site, conversions) if conversions else []
    # If the fits change after this read, their fitter marks this part again.
    learnt = read_learnt(store, site, month_before(bucket, site)) if may_need_fits(cases) else {}
    return figures(site, bucket, touches, cases, learnt), len(facts)


def sums_of_hour(store: Store, site: SiteConfig, bucket: int, number: int) -> tuple[Sums, list[Damaged]]:
    """Add up the cells of an hour's `number` parts to the figures of the hour. Also return the errors of damaged cells.

    A part without cells adds nothing. It has no facts yet, or its first rollup comes later and marks the hour again.
    """
    sums = Sums()
    damaged: list[Damaged] = []
    for page in pages_of(bucket, number):
        damaged += add_up(sums, store.read_cells(site.key, [PART, SIZES], [page]))
    sums.fold_small_ads()
    return sums, damaged
