"""Files: reads and writes the recorded files (compressed JSON lines) as plain records."""

import json
import lzma
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

Record = dict[str, Any]


def read(name: str) -> list[Record]:
    """Read the records of a recorded file."""
    lines = lzma.decompress(path_of(name).read_bytes())
    return [json.loads(line) for line in lines.splitlines()]


def write(name: str, records: Iterable[Record]) -> None:
    """Write records to a file. The same records give the same bytes."""
    lines = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    path_of(name).write_bytes(lzma.compress(lines.encode(), preset=9))


def path_of(name: str) -> Path:
    """Return the path of a recorded file by its name, such as `answers`."""
    return DATA / f"{name}.jsonl.xz"
