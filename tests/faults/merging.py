"""Faults of merging the archive, and of reading it meanwhile."""

from tests.faults.fault import fault

MERGING = "tests/contracts/test_merging_contract.py"
ARCHIVED = "tests/properties/test_archived.py"
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
        "a merge that deletes the merged object it has just written",
        MERGING,
        MERGER,
        "gone = [one for one in group.keys if one != key]",
        "gone = group.keys",
    ),
    fault(
        "objects whose hits are in a merged object are merged again",
        MERGING,
        MERGER,
        "if batch_of(key) >= batch_of(keys[0]):",
        "if not keys:",
    ),
    fault(
        "merged objects of two merges are not merged with each other",
        MERGING,
        MERGER,
        "        for group in self._groups(self._half_empty(key)):",
        "        for group in self._groups(self._half_empty(key)[:1]):",
    ),
    fault(
        "a merged object is deleted although only several other objects together have its batches",
        MERGING,
        MERGER,
        "if any(own < other for other in held.values())]",
        "if own <= frozenset().union(*(held[one] for one in held if one != merged))]",
    ),
    fault(
        "an object that another merger deletes before it is read counts as merged",
        ARCHIVED,
        MERGER,
        """                group.add(key, *read.result())
            except NotArchived:
""",
        """                group.add(key, *read.result())
            except NotArchived:
                group.batches.add(batch_of(key))
""",
    ),
    fault(
        "copies of a hit with different contents become one",
        MERGING,
        "tracker/archive/merged.py",
        "key=lambda row: row[:4]",
        "key=lambda row: row[:3]",
    ),
    fault(
        "a replay that skips an object which was merged after the replay had listed it",
        READING,
        READER,
        "if missed != one.piece.key:",
        "if missed is None:",
    ),
    fault(
        "a replay that stopped within a merged object skips the rest of it",
        READING,
        READER,
        "place_before(key) if part else place(key)",
        "place(key)",
    ),
    fault(
        "a merged object has the position of its first batch, not of its last",
        MERGING,
        "tracker/archive/merged.py",
        "merged_key(names[-1], ",
        "merged_key(names[0], ",
    ),
]
