"""Blobs: what a model made of photos, all of one length, read from a library in pieces."""

from __future__ import annotations

import sqlite3

import numpy as np

PIECE = 100_000


def read_blobs(
    connection: sqlite3.Connection,
    table: str,
    fingerprint: str,
    size: int,
    number: str | None = None,
    piece: int = PIECE,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read the blobs of the photos whose files are not known to be gone.

    Args:
        connection: to a library.
        table: with the columns photo_id and model_id. "vectors" has its blobs in the column
            "vector", "words" in the column "words".
        fingerprint: of the model that made the blobs. Blobs of other models are left out.
        size: bytes of a blob. A blob of another length is damaged, and left out.
        number: a column of numbers that is read, too.
        piece: size of the range of ids whose blobs are read at once.

    Returns:
        The ids of the photos, ascending, int64 (N,); the blobs, uint8 (N, size); the numbers,
        float32 (N,), or (0,) without a column.
    """
    column = {"vectors": "vector"}.get(table, table)
    numbers_of = "NULL" if number is None else f"group_concat({number})"
    query = f"""SELECT group_concat(photo_id), CAST(group_concat({column}, '') AS BLOB),
                       {numbers_of}
                FROM {table} WHERE photo_id BETWEEN ? AND ?
                AND model_id = (SELECT id FROM models WHERE fingerprint = ?)
                AND photo_id NOT IN (SELECT id FROM photos WHERE missing_since IS NOT NULL)
                AND length({column}) = ?"""
    photos, rows, numbers, start = [], [], [], _first(connection, table, 0)
    while start is not None:
        # SQLite joins the blobs, because a Python object for each row takes twice the time. It
        # joins them in pieces, because SQLite limits the length of a value. The rows of a range of
        # ids come in the order of ids.
        ids, joined, near = connection.execute(
            query, (start, start + piece - 1, fingerprint, size)
        ).fetchone()
        if ids is not None:
            photos.append(np.fromstring(ids, np.int64, sep=","))
            rows.append(np.frombuffer(joined, np.uint8).reshape(-1, size))
            numbers.append(np.fromstring(near or "", np.float32, sep=","))
        start = _first(connection, table, start + piece)
    if len(photos) == 1:  # without a copy
        return photos[0], rows[0], numbers[0]
    none = np.empty(0, np.int64), np.empty((0, size), np.uint8), np.empty(0, np.float32)
    return (
        np.concatenate([none[0], *photos]),
        np.concatenate([none[1], *rows]),
        np.concatenate([none[2], *numbers]),
    )


def _first(connection: sqlite3.Connection, table: str, least: int) -> int | None:
    """Return the lowest id, from `least` on, of a photo with a blob, or None."""
    query = f"SELECT min(photo_id) FROM {table} WHERE photo_id >= ?"
    first: int | None = connection.execute(query, (least,)).fetchone()[0]
    return first
