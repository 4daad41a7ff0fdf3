"""Replay: makes facts again from the hits in the archive, or previews which conversions a goal would have counted."""
