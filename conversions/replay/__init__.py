"""Replay: the archive's hits again -> facts, or a preview of what a goal would have counted."""
