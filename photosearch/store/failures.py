"""Failures: files and folders that can't be read."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from photosearch.store.clock import now
from photosearch.text import display


class Stage(StrEnum):
    """The step at which reading failed."""

    WALK = "walk"  # a folder can't be opened
    DECODE = "decode"  # a file gives no pixels
    SIDECAR = "sidecar"  # a sidecar is damaged or out of reach
    METADATA = "metadata"  # what people wrote in a photo is damaged; the photo itself is read


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that can't be read, or only in part."""

    path: str
    reason: str
    size: int | None = None  # of a file, in bytes
    mtime_ns: int | None = None  # None: the system can't reach it
    stage: Stage = Stage.DECODE
    in_part: bool = False  # a part could be read


def write_failure(connection: sqlite3.Connection, failure: Failure) -> None:
    """Store a failure. If the path failed before, the time of its first failure stays."""
    connection.execute(
        """INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
           reason = excluded.reason, last_at = excluded.last_at, stage = excluded.stage""",
        (os.fsencode(failure.path), display(failure.path), failure.size, failure.mtime_ns,
         failure.reason, now(), now(), failure.stage),
    )  # fmt: skip


def list_failures(connection: sqlite3.Connection) -> list[dict[str, str]]:
    """Return the failures by path, each with path, reason, stage, and first and last time."""
    query = "SELECT display, reason, stage, first_at, last_at FROM failures ORDER BY path"
    names = ("path", "reason", "stage", "first_at", "last_at")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]
