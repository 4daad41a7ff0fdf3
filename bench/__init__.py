"""Benchmarks: how many hits the tracker accepts and processes a second, compared with a plain Celery application."""
