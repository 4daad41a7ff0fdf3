"""Faults of day cells, which are a cache."""

from tests.faults.fault import fault

TEST = "tests/reporting/test_days.py"
MAKER = "reporting/days.py"
READING = "reporting/report/reading.py"
LIST = "conversions/marks/days.py"
TOKEN = "        token = self.days.draw_day_token()\n"
LOOK = """        if self.days.has_open_marks(site.key, ends.since, ends.until):
            return False
"""

DAYS = [
    fault("a day's token drawn after the search for open marks", TEST, MAKER, TOKEN + LOOK, LOOK + TOKEN),
    fault(
        "a day's token drawn after its hours are read",
        TEST,
        MAKER,
        TOKEN,
        "",
        "        self.store.write_cells([CellSet(",
        f"{TOKEN}        self.store.write_cells([CellSet(",
    ),
    fault("a day's cells are made while one of its hours is marked", TEST, MAKER, LOOK, ""),
    fault(
        "a day cell used although its hours were marked later",
        TEST,
        READING,
        "elif made.token > self._newest[day]:",
        "else:",
    ),
    fault(
        "a day cell used under another timezone",
        TEST,
        READING,
        "return made if [made.since, made.until] == self._starts[place : place + 2] else None",
        "return made",
    ),
    fault(
        "a day's cells are made before the day is over",
        TEST,
        LIST,
        "StaleDay.objects.filter(ends_at__lte=now)",
        "StaleDay.objects",
    ),
    fault(
        "a stale day taken off the list although it was noted again",
        TEST,
        LIST,
        "StaleDay.objects.filter(pk=day.pk, token=day.token)",
        "StaleDay.objects.filter(pk=day.pk)",
    ),
    fault(
        "a rollup that doesn't note its day as stale",
        TEST,
        "reporting/rollup.py",
        "        self.days.note_days({one.day for one in made if one.day})\n",
        "",
    ),
    fault(
        "a damaged day cell makes the report fail",
        TEST,
        READING,
        "        except Damaged:\n            return None\n",
        "        except ZeroDivisionError:\n            return None\n",
    ),
]
