"""Loaded before the settings are: what the tests of one run write is apart from every other run's, and from var/."""

import atexit
import os
import shutil
import tempfile

RUN = f"test-{os.getpid()}"

os.environ["QUEUE_PREFIX"] = f"{RUN}."
if os.environ.get("ARCHIVE_URL"):
    os.environ["ARCHIVE_URL"] = f"{os.environ['ARCHIVE_URL'].rstrip('/')}/{RUN}"
os.environ["HITLEDGER_STATE"] = tempfile.mkdtemp(prefix="hitledger-")
atexit.register(shutil.rmtree, os.environ["HITLEDGER_STATE"], ignore_errors=True)
