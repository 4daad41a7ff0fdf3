"""Fuzz: sends odd requests to every address of a running tracker. `make fuzz` is a long run; the suite has a short
one."""
