"""What figures cost: reports, rollups, late hits, replays. Its own process has the settings of an embedded tracker."""

import django

django.setup()
