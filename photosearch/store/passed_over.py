"""What was passed over: pictures and videos that can't be read, counted by kind in each root."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping

from photosearch.store.roots import all_roots
from photosearch.store.settings import read_json, write_setting

_SETTING = "passed_over"


def write_passed_over(
    connection: sqlite3.Connection, counts: Mapping[str, Mapping[str, int]]
) -> bool:
    """Store the counts of roots that were walked, by root and kind, in place of earlier counts.

    The counts of other roots stay. Counts of folders that are no roots any more are dropped.

    Returns:
        Whether any count changed, or isn't stored.
    """
    before = _counts(connection)
    known = set(all_roots(connection))
    after = {
        root: dict(found) for root, found in {**before, **counts}.items() if root in known and found
    }
    if after == before:  # of a folder within a root, nothing is stored
        return any(found for root, found in counts.items() if root not in known)
    write_setting(connection, _SETTING, json.dumps(after) if after else None)
    return True


def read_passed_over(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the counts in all roots together, by kind."""
    known = set(all_roots(connection))
    total: Counter[str] = Counter()
    for root, found in _counts(connection).items():
        if root in known:
            total.update(found)
    return dict(total)


def _counts(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Return the stored counts by root and kind; damaged counts are left out."""
    stored = read_json(connection, _SETTING)
    return {
        root: {kind: count for kind, count in found.items() if isinstance(count, int)}
        for root, found in (stored.items() if isinstance(stored, dict) else ())
        if isinstance(found, dict)
    }
