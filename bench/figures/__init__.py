"""What figures cost: reports, rollups, late hits. In a process of its own, with the settings of an embedded tracker."""

import django

django.setup()
