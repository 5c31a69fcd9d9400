"""The doctor: a check of a library's file, with the repairs that are safe."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from photosearch.errors import LibraryError
from photosearch.files.drives import is_emptied
from photosearch.files.file import File, PassedOver, Skipped
from photosearch.files.paths import outermost, root_of, top_of
from photosearch.files.roots import root_among, why_unreachable
from photosearch.files.sidecars import list_sidecars
from photosearch.files.walk import walk
from photosearch.repair import unusable
from photosearch.repair.unusable import ModelInUse
from photosearch.store import database, schema
from photosearch.store.descriptions import count_vectors_of_others
from photosearch.store.known import known_below
from photosearch.store.roots import all_roots, outer_roots
from photosearch.store.search_rows import is_folder_of, search_values, write_search_row
from photosearch.store.sqlite_errors import is_damage
from photosearch.text import counted, display

# SQLite's words if an index differs from its table, and the table's rows are whole.
_INDEX_ONLY = re.compile(r"missing from index|wrong # of entries in index")


@dataclass(frozen=True, slots=True)
class Files:
    """A comparison of a library with its folders."""

    not_indexed: int = 0  # photos on disk that the library doesn't know
    gone: int = 0  # photos that the library shows, but whose files are gone
    unreachable: dict[str, str] = field(default_factory=dict)  # reasons, by root; not counted


@dataclass(frozen=True, slots=True)
class Report:
    """The faults of a library, repaired or not."""

    damage: str | None = None  # of the file itself; if there is any, nothing else was checked
    repaired: bool = False
    indexes: bool = False  # SQLite's own indexes differ from their tables
    definitions: int = 0  # definitions of indexes, triggers and text index: gone or changed
    text_index: bool = False  # the text index differs from its rows
    rows: int = 0  # rows of searched text: absent, out of date or too many
    vectors: int = 0  # vectors that can't be used: see `unusable.vectors`
    words: int = 0  # photos whose likeliest words can't be used: see `unusable.words`
    confidences: int = 0  # captions whose confidence can't be used: see `unusable.confidences`
    dates: int = 0  # photos whose stored dates can't be used: see `unusable.dates`
    photos: int = 0  # photos that aren't hidden
    undescribed: int = 0  # photos that aren't hidden and lack captions, tags or a vector
    outdated: int = 0  # photos that aren't hidden, whose vector is not of the model in use
    unread: int = 0  # photos that aren't hidden, whose metadata is still to be read
    files: Files = Files()

    @property
    def faults(self) -> list[str]:
        """The faults that can be repaired, or were repaired, in words."""
        faults = ["indexes"] * self.indexes + ["text index"] * self.text_index
        faults += [counted(self.definitions, "definition")] * (self.definitions > 0)
        faults += [counted(self.rows, "search row")] * (self.rows > 0)
        faults += [counted(self.vectors, "vector")] * (self.vectors > 0)
        faults += [f"words of {counted(self.words, 'photo')}"] * (self.words > 0)
        what = f"confidence of {counted(self.confidences, 'caption')}"
        faults += [what] * (self.confidences > 0)
        return faults + [f"dates of {counted(self.dates, 'photo')}"] * (self.dates > 0)

    @property
    def state(self) -> str:
        """The state in a word: healthy, repaired, wrong (it can be repaired) or damaged."""
        if self.damage is not None:
            return "damaged"
        if self.faults:
            return "repaired" if self.repaired else "wrong"
        return "healthy"

    def __str__(self) -> str:
        """Return the report as one line."""
        if self.damage is not None:
            return (
                f"damaged: {self.damage}: photosearch doctor --salvage NEW.db saves what can be "
                "read"
            )
        counts = [
            counted(self.photos, "photo"),
            *[f"{counted(self.files.not_indexed, 'file')} not indexed yet"]
            * (self.files.not_indexed > 0),
            *[f"{counted(self.files.gone, 'photo')} whose files are gone"] * (self.files.gone > 0),
            *[f"{self.undescribed:,} not wholly described (photosearch index --upgrade)"]
            * (self.undescribed > 0),
            *[
                f"{self.outdated:,} described by another model, so that only words find them "
                "(photosearch index --upgrade)"
            ]
            * (self.outdated > 0),
            *[f"{self.unread:,} whose metadata is to be read again (photosearch index)"]
            * (self.unread > 0),
        ]
        cure = " (photosearch doctor repairs that)" if self.state == "wrong" else ""
        faults = f"{', '.join(self.faults)}{cure}; " if self.faults else ""
        return f"{self.state}: {faults}{', '.join(counts)}"


def visit(path: str, *, check: bool = False, model: Path | None = None) -> Report:
    """Look for what is wrong with a library's file, and repair what is safe.

    Args:
        path: the file.
        check: repair nothing.
        model: the folder that a person names; None: see `photosearch.store.library_model`.

    Returns:
        What was found. If the file is damaged, the report says so, and the file stays as it is.

    Raises:
        LibraryError: the file is missing, is no library, can't be written, or is being indexed.
    """
    path = os.path.abspath(path)
    if not os.path.lexists(path):
        raise LibraryError(f"no library at {display(path)}: make one with photosearch index FOLDER")
    if os.path.isfile(path) and not database.file_size(path):
        raise LibraryError(f"{display(path)} is empty: there is no library in it")
    try:
        if check:  # a copy, because SQLite checks a text index by a write
            with contextlib.closing(database.open_copy(path)) as copy:
                return examine(copy, ModelInUse.of(copy, path, model), repair=False)
        with database.changing(path) as connection:
            return examine(connection, ModelInUse.of(connection, path, model), repair=True)
    except (LibraryError, sqlite3.DatabaseError) as error:
        cause = error.__cause__ if isinstance(error, LibraryError) else error
        if not is_damage(cause):
            raise
        return Report(damage=str(cause))


def examine(
    connection: sqlite3.Connection, model: ModelInUse | None = None, *, repair: bool
) -> Report:
    """Check a library's file, its rows and its folders.

    Args:
        connection: to the library, for writing, while no other process indexes.
        model: the model in use; None: nothing is compared with it.
        repair: replace what can be made from other rows; if False, nothing is changed.

    Raises:
        sqlite3.Error: the file can't be read or written.
    """
    damage = damages(connection)
    indexes = bool(damage) and all(_INDEX_ONLY.search(line) for line in damage)
    if indexes and repair:
        with connection:
            connection.execute("REINDEX")
        damage = damages(connection)
    elif indexes:
        damage = []
    if damage:
        return Report(damage=damage[0])
    definitions = len(schema.lost(connection))
    text_index = text_index_is_wrong(connection)
    if (definitions or text_index) and repair:
        schema.remake(connection)
    rows = list(wrong_rows(connection))
    vectors, words = unusable.vectors(connection), unusable.words(connection, model)
    confidences, dates = unusable.confidences(connection), unusable.dates(connection)
    if repair:
        mend_rows(connection, rows)
        unusable.take_out(
            connection, vectors=vectors, words=words, captions=confidences, dates=dates
        )
    counts = """SELECT count(*), count(*) FILTER (
                    WHERE rank IS NULL OR vector IS NULL OR tags_model_id IS NULL),
                    count(*) FILTER (WHERE metadata_unread)
                FROM photos LEFT JOIN captions ON captions.photo_id = id AND rank = 0
                LEFT JOIN vectors ON vectors.photo_id = id WHERE missing_since IS NULL"""
    photos, undescribed, unread = connection.execute(counts).fetchone()
    outdated = count_vectors_of_others(connection, model.fingerprints) if model else 0
    report = Report(
        None, repair, indexes, definitions, text_index, len(rows), len(vectors), len(words),
        len(confidences), len(dates), photos, undescribed, outdated, unread, compare(connection),
    )  # fmt: skip
    return replace(report, repaired=repair and bool(report.faults))


def damages(connection: sqlite3.Connection) -> list[str]:
    """Return the damages of the file itself, a line each.

    Faults that `examine` can repair are left out.
    """
    # Newer versions of SQLite check full-text indexes here, too.
    lines = [
        " ".join(line.replace("*** in database main ***", "").split())
        # Without a number SQLite stops at 100 lines, and the line that matters may come later.
        for (line,) in connection.execute("PRAGMA integrity_check(1000000)")
        if line != "ok" and "inverted index" not in line
    ]
    orphans: dict[str, int] = {}
    for table, *_ in connection.execute("PRAGMA foreign_key_check"):
        if table != "search":  # its rows are repaired
            orphans[table] = orphans.get(table, 0) + 1
    gone = schema.known().keys() - schema.tables(connection).keys()
    tables = sorted(name for name in gone if not name.startswith("search_"))
    return (
        [f"the table {name} is gone" for name in tables]
        + lines
        + [
            f"{counted(count, 'row')} of {table} without what they belong to"
            for table, count in orphans.items()
        ]
    )


def text_index_is_wrong(connection: sqlite3.Connection) -> bool:
    """Return whether the full-text index differs from its rows."""
    try:
        with connection:
            connection.execute(
                "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
            )
    except sqlite3.DatabaseError as error:
        # If SQLite can't even open the index, it reports a plain error, not damage.
        if not is_damage(error) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return True
    return False


def wrong_rows(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield the ids of photos whose row in `search` is absent, out of date or out of place."""
    hidden = """SELECT photo_id FROM search LEFT JOIN photos ON photos.id = photo_id
                WHERE path IS NULL OR missing_since IS NOT NULL"""
    yield from [photo_id for (photo_id,) in connection.execute(hidden).fetchall()]
    cursor = connection.execute("SELECT * FROM search ORDER BY photo_id")
    names = [column[0] for column in cursor.description]
    rows = (dict(zip(names, row, strict=True)) for row in cursor)
    row = next(rows, None)
    query = """SELECT id, path, metadata_unread FROM photos
               WHERE missing_since IS NULL AND path IS NOT NULL ORDER BY id"""
    for photo_id, path, unread in connection.execute(query):
        while row is not None and row["photo_id"] < photo_id:
            row = next(rows, None)
        if row is None or row["photo_id"] != photo_id:
            yield photo_id
            continue
        expected = search_values(connection, photo_id)
        # An older library gets other spellings when its metadata are read again.
        left_out = ("folder", "spellings") if unread else ("folder",)
        wrong = any(row[name] != value for name, value in expected.items() if name not in left_out)
        if wrong or not is_folder_of(row["folder"], os.fsdecode(path)):
            yield photo_id


