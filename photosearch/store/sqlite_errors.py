"""What SQLite's errors mean for a library."""

from __future__ import annotations

import sqlite3


def is_damage(error: BaseException | None) -> bool:
    """Tell whether an error of SQLite's says that the file's content is wrong.

    A constraint counts too: where a library is opened, only rows that were damaged can break one,
    while they are migrated.
    """
    codes = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT)
    return isinstance(error, sqlite3.DatabaseError) and _code(error) in codes


def is_busy(error: BaseException | None) -> bool:
    """Tell whether an error of SQLite's says that another process keeps the file to itself."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_BUSY


def why(error: Exception) -> str:
    """Return what SQLite says of a file that can't be used, with what to do about it."""
    return f"{error}{_ADVICE.get(_code(error), '')}"


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF  # what it is of, without the details


_ADVICE = {
    sqlite3.SQLITE_FULL: ": free some space, then the same command goes on",
    sqlite3.SQLITE_IOERR: ": is the disk full, or broken? With space, the same command goes on",
    sqlite3.SQLITE_CORRUPT: ": photosearch doctor tells what can be saved",
    sqlite3.SQLITE_CONSTRAINT: ": photosearch doctor tells what can be saved",
}
