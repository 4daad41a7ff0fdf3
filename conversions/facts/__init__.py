"""Facts: what hits become: touches, conversions, adjustments and links. Also the counts of live counters. Pure."""
