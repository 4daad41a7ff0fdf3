"""Fits: the facts of a month -> what the data-driven models learn of it, and how that is shown. Pure."""
