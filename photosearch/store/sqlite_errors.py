"""SQLite's errors: what they mean for a library."""

from __future__ import annotations

import sqlite3


def is_damage(error: BaseException | None) -> bool:
    """Return whether an error of SQLite's says that the file's content is wrong.

    A broken constraint counts, too: while a library is opened and migrated, only damaged rows can
    break a constraint.
    """
    codes = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT)
    return isinstance(error, sqlite3.DatabaseError) and _code(error) in codes


def is_busy(error: BaseException | None) -> bool:
    """Return whether an error of SQLite's says that another process locks the file."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_BUSY


def why(error: Exception) -> str:
    """Return SQLite's message about a file that can't be used, with what to do about it."""
    return f"{error}{_ADVICE.get(_code(error), '')}"


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF  # the kind of error, without the details


_ADVICE = {
    sqlite3.SQLITE_FULL: ": free some space, then the same command goes on",
    sqlite3.SQLITE_IOERR: ": is the disk full, or broken? With space, the same command goes on",
    sqlite3.SQLITE_CORRUPT: ": photosearch doctor tells what can be saved",
    sqlite3.SQLITE_CONSTRAINT: ": photosearch doctor tells what can be saved",
}
