"""Counts words."""

import argparse
from collections import Counter
from pathlib import Path


def counted(text):
    """The words with their counts, the most frequent first."""
    return sorted(Counter(text.lower().split()).items(), key=lambda each: (-each[1], each[0]))


def main(words=None):
    parser = argparse.ArgumentParser(description="Counts words.")
    parser.add_argument("file", type=Path)
    given = parser.parse_args(words)
    for word, count in counted(given.file.read_text()):
        print(f"{count} {word}")


if __name__ == "__main__":
    main()
