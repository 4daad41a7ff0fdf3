"""A recorded traffic of three sites: what this version answers to it must be, byte for byte, what was recorded."""