def mend_rows(connection: sqlite3.Connection, photos: list[int]) -> None:
    """Replace or remove the rows of photos in `search`, in one transaction.

    Args:
        connection: to the library, for writing.
        photos: the ids of the photos.
    """
    roots = set(outer_roots(connection))
    with connection:
        for photo_id in photos:
            query = """SELECT path, folder FROM photos
                       LEFT JOIN search ON photo_id = id
                       WHERE id = ? AND missing_since IS NULL AND path IS NOT NULL"""
            found = connection.execute(query, (photo_id,)).fetchone()
            if found is None:
                connection.execute("DELETE FROM search WHERE photo_id = ?", (photo_id,))
                continue
            path, folder = os.fsdecode(found[0]), found[1]
            kept = folder is not None and is_folder_of(folder, path)
            write_search_row(connection, photo_id, None if kept else top_of(path, roots))


def compare(connection: sqlite3.Connection) -> Files:
    """Compare a library with its folders; no photo is opened.

    If a root is empty, it counts as unreachable: its drive may have been unplugged.
    """
    new = gone = 0
    unreachable = {}
    sidecars_in = functools.cache(list_sidecars)
    given = set(all_roots(connection))
    roots = set(outermost(given))
    for root in sorted(roots):
        known = known_below(connection, root)
        try:
            at = root_among(root, given)
            entries = walk(root, at.rules, at.inner, at.outer, sidecars_in)
            if known and is_emptied(root):
                unreachable[root] = "it is empty"
                continue
        except (OSError, ValueError) as error:  # ValueError: a damaged row's path
            unreachable[root] = why_unreachable(error, root)
            continue
        closed = []
        for entry in entries:
            if isinstance(entry, PassedOver):
                continue
            before = known.pop(entry.path, None)
            if isinstance(entry, Skipped):
                closed.append(os.path.join(entry.path, ""))
            elif entry.twin is not None:  # the twin stands in, or is hidden
                known.pop(entry.twin.path, None)
            new += before is None and isinstance(entry, File)
        gone += sum(
            not before.missing and before.reason is None and not path.startswith(tuple(closed))
            for path, before in known.items()
        )
    query = "SELECT path FROM photos WHERE missing_since IS NULL AND path IS NOT NULL"
    for (key,) in connection.execute(query):
        path = os.fsdecode(key)
        gone += root_of(path, roots) is None and not os.path.lexists(path)
    return Files(new, gone, unreachable)
