"""Measures what a hit costs on Cassandra as visitors' timelines and a site grow. It runs in a process of its own."""

import django

django.setup()
