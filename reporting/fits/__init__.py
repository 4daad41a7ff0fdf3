"""Fits: the facts of a month -> what the data-driven models learn from it, and how that is shown. Pure."""
