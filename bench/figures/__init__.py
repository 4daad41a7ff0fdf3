"""Measures what figures cost: reports, rollups, late hits and replays. It runs in a process with an embedded tracker's
settings."""

import django

django.setup()
