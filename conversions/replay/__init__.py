"""Replay: makes facts again from the hits in the archive, or previews what a goal would have counted."""
