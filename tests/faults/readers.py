"""Faults of readers: claims, copies, paths, adjustments."""

from tests.faults.fault import WORLDS, fault

CLAIMS = "conversions/verdicts/claims.py"
CASES = "conversions/verdicts/cases.py"
PATHS = "conversions/verdicts/paths.py"
BUDGETS = "conversions/verdicts/budgets.py"
ITS_TESTS = "tests/conversions/verdicts/test_budgets.py"

READERS = [
    fault(
        "only the person of the copy that counts is a claimant",
        WORLDS,
        CLAIMS,
        "claimants=tuple(sorted({*map(whose, valid), *(whose(row.touch) for row in joined)}))",
        "claimants=(whose(winner),)",
    ),
    fault(
        "a conversion is not compared with earlier ones of the same person",
        WORLDS,
        CASES,
        "others = chain.from_iterable(rivals.get((verdict.goal.uid, one), ()) for one in verdict.claimants)",
        "others: list[Verdict] = []",
    ),
    fault(
        "a retracted conversion doesn't count after a restore",
        WORLDS,
        CLAIMS,
        'retracted = adjustment.kind == "retract"',
        "retracted = True",
    ),
    fault(
        "a retracted conversion still counts as its person's first",
        WORLDS,
        CLAIMS,
        "return not (self.retracted or self.needs_token)",
        "return not self.needs_token",
    ),
    fault(
        "an amount sent without an ingest token counts although the goal requires the token",
        WORLDS,
        "conversions/facts/value.py",
        "return not (version.open_values or conversion.trusted) and",
        "return False and",
    ),
    fault(
        "a sale without the required ingest token still counts as its person's first",
        WORLDS,
        CLAIMS,
        "return not (self.retracted or self.needs_token)",
        "return not self.retracted",
    ),
    fault(
        "versions of a goal are not distinguished",
        WORLDS,
        CLAIMS,
        "return version is not None and version.version == conversion.version",
        "return version is not None",
    ),
    fault(
        "copies of a hit that count twice",
        WORLDS,
        PATHS,
        "first = touch.hit not in hits and click_id not in click_ids",
        "first = click_id not in click_ids",
    ),
    fault(
        "clicks with the same click id count twice",
        WORLDS,
        PATHS,
        "first = touch.hit not in hits and click_id not in click_ids",
        "first = touch.hit not in hits",
    ),
    fault(
        "copies of an adjustment that are applied twice",
        WORLDS,
        CLAIMS,
        "kept.setdefault(adjustment.hit, adjustment)",
        "kept.setdefault(str(order_key(adjustment)), adjustment)",
    ),
    fault(
        "copies of a touch are dropped before the window is applied",
        WORLDS,
        PATHS,
        "    ordered = in_order(touches)\n    reasons",
        "    ordered = counted_once(touches)\n    reasons",
    ),
    fault(
        "refunds that still apply after a restatement",
        WORLDS,
        CLAIMS,
        "    retracted = False\n    for",
        "    retracted, refunded = False, 0\n    for",
        "value, reason, retracted = amount, problem, False",
        "value, reason, retracted = amount - refunded, problem, False",
        "            value, reason = value - amount, reason or problem\n",
        "            value, reason, refunded = value - amount, reason or problem, refunded + amount\n",
    ),
    fault(
        "a person with too many conversions in an hour keeps all touches",
        WORLDS,
        BUDGETS,
        "return msgspec.structs.replace(verdict, limit=limit)",
        "return verdict",
    ),
    fault(
        "a budget for each visitor instead of each person",
        f"{ITS_TESTS}::test_copies_and_retracted_conversions_of_all_visitors_of_a_person_count",
        BUDGETS,
        "Counter((*part_of(row, parts), people.of(row)) for row in own)",
        'Counter((*part_of(row, parts), f"v:{row.visitor}") for row in own)',
    ),
    fault(
        "conversions of a version that is not in force share a person's budget",
        ITS_TESTS,
        BUDGETS,
        "if isinstance(row, Conversion) and (goal := goals.get(row.goal)) and in_force(row, goal)",
        "if isinstance(row, Conversion)",
    ),
    fault(
        "an explanation that doesn't read its person's other conversions",
        f"{ITS_TESTS}::test_explanations_of_a_person_over_the_budget_add_up_to_the_report",
        CASES,
        "read_budgets(people, site, every) if whole_timeline else budgets_of(people, site, given)",
        "budgets_of(people, site, given)",
    ),
    fault(
        "how far back a conversion's click is searched depends on the hour's other conversions",
        f"{ITS_TESTS}::test_one_click_brings_one_conversion_however_many_a_person_has_in_the_hour",
        BUDGETS,
        "return _limit(verdict, budget.CLICKS_SEARCHED)",
        "return verdict",
    ),
]
