"""Benchmarks: accepted and processed hits per second, beside a baseline that does the same work the plain way."""
