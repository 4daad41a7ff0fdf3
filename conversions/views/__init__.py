"""The views of support's API: decode, call one function, map errors."""
