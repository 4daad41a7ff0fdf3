"""Faults of conversions that are joined to a person by a click id. See decision 23."""

from tests.faults.facts import AFFECTED, REACH, RECORDS
from tests.faults.fault import WORLDS, fault
from tests.faults.readers import CLAIMS

JOINED, JOINING = "tests/conversions/verdicts/test_joined.py", "conversions/verdicts/joined.py"

CLICKS = [
    fault(
        "a touch that comes after the conversion is not joined with it",
        JOINED,
        JOINING,
        "for one in [*own, *_reached(store, site, touches)]}",
        "for one in own}",
    ),
    fault(
        "a conversion that comes after the touch is not joined with it",
        JOINED,
        JOINING,
        "for one in [*own, *_reached(store, site, touches)]}",
        "for one in _reached(store, site, touches)}",
    ),
    fault(
        "a joined row that doesn't mark later conversions of its visitor",
        JOINED,
        AFFECTED,
        "yield from ((row.visitor, earliest[row.claim]) for row in rows)",
        "yield from ((row.visitor, earliest[row.claim]) for row in rows if isinstance(row, Conversion))",
    ),
    fault(
        "joined rows that are not written",
        JOINED,
        REACH,
        "        store.add_facts(joined)\n",
        "",
    ),
    fault(
        "a conversion is joined to the touch of `/click` instead of the landing page's",
        JOINED,
        RECORDS,
        "return not self.touch.landed, order_key(self.touch)",
        "return self.touch.landed, order_key(self.touch)",
    ),
    fault(
        "every visitor with a joined row gets credit",
        JOINED,
        CLAIMS,
        "return tuple(first[key] for row in valid if (key := digest(row)) in first) if first else ()",
        "return tuple(row for row in rows if isinstance(row, Joined))",
    ),
    fault(
        "a touch that carries a hit id which its sender chose",
        JOINED,
        RECORDS,
        'self.hit if self.issued or self.landed else ""}',
        "self.hit}",
    ),
    fault(
        "a conversion that is joined with a click of any age",
        WORLDS,
        JOINING,
        "one.at - REACH_MS, one.at, 1)",
        "0, one.at, 1)",
        "if 0 <= conversion.at - touch.at <= REACH_MS)",
        "if touch.at <= conversion.at)",
    ),
    fault(
        "a crowded click id still joins conversions to touches",
        JOINED,
        "conversions/verdicts/people.py",
        "if not (isinstance(row, Joined) and row.conversion.click in crowded):",
        "if row:",
    ),
    fault(
        "nothing is marked when a click id becomes crowded",
        JOINED,
        AFFECTED,
        """    changed |= reader.naming([key[2:] for key in crowded if key.startswith("c:")])
""",
        "",
    ),
    fault(
        "conversions of a crowded click id that get joined rows",
        JOINED,
        JOINING,
        "[one for one in named.values() if one.click not in crowded]",
        "list(named.values())",
    ),
    fault(
        "a late touch that reads all conversions of its click id",
        JOINED,
        JOINING,
        "at + REACH_MS, person.MOST_NAMING)",
        "at + REACH_MS, 1 << 30)",
    ),
    fault(
        "a hit without consent keeps its visitor",
        WORLDS,
        "tracker/collection/consent.py",
        "            visitor=stand_in,\n",
        "",
    ),
]
