"""Faults of rules of `docs/models.md` for which the recomputation once used the product's code."""

from tests.faults.facts import RECORDS
from tests.faults.fault import EDGES, WORLDS, fault
from tests.faults.readers import PATHS

HANDOVER = "conversions/facts/handover.py"

RULES = [
    fault(
        "a bucket goes on over a clock change of half an hour",
        WORLDS,
        "conversions/units/clock.py",
        "return start if utc_offset(start, timezone) == offset else _clock_change(start, at, timezone)",
        "return start",
    ),
    fault(
        "match rules that win over the ad that a touch names",
        WORLDS,
        "conversions/facts/ad_names.py",
        "known = self._by_key.get(touch.ad) if touch.ad else self._by_rules(values)",
        "known = self._by_rules(values) or self._by_key.get(touch.ad)",
    ),
    fault(
        "a landing page's touch keeps the click's time although the landing seems earlier",
        WORLDS,
        HANDOVER,
        "at=max(min(found.at, hit.at), bucket_of(found.at, site.timezone)),",
        "at=found.at,",
    ),
    fault("a handover that never expires", WORLDS, HANDOVER, " or hit.at - found.at > VALID_MS:", ":"),
    fault(
        "user ids that name nobody, such as guest, make links",
        WORLDS,
        "conversions/facts/attribute.py",
        "user = someone(hit.user)",
        "user = hit.user",
    ),
    fault(
        "touches before a sign-in that go to the previous user",
        WORLDS,
        "conversions/facts/person.py",
        "    return links[min(place, len(links) - 1)].user\n",
        "    return links[max(place - 1, 0)].user\n",
    ),
    fault(
        "ties between facts are broken by the hit id only",
        WORLDS,
        RECORDS,
        "return fact.at, fact.hit, digest(fact)",
        'return fact.at, fact.hit, ""',
    ),
    fault(
        "hits of the account's own people count",
        WORLDS,
        "conversions/rules/traffic.py",
        'if traffic.own_traffic and hit.type != "adjustment" and',
        "if False and",
    ),
    fault(
        "views that get credit although there is a click",
        WORLDS,
        PATHS,
        'elif clicked and ordered[n].kind == "view":',
        "elif False:",
    ),
    fault(
        "Shapley: a set of ads that is on no path is worth 0",
        EDGES,
        "conversions/attribution/shapley.py",
        "worth.append(max(worth[coalition & ~(1 << n)] for n in members) if rate is None else rate)",
        "worth.append(rate or 0)",
    ),
    fault(
        "Markov: paths without a conversion are left out",
        EDGES,
        "conversions/attribution/markov.py",
        "        counts[states[-1], NULL] += path.unconverted\n",
        "",
    ),
    fault(
        "each touch of an ad gets the ad's whole worth",
        EDGES,
        "conversions/attribution/path_counts.py",
        "return [whole[ad] * (parts // counts[ad]) for ad in ads]",
        "return [whole[ad] * parts for ad in ads]",
    ),
]
