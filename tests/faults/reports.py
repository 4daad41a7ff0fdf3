"""Faults of reports, which add up cells."""

from tests.faults.fault import fault

ROWS = "tests/reporting/report/test_query.py"
LISTED = "tests/conversions/api/test_listed.py"
PAGES = "tests/reporting/report/test_paging.py"
SPEND = "tests/reporting/report/test_spend.py"
REPORT = "reporting/report/report.py"

REPORTS = [
    fault(
        "a report that is not grouped by ads leaves out rows with only unattributed conversions",
        ROWS,
        REPORT,
        "if any(line.own) or any(line.unattributed or ()):",
        "if any(line.own):",
    ),
    fault(
        "a filter on ads that keeps unattributed conversions",
        ROWS,
        "conversions/filters/filters.py",
        "return not any(filters[name].only for name in AD_KEYS if name in filters)",
        "return True",
    ),
    fault(
        "a list of conversions that ignores filters of ads",
        LISTED,
        "conversions/explain/listed.py",
        "included = [self._takes(one.name) for one in ads]",
        "included = [True for one in ads]",
    ),
    fault(
        "compared models whose credit is added to the first model",
        ROWS,
        REPORT,
        "column = self._query.column_of(model)",
        "column = 2",
    ),
    fault(
        "a page leaves out rows with the same value as the last row of the page before",
        PAGES,
        "reporting/report/paging.py",
        "return key > last_key if own == last else",
        "return False if own == last else",
    ),
    fault(
        "spend: a row without a cost comes before rows with a cost",
        PAGES,
        "reporting/report/paging.py",
        "keys += sorted(key for key in sums if values[key] is None)",
        "keys = sorted(key for key in sums if values[key] is None) + keys",
    ),
    fault(
        "spend: foreign costs of all days converted by the rate of the first day",
        SPEND,
        "reporting/report/spending.py",
        "*read_sums(foreign, query, by_day=True, by_ad=True),",
        "*read_sums(foreign, query, by_day=False, by_ad=True),",
    ),
    fault(
        "spend: an import keeps the old spend of its source and days",
        "tests/conversions/configuration/test_spend_table.py",
        "conversions/configuration/spend_table.py",
        "rows_of(site, source, *days).delete()",
        "rows_of(site, source, *days)",
    ),
]
