"""Units: the clock of a site, micros of money and of conversions, and the present time. Pure."""
