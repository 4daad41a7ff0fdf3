"""Report: a query and cells -> the rows, totals and notes of an answer. Pure."""
