"""Faults of facts, and of when they are written and marked."""

from tests.faults.fault import WORLDS, Fault, changes, fault

RECORDS = "conversions/facts/records.py"
PROCESS = "conversions/marks/process.py"
REACH = "conversions/marks/reach.py"
AFFECTED = "conversions/marks/affected.py"
MARKS = "conversions/marks/marks.py"
PER_FACT, PER_BATCH = "tests/conversions/marks/test_affected.py", "tests/conversions/marks/test_process.py"

FACTS = [
    fault(
        "all facts have the same digest",
        WORLDS,
        RECORDS,
        "blake2b(_encoder.encode(plain_fact(fact)), digest_size=8)",
        'blake2b(b"", digest_size=8)',
    ),
    fault(
        "a fact's digest leaves out the fact's time `at`",
        WORLDS,
        RECORDS,
        '{"batch": "", "bucket": 0}',
        '{"batch": "", "bucket": 0, "at": 0}',
    ),
    fault(
        "a page that repeats its site's campaign parameters makes another click",
        "tests/conversions/facts/test_touch.py"
        "::test_a_page_that_carries_the_click_on_from_its_own_host_is_no_click_again",
        "conversions/facts/touch.py",
        " and not carries_on(hit, parameters)",
        "",
    ),
    fault(
        "buckets marked before the facts are written",
        PER_BATCH,
        PROCESS,
        """
            self.store.add_facts(outcome.facts, parts=parts)
        rejected = [*outcome.rejected, *self._mark(outcome.facts)]
""",
        """
        rejected = [*outcome.rejected, *self._mark(outcome.facts)]
        if outcome.facts:
            self.store.add_facts(outcome.facts, parts=parts)
""",
    ),
    fault(
        "affected conversions read before the facts are written",
        PER_BATCH,
        PROCESS,
        "            self.store.add_facts(outcome.facts, parts=parts)\n",
        "",
        "        self.marks.mark_places(",
        "        self.store.add_facts(facts)\n        self.marks.mark_places(",
    ),
    fault(
        "a touch that marks only its own bucket",
        PER_FACT,
        AFFECTED,
        "visits = [*moved, *((fact.visitor, fact.at) for fact in facts if isinstance(fact, Touch))]",
        "visits = [*moved]",
    ),
    fault(
        "an order that marks only its own bucket",
        PER_FACT,
        AFFECTED,
        "if not isinstance(fact, Touch | Link)}",
        "if not isinstance(fact, Touch | Link | Conversion)}",
    ),
    fault(
        "a retraction that marks nothing",
        PER_FACT,
        AFFECTED,
        "if not isinstance(fact, Touch | Link)}",
        "if isinstance(fact, Conversion)}",
    ),
    fault(
        "a touch doesn't mark the conversions at its own instant",
        PER_FACT,
        AFFECTED,
        "if row.at >= visited[row.visitor]}",
        "if row.at > visited[row.visitor]}",
    ),
    fault(
        "conversions beyond the limit of a read are not marked",
        f"{PER_FACT}::test_everything_that_changes_is_affected_even_if_reads_are_bounded",
        AFFECTED,
        "        if found.is_cut:\n",
        "        if found.is_cut and not found.rows:\n",
    ),
    fault(
        "a link that affects too many conversions to be read marks no earlier bucket",
        f"{PER_FACT}::test_a_link_affects_an_order_of_another_before_it_even_if_reads_are_bounded",
        AFFECTED,
        "since = 0 if changed or moved else",
        "since = 0 if changed else",
    ),
    fault(
        "a sale before a touch isn't marked although a server sent a copy of it after the touch",
        f"{PER_FACT}::test_every_part_whose_figures_change_is_affected",
        AFFECTED,
        "_reached(reader, stirred, since) - claims",
        "{row.claim for row in reader.conversions(_spans(stirred), since).rows} - claims",
    ),
    Fault(
        "facts that are already stored mark nothing",
        WORLDS,
        changes(
            PROCESS,
            "import logging\n",
            "import logging\n\nimport msgspec\n",
            "import Adjustment, Conversion, Fact\n",
            "import Adjustment, Conversion, Fact, Touch, digest\n",
            "            self.store.add_facts(outcome.facts, parts=parts)\n",
            """
            own = [fact for fact in outcome.facts if isinstance(fact, Touch | Conversion)]
            stored = {digest(one) for fact in own for one in self.store.read_bucket(fact.site, fact.bucket)}
            self.store.add_facts(outcome.facts)
            new = tuple(fact for fact in outcome.facts if digest(fact) not in stored)
            outcome = msgspec.structs.replace(outcome, facts=new)
""",
        ),
    ),
    fault(
        "a changed configuration that marks nothing",
        "tests/reporting/test_rollup.py",
        "conversions/models/change.py",
        "    mark_site(site.key)\n",
        "",
    ),
    fault(
        "a newly loaded exchange rate marks nothing",
        WORLDS,
        "conversions/configuration/rate_table.py",
        "            mark_site(key)\n",
        "",
        "        mark_parts(key, known_parts(key, since, until))\n",
        "",
    ),
]
