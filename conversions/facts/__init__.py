"""Facts: hits and configuration -> touches, conversions, adjustments, links. Pure."""
