"""Isolated: a pytest plugin loaded before the settings. It separates what this run writes from other runs and from
var/."""

import atexit
import os
import shutil
import tempfile

RUN = f"test-{os.getpid()}"

# Figures of the dates in tests must never become too old to change.
os.environ["RETENTION_DAYS"] = "3660"
os.environ["QUEUE_PREFIX"] = f"{RUN}."
if os.environ.get("ARCHIVE_URL"):
    os.environ["ARCHIVE_URL"] = f"{os.environ['ARCHIVE_URL'].rstrip('/')}/{RUN}"
os.environ["HITLEDGER_STATE"] = tempfile.mkdtemp(prefix="hitledger-")
atexit.register(shutil.rmtree, os.environ["HITLEDGER_STATE"], ignore_errors=True)
