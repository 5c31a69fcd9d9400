"""How much room and time other spellings take, of photos with few and with many words by people.

python -m benchmarks.spellings_room

Room is what a library's file has less without them, compacted both times. Time is processor time.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.names import Case, Words, build
from photosearch.store.search_fields import SEARCH_FIELDS
from photosearch.store.spellings import spellings

PHOTOS = 1000
FIELDS = [field.name for field in SEARCH_FIELDS if field.by_person and field.name != "camera"]
KINDS: Mapping[str, Words] = {
    "a folder and a file name": {},
    "and a title, a description, keywords, people and a place": {
        "title": "The Boat to Murano",
        "description": "Anna and Jürgen on the boat, just before the rain came",
        "keywords": ("Venice", "boat", "rain", "holiday", "family"),
        "people": ("Anna Karenina", "Jürgen Müller"),
        "places": ("Murano",),
    },
}


def compacted(connection: sqlite3.Connection, path: str) -> int:
    """Return the size of a library's file in bytes, after its text index and it are compacted."""
    connection.execute("INSERT INTO search_fts (search_fts) VALUES ('optimize')")
    connection.commit()
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(path)


def main() -> None:
    print("| a photo with | bytes | bytes without other spellings | ms to spell |")
    print("|---|---|---|---|")
    for kind, words in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "photos.db"))
            build(path, Case("", words, [words] * (PHOTOS - 1)), others=0)
            with contextlib.closing(sqlite3.connect(path)) as connection:
                rows = connection.execute(f"SELECT {', '.join(FIELDS)} FROM search").fetchall()
                started = time.process_time()
                for row in rows:
                    spellings(dict(zip(FIELDS, row, strict=True)))
                spelt = time.process_time() - started
                whole = compacted(connection, path)
                connection.execute("UPDATE search SET spellings = ''")
                bare = compacted(connection, path)
            each = [f"{size / PHOTOS:,.0f}" for size in (whole, bare)]
            print(f"| {kind} | {' | '.join(each)} | {1000 * spelt / PHOTOS:.2f} |")


if __name__ == "__main__":
    main()
