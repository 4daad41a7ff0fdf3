"""Facts: makes facts from hits: touches, conversions, adjustments and links. Also makes the increments of live
counters. Pure."""
