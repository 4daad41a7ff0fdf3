"""Catalogue: every fault, by the part of the product that it breaks."""

from collections.abc import Mapping, Sequence

from tests.faults.clicks import CLICKS
from tests.faults.days import DAYS
from tests.faults.facts import FACTS
from tests.faults.fault import Fault
from tests.faults.fits import FITS
from tests.faults.merging import MERGES
from tests.faults.parts import PARTS
from tests.faults.persons import PERSONS
from tests.faults.readers import READERS
from tests.faults.reports import REPORTS
from tests.faults.rollups import ROLLUPS
from tests.faults.rules import RULES

CATALOGUE: Mapping[str, Sequence[Fault]] = {
    "facts and what they mark": FACTS,
    "tokens, marks and the rollup": ROLLUPS,
    "parts": PARTS,
    "days": DAYS,
    "reports": REPORTS,
    "verdicts and paths": READERS,
    "persons": PERSONS,
    "joined by a click": CLICKS,
    "fits": FITS,
    "rules of figures": RULES,
    "the archive merged": MERGES,
}
