"""A report as CSV: no name from a hit is run as a formula by a spreadsheet."""

import csv
from io import StringIO

import pytest

from reporting.report.table import csv_of

EVIL = [
    *(
        "=cmd|'/c calc'!A0",
        "+1+2",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        '"=1',
        "'=1",
        "＝1+1",
        "＠x",
        "\u200b=1",
        "\ufeff=1",
    ),
    *("x;=cmd|'/c calc'!A0", "x; =1", 'x;"=1"', "x,=1", "x\t=1", "x\n=1", "a;b;-1+1", ";+1", "x;＝1"),
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("name", EVIL)
def test_no_name_is_a_formula_whatever_separates_the_cells(name: str, separator: str) -> None:
    text = csv_of(["clicks", "ad", "value"], [{"clicks": 5, "ad": name, "value": "1.000000"}])
    for line in csv.reader(StringIO(text, newline=""), delimiter=separator):
        for cell in line:
            assert not cell.strip(" \"'\t\r\n\u200b\ufeff").startswith(("=", "@", "＝", "＠")) or cell.strip(
                ' "'
            ).startswith("'"), cell
            assert not cell.strip(' "').startswith(("+", "-"))


def test_a_name_is_unchanged_except_for_the_apostrophe() -> None:
    names = ["summer", "a,b", 'say "x"', "käse\n2", "a;b", "x=1", "a-b", "2024-01", "007", "-5", "x;=1"]
    text = csv_of(["ad"], [{"ad": name} for name in names])
    assert [row[0] for row in csv.reader(StringIO(text, newline=""))] == ["ad", *names[:-1], "x;'=1"]


def test_numbers_stay_numbers_and_texts_are_quoted() -> None:
    row = {"ad": "a", "configured": True, "clicks": None, "value": "-29.900000"}
    assert csv_of(list(row), [row]) == 'ad,configured,clicks,value\r\n"a",true,,-29.900000\r\n'
