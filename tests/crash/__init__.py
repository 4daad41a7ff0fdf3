"""Crash tests on real processes: whatever is killed, no accepted hit is lost and the report stays exact.

`python -m tests.crash --seed N --hits N --seconds N` (`make soak`) is a long run.
"""
