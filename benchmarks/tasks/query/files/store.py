"""Notes in a database."""

import sqlite3


def opened():
    """A database with a few notes."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE notes (text TEXT)")
    return db


def add(db, text):
    """Keep a note."""
    db.execute("INSERT INTO notes VALUES (?)", (text,))


def find(db, words):
    """The notes that hold these words, in the order of the alphabet."""
    rows = db.execute(f"SELECT text FROM notes WHERE text LIKE '%{words}%' ORDER BY text")
    return [row[0] for row in rows]
