"""Benchmarks: accepted and processed hits per second, compared with a baseline that does the same work simply."""
