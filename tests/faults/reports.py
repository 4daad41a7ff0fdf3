"""Faults of reports, which add up cells."""

from tests.faults.fault import fault

ROWS = "tests/reporting/report/test_query.py"
PAGES = "tests/reporting/report/test_paging.py"
REPORT = "reporting/report/report.py"

REPORTS = [
    fault(
        "a report without ads that leaves out keys with unattributed conversions alone",
        ROWS,
        REPORT,
        "if any(line.own) or any(line.lost or ()):",
        "if any(line.own):",
    ),
    fault(
        "a filter on ads that keeps what is unattributed",
        ROWS,
        "reporting/report/keys.py",
        "no_ad = LEFT_OUT if any(kept.only for kept in self._filters.values()) else None",
        "no_ad = None",
    ),
    fault(
        "models side by side whose credit is added to the first one",
        ROWS,
        REPORT,
        "column = self._query.column_of(model)",
        "column = 2",
    ),
    fault(
        "a page that begins behind all rows of the last value",
        PAGES,
        "reporting/report/paging.py",
        "return key > last_key if own == last else",
        "return False if own == last else",
    ),
]
