"""Terminals of the server: shells that go on when nobody looks, and what was seen of them. It knows no HTTP."""
