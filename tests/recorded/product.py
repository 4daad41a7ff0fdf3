"""All that the recorded tests import of the product: how facts are written, and the store's port.

Everything else goes by HTTP, by commands, and by the names of tables. A module that moves is followed here alone.
"""

from conversions.configuration.loading import forget_cached_sites
from conversions.facts.records import decode_fact, digest, encode_fact
from conversions.store.adapters import open_store
from conversions.store.port import Store

__all__ = ["Store", "decode_fact", "digest", "encode_fact", "forget_cached_sites", "open_store"]
