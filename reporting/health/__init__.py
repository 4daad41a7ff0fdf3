"""Health: finds what the page of tracking health shows: when hits came last, which goals fell silent, which clicks have
no configured ad, which costs have no clicks, and which clicks have no costs. Pure."""
