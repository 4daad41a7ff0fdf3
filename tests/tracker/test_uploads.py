"""Files of a form come into memory, up to a limit."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from tracker.uploads import MAX_FILES, MAX_READ


def files_of(*sizes: int) -> dict[str, int]:
    """Return which of the files of a form a view gets: name -> size."""
    sent = {f"file{place}": SimpleUploadedFile("x.csv", b"x" * size) for place, size in enumerate(sizes)}
    request = RequestFactory().post("/spend", {**sent, "last": "1"})
    found = {name: len(request.FILES[name].read()) for name in request.FILES}  # type: ignore[union-attr]
    return found | ({"last": 1} if request.POST else {})


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ((3, 0, 5), {"file0": 3, "file1": 0, "file2": 5, "last": 1}),
        ((MAX_FILES,), {"file0": MAX_FILES, "last": 1}),
        ((3, MAX_FILES), {"file0": 3, "last": 1}),
        ((MAX_READ + 1,), {}),
    ],
)
def test_a_file_for_which_there_is_no_room_is_left_out(sizes: tuple[int, ...], found: dict[str, int]) -> None:
    assert files_of(*sizes) == found
