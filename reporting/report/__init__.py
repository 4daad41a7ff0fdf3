"""Report: computes the rows, totals and notes of a report from the cells of its days. Pure."""
