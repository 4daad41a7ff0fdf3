"""The page of spend: people look at what a file would change, and then import it."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversions.models import SpendRow
from conversions.spend.packed import pack, unpack
from conversions.spend.upload import MAX_BODY
from conversions.store.adapters import open_store
from tests.conversions.spend.test_reader import GOOGLE, META
from tests.reporting.pages.test_dashboard import text_of
from tests.reports import DatedShop
from tracker.collection.refusal import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> DatedShop:
    return DatedShop(open_store())


@pytest.fixture
def ann(shop: DatedShop, client: Client) -> Client:
    """The browser of a user of the shop's account."""
    user = User.objects.create_user("ann")
    shop.account.users.add(user)
    client.force_login(user)
    return client


def send(client: Client, shop: DatedShop, text: str | bytes, action: str = "preview", **more: str) -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile("export.csv", content)
    return client.post("/spend", {"site": shop.key, "source": "google", "action": action, "file": file, **more})


def kept() -> int:
    return sum(SpendRow.objects.values_list("cost", flat=True))


def hidden(answer: Any) -> dict[str, str]:
    """Return the hidden fields of the form that imports what was previewed."""
    form = answer.content.decode().split('id="change"')[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_people_see_what_a_file_would_change_and_import_it_without_choosing_it_again(
    ann: Client, shop: DatedShop
) -> None:
    send(ann, shop, "day,cost\n2026-11-01,1\n", "import")
    shown = send(ann, shop, GOOGLE.encode("utf-16"))
    said = "1 Nov 2026 to 2 Nov 2026. The file was read as an export of Google Ads. 1 line of totals was left out"
    assert said in text_of(shown)
    assert "Sun 1 Nov 2026 1.00 EUR 1,234.56 EUR" in text_of(shown)
    assert kept() == 1_000_000
    assert "stays the same" not in text_of(shown)
    done = ann.post("/spend", {**hidden(shown), "action": "import"})
    assert "Imported 2 lines of google" in text_of(done)
    assert kept() == 1_244_560_000
    assert "google/cpc/Spring not configured 2 Nov 2026 google 10.00 EUR 3 100" in text_of(done)
    later = ann.get("/spend", {"site": shop.key, "from": "2026-11-02", "to": "2026-11-02"})
    assert '<datalist id="sources"><option value="google">' in later.content.decode()
    assert "2 Nov 2026 google 10.00 EUR" in text_of(later)
    assert "1 Nov 2026 google" not in text_of(later)


def test_people_see_how_many_days_a_corrected_file_leaves_as_they_are(ann: Client, shop: DatedShop) -> None:
    send(ann, shop, "day,cost\n2026-11-01,1\n2026-11-02,2\n2026-11-03,3\n", "import")
    shown = text_of(send(ann, shop, "day,cost\n2026-11-01,1\n2026-11-02,2\n2026-11-03,4\n"))
    assert "The cost of 2 days stays the same." in shown
    assert "Tue 3 Nov 2026 3.00 EUR 4.00 EUR" in shown


def test_a_file_with_a_mistake_in_it_changes_nothing_and_each_bad_line_is_named(ann: Client, shop: DatedShop) -> None:
    answer = send(ann, shop, META.replace(",0.5,", ",<b>,"), "import", dates="day")
    assert answer.status_code == 400
    assert "Nothing was imported line 3: '<b>' is no amount Correct the file" in text_of(answer)
    assert 'value="day" selected' in answer.content.decode()
    assert kept() == 0


def test_what_no_form_sends_is_refused_on_the_page(ann: Client, shop: DatedShop) -> None:
    assert "Choose the file" in text_of(ann.post("/spend", {"site": shop.key, "source": "x"}))
    assert "is damaged" in text_of(ann.post("/spend", {"site": shop.key, "source": "x", "packed": "%"}))
    assert "source is the name" in text_of(send(ann, shop, "day,cost\n2026-11-01,1\n", source="\0"))
    assert "More than 4 MiB" in text_of(send(ann, shop, b"x" * (MAX_BODY + 1)))
    assert ann.get("/spend", {"from": "never"}).status_code == 400
    assert ann.delete("/spend").status_code == 405


def test_only_people_of_the_account_see_or_change_its_spend(ann: Client, shop: DatedShop) -> None:
    other = DatedShop(open_store())
    assert send(ann, other, GOOGLE, "import").status_code == 404
    assert ann.get("/spend", {"site": other.key}).status_code == 404
    assert kept() == 0
    assert Client().get("/spend").headers["Location"] == "/login?next=/spend"
    ann.force_login(User.objects.create_user("nobody"))
    assert "There is no site that you may read." in text_of(ann.get("/spend"))


def test_a_form_of_another_site_is_refused(shop: DatedShop) -> None:
    assert send(Client(enforce_csrf_checks=True), shop, GOOGLE, "import").status_code == 403


def test_a_packed_file_is_the_same_again_and_nothing_else_is_one() -> None:
    assert unpack(pack(GOOGLE.encode())) == GOOGLE.encode()
    for text in ("", "x", "\u00e4", pack(b"x")[:-4], pack(b"x" * (MAX_BODY + 2))):
        with pytest.raises(Refusal):
            unpack(text)
