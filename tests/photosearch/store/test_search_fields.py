"""Search fields: the same in the program, the table, the text index and its triggers."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator

import pytest

from photosearch.store import schema
from photosearch.store.search_fields import (
    CAPTION_FIELDS,
    FIELD_NAMES,
    SEARCH_FIELDS,
    WRITTEN_FIELDS,
)

INDEXED = [*FIELD_NAMES, "spellings"]  # other spellings of the words in the fields


@pytest.fixture
def new() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        schema.migrate(connection)
        yield connection


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def test_the_fields_are_the_text_columns_of_the_table(new: sqlite3.Connection) -> None:
    assert {*columns(new, "search")} == {"photo_id", *INDEXED, "caption_source"}
    assert {*CAPTION_FIELDS} < {*FIELD_NAMES}
    assert WRITTEN_FIELDS == ("title", "description", "keywords", "people", "place", "notes")
    assert all(field.weight > 0 and field.label for field in SEARCH_FIELDS)


def test_the_text_index_has_the_fields_in_their_order(new: sqlite3.Connection) -> None:
    assert columns(new, "search_fts") == INDEXED


@pytest.mark.parametrize("trigger", ["search_inserted", "search_deleted", "search_updated"])
def test_the_triggers_copy_every_field(new: sqlite3.Connection, trigger: str) -> None:
    query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    (sql,) = new.execute(query, (trigger,)).fetchone()
    for row in ("old", "new"):
        used = re.findall(rf"{row}\.(\w+)", sql)
        assert used in ([], ["photo_id", *INDEXED])
    assert sql.count(", ".join(FIELD_NAMES[:3])) == 1 + (trigger == "search_updated")


def test_what_the_triggers_write_is_found_where_it_stands(new: sqlite3.Connection) -> None:
    new.execute("PRAGMA foreign_keys = OFF")
    names, marks = ", ".join(FIELD_NAMES), ", ".join("?" * len(FIELD_NAMES))
    insert = f"INSERT INTO search (photo_id, {names}) VALUES (1, {marks})"
    new.execute(insert, [f"word{name}" for name in FIELD_NAMES])
    for change in ("", "UPDATE search SET place = 'elsewhere'", "DELETE FROM search"):
        new.execute(change)
        for name in FIELD_NAMES:
            query = "SELECT count(*) FROM search_fts WHERE search_fts MATCH ?"
            (found,) = new.execute(query, (f"{name} : word{name}",)).fetchone()
            gone = change.startswith("DELETE") or (change and name == "place")
            assert found == (0 if gone else 1)
