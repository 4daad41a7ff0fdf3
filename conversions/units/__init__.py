"""Units: hours, days and months by a site's clock, amounts in micros, and the present time. Pure."""
