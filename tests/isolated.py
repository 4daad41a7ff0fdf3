"""Loaded before the settings are: what the tests of one run write is apart from every other run's, and from var/."""

import atexit
import os
import shutil
import tempfile

RUN = f"test-{os.getpid()}"

# Hits of the dates that tests name must not be frozen in years to come.
os.environ["RETENTION_DAYS"] = "3660"
os.environ["QUEUE_PREFIX"] = f"{RUN}."
if os.environ.get("ARCHIVE_URL"):
    os.environ["ARCHIVE_URL"] = f"{os.environ['ARCHIVE_URL'].rstrip('/')}/{RUN}"
os.environ["HITLEDGER_STATE"] = tempfile.mkdtemp(prefix="hitledger-")
atexit.register(shutil.rmtree, os.environ["HITLEDGER_STATE"], ignore_errors=True)
