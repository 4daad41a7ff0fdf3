"""What figures cost: reports, rollups, late hits. Runs in its own process with the settings of an embedded tracker."""

import django

django.setup()
