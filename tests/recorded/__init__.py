"""Recorded traffic of three sites. The answers of this version must equal the recorded ones, byte for byte."""
