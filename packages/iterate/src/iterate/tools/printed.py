"""What ripgrep, and our own search like it, print in place of the text of a long line."""

# Longer lines come without their text.
WIDEST = 1000
OMITTED = b"[Omitted long "
