"""Product: has all imports of the product in the recorded tests: the encoding of facts, the store's interface, and the
cache of sites.

Everything else uses HTTP, commands and names of tables. If a module moves, only this file changes.
"""

from conversions.configuration.loading import forget_cached_sites
from conversions.facts.records import decode_fact, digest, encode_fact
from conversions.store.adapters import open_store
from conversions.store.port import Store

__all__ = ["Store", "decode_fact", "digest", "encode_fact", "forget_cached_sites", "open_store"]
