"""Figures: the facts of one bucket -> its exact figures, as cells. Pure."""
