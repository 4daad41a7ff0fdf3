"""What a hit costs on Cassandra as visitors' timelines and a site grow. Runs in its own process, with the settings."""

import django

django.setup()
