"""Names the links of a Markdown file that lead to no file beside it."""

import re
import sys
from pathlib import Path


def broken(path):
    """The targets that are not there."""
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text())
    return [target for target in targets if "://" not in target and not (path.parent / target).exists()]


def main(words):
    for target in broken(Path(words[0])):
        print(f"broken: {target}")


if __name__ == "__main__":
    main(sys.argv[1:])
