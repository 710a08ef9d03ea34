"""Pages of a list."""


def count(items, size):
    """How many pages there are."""
    return len(items) // size


def page(items, number, size):
    """One page; the first has number 1."""
    if number < 1 or number > count(items, size):
        raise IndexError(number)
    return items[(number - 1) * size : number * size]
