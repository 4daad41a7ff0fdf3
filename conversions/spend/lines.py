"""Lines: the record of one line of spend, and the errors of lines and files. Pure."""

from typing import NamedTuple

from tracker.collection.refusal import Refusal

#: An error lists at most this many faults. The others are only counted.
MAX_LISTED = 20


class SpendNames(NamedTuple):
    """The names by which spend says to which ad it belongs: the ad's key, or the utm tags and the ad network of the
    ad's clicks."""

    ad: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    network: str = ""


class SpendLine(NamedTuple):
    """What a source reports for one day and one ad. `names`: the names by which the ad is found. `cost`: micros of the
    currency. `clicks`, `impressions`: as the network counts them."""

    day: str
    currency: str
    names: SpendNames
    cost: int
    clicks: int
    impressions: int


class Problems:
    """Collects the faults of a file. `listed`: the texts of the first MAX_LISTED faults. `count`: the number of all
    faults."""

    def __init__(self) -> None:
        self.listed: list[str] = []
        self.count = 0

    def add(self, problem: str) -> None:
        """Count a fault. The fault's text is listed, unless MAX_LISTED texts are listed already."""
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(problem)


class BadSpend(Refusal):
    """Raised if a file or a request has faults. Then nothing is imported. `problems`: the texts of the first faults.
    `count`: the number of all faults."""

    def __init__(self, problems: list[str], count: int = 0, field: str = "file") -> None:
        more = count - len(problems)
        super().__init__(400, "invalid", "\n".join([*problems, *([f"and {more} more"] if more > 0 else [])]), field)
        self.problems = problems


class BadLine(Refusal):
    """Raised if a line can't be used. The message says why."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid", detail, "file")
