"""Orders."""

from shop.prices import price

DISCOUNT = 0.1


def total(names):
    """What they cost together."""
    return sum(price(name) for name in names)


def is_large(names):
    """Whether it gets a discount."""
    return len(names) > 10
