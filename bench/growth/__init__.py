"""What a hit costs on Cassandra as visitors' timelines and a site grow. In a process of its own, with the settings."""

import django

django.setup()
