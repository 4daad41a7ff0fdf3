"""Figures: adds up the touches and conversions of an hour, or of a part of it, to its figures. Pure.

Conversions are divided among ads and added one by one, to save memory.
"""

from collections.abc import Iterable, Mapping, Sequence

from conversions.attribution.credit import MODELS, ONE
from conversions.attribution.fit import Learnt
from conversions.facts.ad_names import AdName, AdNames
from conversions.facts.records import Touch
from conversions.rules.site import SiteConfig
from conversions.units.clock import day_of
from conversions.verdicts.cases import Case
from conversions.verdicts.claims import Verdict
from conversions.verdicts.naming import counted_in
from conversions.verdicts.paths import counted_once, path_of, shares
from conversions.verdicts.unrated import unrated
from reporting.figures.sums import Sums, add


def figures(
    site: SiteConfig,
    bucket: int,
    touches: Sequence[Touch],
    cases: Iterable[Case],
    learnt: Mapping[str, Learnt] | None = None,
) -> Sums:
    """Compute the figures of an hour that starts at `bucket` (ms), or of a part of it.

    `touches`: its clicks and views. `cases`: its conversions, each with the decision whether it counts; only those that
    count are added. `learnt`: goal uid -> what the data-driven models learnt from the month before.
    """
    adder = FactAdder(site, learnt or {})
    adder.add_touches(touches)
    for case in counted_in(site, bucket, cases):
        adder.add_case(case)
    adder.sums.fold_small_ads()
    return adder.sums


class FactAdder:
    """Adds touches and conversions to `sums` (figures of an hour or a part of it), one by one."""

    def __init__(self, site: SiteConfig, learnt: Mapping[str, Learnt]) -> None:
        self.sums = Sums()
        self._site = site
        self._learnt = learnt
        self._names = AdNames(site.ads)

    def add_touches(self, touches: Iterable[Touch]) -> None:
        """Add clicks and views to the numbers of their ads. Of several touches with the same click key, only one
        counts."""
        for touch in counted_once(touches):
            self.sums.clicks[self._name(touch)][touch.kind == "view"] += 1

    def add_case(self, case: Case) -> None:
        """Divide a conversion that counts among its touches, and add credit and value by ad and day of the touch. If no
        ad gets credit, add them without an ad, on the conversion's own day."""
        verdict = case.verdict
        self._add_unrated(verdict)
        goal, path = verdict.goal.uid, path_of(verdict, case.touches)
        places = [
            (goal, self._name(step.touch), day_of(step.touch.at, self._site.timezone))
            for step in path
            if step.reason is None
        ]
        if len(places) < 2:
            own = (goal, None, day_of(verdict.winner.at, self._site.timezone))
            add(self.sums.alike[places[0] if places else own], (ONE, verdict.value))
            return
        for model, parts in shares(verdict, path, MODELS, self._site.terms, self._learnt.get(goal)).items():
            sums = self.sums.own[model]
            for place, share in zip(places, parts, strict=True):
                row = sums[place]
                row[0] += share.credit
                row[1] += share.value

    def _add_unrated(self, verdict: Verdict) -> None:
        """Add those amounts of the conversion's value whose exchange rate is unknown."""
        if verdict.value_reason and (amounts := unrated(verdict, self._site)):
            self.sums.unrated_conversions[verdict.goal.uid] += 1
            self.sums.unrated_amounts[verdict.goal.uid].update(amounts)

    def _name(self, touch: Touch) -> AdName:
        name = self._names.name(touch)
        if not name.configured:
            self.sums.sizes[name] += 1
        return name
