"""Lines: what was spent in one line of a file, and the faults of lines and files. Pure."""

from typing import NamedTuple

from tracker.collection.refusal import Refusal

#: At most this many problems are kept and listed. The others are counted.
MAX_LISTED = 20


class SpendNames(NamedTuple):
    """The names by which an ad is found, as for a touch: an ad's key; else utm tags and the network."""

    ad: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""


class SpendLine(NamedTuple):
    """What a network says of one day. `cost`: micros of the currency. Clicks and impressions are as the network counts
    them."""

    day: str
    currency: str
    names: SpendNames
    cost: int
    clicks: int
    impressions: int


class Problems:
    """The faults of a file. It keeps the first of them and counts the rest."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.count = 0

    def add(self, problem: str) -> None:
        """Note a fault."""
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(problem)


class BadSpend(Refusal):
    """The file can't be used, and nothing was imported. `problems` names each bad line and its fault."""

    def __init__(self, problems: list[str], count: int = 0, field: str = "file") -> None:
        more = count - len(problems)
        super().__init__(400, "invalid", "\n".join([*problems, *([f"and {more} more"] if more > 0 else [])]), field)
        self.problems = problems


class BadLine(Refusal):
    """A line can't be used. The message says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid", detail, "file")
