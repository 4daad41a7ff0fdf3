"""Faults of tokens, marks and the rollup."""

from tests.faults.facts import MARKS, PER_BATCH, PROCESS
from tests.faults.fault import WORLDS, fault

ROLLUP = "reporting/rollup.py"
MAKER = "reporting/maker.py"
OF_ROLLUP = "tests/reporting/test_rollup.py"

ROLLUPS = [
    fault(
        "a mark closed although its token has changed",
        "tests/conversions/marks/test_marks.py::test_a_mark_is_closed_only_if_its_token_is_unchanged",
        MARKS,
        "Mark.objects.filter(pk=mark.pk, token=mark.token)",
        "Mark.objects.filter(pk=mark.pk)",
    ),
    fault(
        "a mark closed before the cells are written",
        OF_ROLLUP,
        ROLLUP,
        "        self.store.write_cells([one",
        "        self.marks.close_marks({one.mark: 0 for one in made})\n        self.store.write_cells([one",
    ),
    fault(
        "a token noted after the facts are read",
        OF_ROLLUP,
        MAKER,
        "        took = round(",
        """        noted = [one.token for one in self.marks.open_marks(mark.site) if one.pk == mark.pk]
        mark.token = max([mark.token, *noted])
        took = round(""",
    ),
    fault(
        "a bucket that is marked again keeps its mark's old token",
        WORLDS,
        MARKS,
        'unique_fields=["site", "part", "bucket"], update_fields=["token", "marked"]',
        'unique_fields=["site", "part", "bucket"], update_fields=["marked"]',
    ),
    fault(
        "a cell with an older token that overwrites a newer cell",
        "tests/contracts/test_store_contract.py::test_the_write_of_a_cell_with_the_greater_token_stays",
        "conversions/store/sql.py",
        "\n    WHERE excluded.token >= conversions_cellrow.token",
        "",
    ),
    fault(
        "empty cells that are not written",
        WORLDS,
        "reporting/figures/sums.py",
        "for model, own in sums.own.items():",
        "for model, own in ((model, own) for model, own in sums.own.items() if alike or own):",
    ),
    fault(
        "a rollup that uses a cached configuration",
        WORLDS,
        MAKER,
        "        self._sites = {}  # ",
        "        # ",
    ),
    fault(
        "a site's mark closed before its buckets are marked",
        OF_ROLLUP,
        ROLLUP,
        "            self.marks.mark_parts(key, parts)\n",
        "            self.marks.close_marks(dict.fromkeys(marks, 0))\n            self.marks.mark_parts(key, parts)\n",
    ),
    fault(
        "a worker that can't read all affected conversions marks only the conversions that it has read",
        PER_BATCH,
        PROCESS,
        "{reach.site: reach.places for reach in reaches}, onward)",
        "{reach.site: reach.places for reach in reaches})",
    ),
    fault(
        "of several onward marks, only the latest marks buckets",
        OF_ROLLUP,
        ROLLUP,
        "max(limit, min(mark.bucket for mark in marks))",
        "max(limit, *(mark.bucket for mark in marks))",
    ),
    fault(
        "onward marks are worked off at every tick, without a pause",
        OF_ROLLUP,
        ROLLUP,
        "dict.fromkeys(marks, self.clock() + rest)",
        "dict.fromkeys(marks, 0)",
    ),
    fault(
        "an onward mark leaves out a bucket that began before the mark's UTC hour",
        "tests/conversions/marks/test_marks.py",
        MARKS,
        "earliest = max(since - HOUR_MS + 1, 0)",
        "earliest = since",
    ),
]
