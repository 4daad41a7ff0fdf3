"""A site's own table of channels: what staff may enter."""

from typing import Any

import pytest
from django.test import Client

from tracker.models import Account, Site

pytestmark = pytest.mark.django_db


def patched(client: Client, channels: Any) -> Any:
    site = Site.objects.create(account=Account.objects.create(name="Bikes"), name="Bikes")
    return client.patch(f"/api/sites/{site.key}", {"channels": channels}, "application/json")


def test_staff_give_a_site_rows_of_its_own(admin_client: Client) -> None:
    rows = [{"channel": "podcast", "source": "*cast*"}, {"channel": "print", "medium": "qr", "network": ""}]
    assert patched(admin_client, rows).json()["channels"] == rows


@pytest.mark.parametrize(
    "channels",
    [
        None,
        {},
        "podcast",
        [None],
        [{}],
        [{"channel": "podcast"}],
        [{"channel": "podcast", "source": ""}],
        [{"channel": "podcast", "source": 1}],
        [{"channel": "podcast", "source": "x" * 201}],
        [{"channel": "Pod cast", "source": "x"}],
        [{"channel": "podcast\n", "source": "x"}],
        [{"source": "x"}],
        [{"channel": "podcast", "source": "x", "campaign": "y"}],
        [{"channel": "podcast", "source": "x"}] * 201,
    ],
)
def test_rows_that_mean_nothing_are_refused(admin_client: Client, channels: Any) -> None:
    answer = patched(admin_client, channels)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "channels")
