"""Reading: opens the store for reports and pages. If the store doesn't answer, the caller gets an error within two
seconds."""

from django.conf import settings

from conversions.store.adapters import open_store
from conversions.store.port import Store, StoreUnavailable
from tracker.probe import Probe, ask_all

#: All readers of a process share this check of the store, which runs at most once a second.
PROBE = Probe("store of facts, for readers,", lambda: open_store().check())


def open_to_read() -> Store:
    """Return the store of this process. Raises StoreUnavailable within two seconds if Cassandra doesn't answer."""
    if settings.CASSANDRA_URL and ask_all([PROBE])[PROBE.name].state != "up":
        raise StoreUnavailable("Cassandra does not answer in time")
    return open_store()
