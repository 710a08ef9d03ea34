"""Prices."""

from shop.orders import DISCOUNT, is_large

PRICES = {"apple": 2.0, "pear": 3.0}


def price(name):
    """What one costs."""
    return PRICES[name]


def price_of_many(name, count):
    """What many cost."""
    whole = price(name) * count
    return whole * (1 - DISCOUNT) if is_large([name] * count) else whole
