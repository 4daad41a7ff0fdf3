"""Requests that nobody would send, to every address of a running tracker: `make fuzz`, and a short run in the suite."""
