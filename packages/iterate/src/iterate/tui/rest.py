"""What Python has to clear away: it does so while nothing happens, and never in the middle of a frame."""


def settle() -> None:
    """Let Python never look again at what was made for the start, and at the rest seldom, and when nothing happens."""
    import gc
    import sys

    # Not collected before: hardly anything of a start can be thrown away, and looking for it takes a key's time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
    # A thread that reads a flood of events gives way to a key.
    sys.setswitchinterval(0.0005)


def collect() -> None:
    """Clear away what was left."""
    import gc

    gc.collect()
