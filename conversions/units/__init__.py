"""Units: hours, days and months by a site's clock, ranges of days, amounts in micros, the present time, and the checks
of parameters. Pure."""
