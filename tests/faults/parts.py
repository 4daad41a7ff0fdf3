"""Faults of the parts into which buckets are divided, and of the sums of hours."""

from tests.faults.fault import fault

TEST = "tests/reporting/test_parts.py"
TURNS_TEST = "tests/conversions/marks/test_turns.py"
NUMBERS = "conversions/marks/parts.py"
MARKS = "conversions/marks/marks.py"
SLOTS = "conversions/facts/slots.py"
ROLLUP = "reporting/rollup.py"
MAKER = "reporting/maker.py"
MARK_SUMS = (
    "        self.marks.mark_sums({(one.mark.site, one.mark.bucket) for one in made if one.cells and not one.day})\n"
)
WRITE = "        self.store.write_cells([one.cells for one in made if one.cells])\n"
CLOSE = "        return self.marks.close_marks({one.mark: self._rest(one) for one in made})\n"

PARTS = [
    fault(
        "a worker that reads the number of parts first, and then the affected conversions",
        TEST,
        MARKS,
        "        parts = read_parts(places.keys())\n",
        "        parts = KEPT.setdefault(tuple(places), read_parts(places.keys()))\n",
        "OF_HOURS = (SUM, 0)\n",
        "OF_HOURS = (SUM, 0)\nKEPT: dict = {}\n",
    ),
    fault("the rollup of a part doesn't mark the hour", TEST, ROLLUP, MARK_SUMS, ""),
    fault(
        "an hour marked before the cells of its parts are written", TEST, ROLLUP, WRITE + MARK_SUMS, MARK_SUMS + WRITE
    ),
    fault(
        "the mark of a part is closed before the hour is marked",
        TEST,
        ROLLUP,
        MARK_SUMS,
        "        done = self.marks.close_marks({one.mark: self._rest(one) for one in made})\n" + MARK_SUMS,
        CLOSE,
        "        return done\n",
    ),
    fault(
        "a part that became empty keeps its old cell",
        TEST,
        "reporting/figures/parts.py",
        "    return [cell, sizes_cell(bucket, part, sums.sizes)]\n",
        "    return [cell, sizes_cell(bucket, part, sums.sizes)] if sums.alike or sums.clicks else []\n",
    ),
    fault(
        "an hour keeps the names of all ads of its parts",
        TEST,
        "reporting/making.py",
        "    sums.fold_small_ads()\n",
        "",
    ),
    fault(
        "an explanation takes the largest ads of one part for the largest ads of the hour",
        TEST,
        "conversions/explain/decided.py",
        "    others = read_sizes(store, site.key, bucket, part.number, part.index) if part.number > 1 else {}\n",
        "    others = read_sizes(store, site.key, bucket, 0, part.index)\n",
    ),
    fault(
        "a damaged part that is not made again",
        TEST,
        MAKER,
        "            self.marks.mark_parts(site.key, [(mark.bucket, int(one.cell.key)) for one in damaged])\n",
        "",
    ),
    fault(
        "an hour that is added up without its damaged part",
        TEST,
        MAKER,
        "            raise damaged[0]\n",
        "",
        "            self.marks.mark_parts(site.key, [(mark.bucket, int(one.cell.key)) for one in damaged])\n",
        "            return []\n",
    ),
    fault(
        "a new number of parts applies immediately",
        TEST,
        NUMBERS,
        "since = now - now % HOUR_MS + HOUR_MS + AHEAD_MS",
        "since = now - now % HOUR_MS",
    ),
    fault("the number of parts can be lowered", TEST, NUMBERS, "if number < parts.highest:", "if number < 0:"),
    fault(
        "a click and the reload of its page are in different parts",
        TEST,
        SLOTS,
        "    if touch.click_id and not touch.ad:\n",
        "    if touch.click_id and not touch.hit:\n",
    ),
    fault(
        "copies of an order in different parts",
        TEST,
        SLOTS,
        "key = click_key(fact) if isinstance(fact, Touch) else fact.claim",
        "key = click_key(fact) if isinstance(fact, Touch) else fact.hit",
    ),
    fault(
        "a worker takes parts that another worker holds",
        TURNS_TEST,
        "conversions/marks/turns.py",
        "filter(as_noted, ~_held(now), marked=True)",
        "filter(as_noted, marked=True)",
    ),
    fault(
        "a worker takes parts that were marked again since it noted them",
        TURNS_TEST,
        "conversions/marks/turns.py",
        "(Q(pk=mark.pk, token=mark.token) for mark in marks)",
        "(Q(pk=mark.pk) for mark in marks)",
    ),
    fault(
        "a tick that adds up hours only after all parts are rolled up",
        TEST,
        "reporting/tasks.py",
        "began + PARTS_SECONDS)",
        "began + TICK_SECONDS)",
    ),
    fault(
        "a day cell used although one of its hours was added up later",
        TEST,
        MARKS,
        "OF_HOURS = (SUM, 0)",
        "OF_HOURS = (0,)",
    ),
    fault(
        "a mark of a whole site that marks only the first part of each hour",
        TEST,
        MARKS,
        "part__gt=SUM, bucket__gte=max(since, 0)",
        "part=0, bucket__gte=max(since, 0)",
    ),
]
