"""What was typed is text and nothing else."""

import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))

import store  # The task's own.

db = store.opened()
NOTES = ["a_b", "axb", "50% off", "500 off", "it's", "back\\slash", "A_B"]
for note in NOTES:
    store.add(db, note)
for words in ("a_b", "50%", "it's", "\\", "' OR '1'='1", "off", "", "x' UNION SELECT name FROM sqlite_master --"):
    assert store.find(db, words) == sorted(note for note in NOTES if words.lower() in note.lower()), words
