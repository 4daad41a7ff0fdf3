"""The log: each entry is one bounded line, and entries that anybody can cause are limited."""

import logging

from tracker.log import LINES, LONGEST, LONGEST_OF_STRANGERS, MINUTE, Line, Seldom, StrangersLine


def record(message: str, name: str = "django.security.DisallowedHost") -> logging.LogRecord:
    try:
        raise ValueError("x" * 10_000)
    except ValueError as error:
        return logging.LogRecord(name, logging.ERROR, "", 0, message, (), (type(error), error, None))


def test_text_from_requests_cannot_begin_a_line_or_make_it_long() -> None:
    line = Line("%(message)s").format(record("a\nERROR forged\r" + "b" * 100_000))
    assert line.startswith("a\\x0aERROR forged\\x0dbbb")
    assert len(line.partition("\n")[0]) < LONGEST + 20


def test_an_error_that_anybody_can_cause_is_one_short_line_without_a_traceback() -> None:
    line = StrangersLine("%(levelname)s %(message)s").format(record("Invalid HTTP_HOST header: " + "h" * 60_000))
    assert line.startswith("ERROR Invalid HTTP_HOST")
    assert "\n" not in line
    assert len(line) < LONGEST_OF_STRANGERS + 20


def test_some_lines_a_minute_pass_and_the_others_are_counted() -> None:
    now = [0.0]
    seldom = Seldom(lambda: now[0])
    assert [seldom.filter(record("evil")) for _ in range(LINES + 7)] == [True] * LINES + [False] * 7
    assert seldom.filter(record("other", "django.security.csrf"))
    now[0] += MINUTE
    again = record("evil")
    assert seldom.filter(again)
    assert again.getMessage() == "7 more were left out; now: evil"
