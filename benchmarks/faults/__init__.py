"""Faults and load, with counts: `make faults` runs each, and prints what was tried and what failed."""
