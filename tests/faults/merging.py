"""Faults of merging the archive, and of reading it meanwhile."""

from tests.faults.fault import fault

MERGING = "tests/contracts/test_merging_contract.py"
READING = "tests/conversions/replay/test_reading.py"
MERGER = "tracker/archive/merger.py"
READER = "conversions/replay/reading.py"
WRITE = "        self._archive.write(key, body)\n"
DELETE = """        gone = [one for one in group.keys if one != key]
        self._archive.delete(gone)
"""

MERGES = [
    fault("objects deleted before the merged one is written", MERGING, MERGER, WRITE + DELETE, DELETE + WRITE),
    fault(
        "a merged object deleted that is written again under its own key",
        MERGING,
        MERGER,
        "gone = [one for one in group.keys if one != key]",
        "gone = group.keys",
    ),
    fault(
        "objects that a merged one contains merged again",
        MERGING,
        MERGER,
        "if batch_of(key) >= batch_of(keys[0]):",
        "if not keys:",
    ),
    fault(
        "merged objects of two merges left side by side",
        MERGING,
        MERGER,
        "        for group in self._groups(self._growing(key)):",
        "        for group in self._groups(self._growing(key)[:1]):",
    ),
    fault(
        "alike copies merged without regard to their content",
        MERGING,
        "tracker/archive/merged.py",
        "key=lambda row: row[:4]",
        "key=lambda row: row[:3]",
    ),
    fault(
        "an object that was merged after it was listed left out",
        READING,
        READER,
        "if missed != one.piece.key:",
        "if missed is None:",
    ),
    fault(
        "a merged object passed over within which a replay stopped",
        READING,
        READER,
        "place_before(key) if part else place(key)",
        "place(key)",
    ),
    fault(
        "a merged object placed at its first batch",
        MERGING,
        "tracker/archive/merged.py",
        "merged_key(names[-1], ",
        "merged_key(names[0], ",
    ),
]
