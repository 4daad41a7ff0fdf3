"""Faults of persons: whose a fact is, what links mark, crowds. See decision 17."""

from tests.faults.facts import AFFECTED, PER_FACT, PROCESS
from tests.faults.fault import Fault, changes, fault
from tests.faults.readers import CASES, PATHS

IDENTITY = "tests/conversions/verdicts/test_identity.py"
REACHED = "_reached(reader, _earliest(people, visits), since)"

PERSONS = [
    fault(
        "links that mark nothing",
        PER_FACT,
        AFFECTED,
        "moved = [*_newly_linked(store, site, facts), *(",
        "moved = [*(",
    ),
    fault(
        "a touch that doesn't mark conversions of its visitor's kin",
        PER_FACT,
        AFFECTED,
        REACHED,
        """_reached(
        reader, dict(sorted(visits[len(moved) :], key=lambda one: -one[1])) | _earliest(people, moved), since
    )""",
    ),
    fault(
        "a link that doesn't mark conversions of its visitor's kin",
        PER_FACT,
        AFFECTED,
        REACHED,
        "_reached(reader, _earliest(people, visits[len(moved) :]) | dict(moved), since)",
    ),
    fault(
        "a conversion that doesn't mark later ones of its claimants' kin",
        PER_FACT,
        AFFECTED,
        "stirred = _earliest(people, _changed_visits(rows))",
        "stirred = dict(sorted(_changed_visits(rows), key=lambda one: -one[1]))",
    ),
    Fault(
        "a link that marks only the users of the links next to it",
        PER_FACT,
        changes(
            AFFECTED,
            REACHED,
            """_reached(
        reader,
        _earliest(people, visits[len(moved) :]) | dict(_next_to(store, people, site, facts, dict(moved))),
        since,
    )""",
            "\n\ndef _touched(",
            """

def _next_to(
    store: Store, people: People, site: str, facts: Iterable[Fact], since: dict[str, int]
) -> Iterator[Visit]:
    for link in [fact for fact in facts if isinstance(fact, Link)]:
        before = store.read_last_links(site, [Moment(link.visitor, link.at)])
        after = store.read_next_links(site, [Moment(link.visitor, link.at + 1)])[:1]
        users = {one.user for one in [*before, link, *after]}
        kin = {link.visitor}.union(*(people.visitors_of_user(user) for user in users))
        yield from ((visitor, since[link.visitor]) for visitor in kin)


def _touched(""",
        ),
    ),
    fault(
        "a link that marks nothing earlier than itself",
        PER_FACT,
        AFFECTED,
        "return [(visitor, since.get(visitor, 0)) for visitor in first]",
        "return list(first.items())",
    ),
    fault(
        "a click that two users of one computer share",
        IDENTITY,
        PATHS,
        "return whose(click), click.visitor, *own",
        'return "", click.visitor, *own',
    ),
    fault(
        "clicks that are read from one visitor of the person only",
        IDENTITY,
        CASES,
        "kin = people.kin({visitor for _, visitor, *_ in mine.values()})",
        "kin = {visitor: frozenset([visitor]) for _, visitor, *_ in mine.values()}",
    ),
    fault(
        "other conversions that are read from one visitor of the person only",
        IDENTITY,
        CASES,
        "visitors = {visitor for person in claimants for visitor in people.visitors(person)}",
        "visitors = {verdict.winner.visitor for verdict in verdicts}",
    ),
    fault(
        "touches of other users on a shared visitor get credit",
        IDENTITY,
        "conversions/verdicts/timelines.py",
        "in newest for touch in touches if timelines.people.of(touch) == person)",
        "in newest for touch in touches)",
    ),
    fault(
        "nothing is marked when a user becomes crowded",
        IDENTITY,
        AFFECTED,
        ", *((visitor, 0) for visitor in crowd_visitors(store, site, crowded))]",
        "]",
    ),
    fault(
        "a crowded user is announced before the buckets are marked",
        IDENTITY,
        PROCESS,
        "        self.marks.mark_places(",
        """
        for reach in reaches:
            self.store.announce(reach.site, reach.crowded)
        self.marks.mark_places(""",
    ),
]
