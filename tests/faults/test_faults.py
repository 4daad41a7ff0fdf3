"""Each deliberate fault still fits: the source has the text that it changes, and the test that must catch it exists."""

import ast
from itertools import chain

import pytest

from tests.faults.catalogue import CATALOGUE
from tests.faults.fault import Change, Fault, Moved
from tests.running import CHECKOUT

FAULTS = list(chain.from_iterable(CATALOGUE.values()))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_applies_to_the_source_and_leaves_valid_python(fault: Fault) -> None:
    for source in fault.sources(CHECKOUT).values():
        ast.parse(source)


@pytest.mark.parametrize("test", sorted({fault.test for fault in FAULTS}))
def test_the_test_that_catches_a_fault_exists(test: str) -> None:
    file, *names = test.split("::")
    tree = ast.parse((CHECKOUT / file).read_text())
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert set(names) <= defined


def test_no_two_faults_have_one_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("source", ["nothing of it", "once and once"])
def test_a_fault_that_no_longer_fits_the_source_says_so(source: str) -> None:
    with pytest.raises(Moved):
        Change("a.py", "once", "twice").applied_to(source)
