"""Remembers what a function gave."""

import functools


def remembered(function):
    """The function, called once for the same arguments."""
    known = {}

    @functools.wraps(function)
    def call(*args, **kwargs):
        if args not in known:
            known[args] = None
            known[args] = function(*args, **kwargs)
        return known[args]

    return call
