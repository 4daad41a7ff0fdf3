"""Replay: the archive's hits -> facts again, or a preview of what a goal would have counted."""
