"""Trial: puts a fault into a copy of the checkout, and runs the test that must catch it."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.fault import Fault

#: Errors that mean that the fault is badly written or the test took too long. They don't count as caught.
MISTAKES = re.compile(r"\b(?:Name|Import|ModuleNotFound|Syntax|Type|Attribute|UnboundLocal)Error\b|Timeout \(>")
#: The variables of services. They are removed, because faults are tried embedded.
SERVICES = ("BROKER_URL", "CASSANDRA_URL", "ARCHIVE_URL", "DATABASE_URL")
TIMEOUT_SECONDS = 3_600


@dataclass(frozen=True)
class Trial:
    """Whether a fault was caught. `worlds`: in how many worlds; None if another test than the property caught it."""

    fault: Fault
    is_caught: bool
    test: str
    worlds: int | None
    seconds: float
    output: str


def copy_of(checkout: Path, folder: Path) -> Path:
    """Copy the files of a checkout that git doesn't ignore to a folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, folder / name)
    return folder


def put_in(fault: Fault, checkout: Path, worlds: int) -> Trial:
    """Try one fault in a checkout, then restore the checkout. Raises Moved."""
    before = {name: (checkout / name).read_text() for name in fault.sources(checkout)}
    try:
        for name, source in fault.sources(checkout).items():
            (checkout / name).write_text(source)
        return judge(fault, checkout, worlds)
    finally:
        for name, source in before.items():
            (checkout / name).write_text(source)


def judge(fault: Fault, checkout: Path, worlds: int) -> Trial:
    """Run the fault's test; return whether it failed."""
    options = ["-x", "-q", "--tb=line", "-m", "not services", "-p", "no:cacheprovider", "--hypothesis-show-statistics"]
    env = {name: value for name, value in os.environ.items() if name not in (*SERVICES, "CI")}
    # No bytecode: Python would not see that a source of the same second and size has changed. No examples of earlier
    # trials.
    own = {"WORLDS": str(worlds), "PYTHONDONTWRITEBYTECODE": "1"}
    shutil.rmtree(checkout / ".hypothesis", ignore_errors=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", fault.test, *options],
        cwd=checkout,
        env=env | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    failed = re.search(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)
    is_caught = done.returncode == 1 and failed is not None and not MISTAKES.search(done.stdout)
    test = failed[1] if failed else ""
    return Trial(fault, is_caught, test, worlds_of(done.stdout), time.monotonic() - began, done.stdout)


def worlds_of(output: str) -> int | None:
    """Return how many examples the failed test needed, by Hypothesis' statistics."""
    found = re.search(r"- (\d+) passing, ([1-9]\d*) failing", output)
    return int(found[1]) + 1 if found else None
