"""Search rows: which text is the caption, in new libraries and in migrated ones."""

import contextlib
import itertools
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photosearch.photo.user_metadata import UserMetadata
from photosearch.repair.doctor import wrong_rows
from photosearch.store import database, schema
from photosearch.store.search_fields import FIELD_NAMES, WRITTEN_FIELDS
from photosearch.store.search_rows import (
    CaptionSource,
    search_values,
    shown_caption,
    write_search_row,
)
from photosearch.store.user_metadata import write_user_metadata

TEXTS = st.none() | st.sampled_from(["", "a dog", "Rex"])


@given(st.dictionaries(st.sampled_from(CaptionSource), TEXTS))
def test_the_caption_is_what_the_readme_says(texts: dict[CaptionSource, str | None]) -> None:
    """An edit, else the alt text, the description, the title, else what the captioner says."""
    edit = texts.get(CaptionSource.EDIT)
    alt_text, description = texts.get(CaptionSource.ALT_TEXT), texts.get(CaptionSource.DESCRIPTION)
    title, generated = texts.get(CaptionSource.TITLE), texts.get(CaptionSource.GENERATED)
    if edit is not None:
        expected = (edit, "edit")
    elif alt_text or description or title:
        source = "alt_text" if alt_text else "description" if description else "title"
        expected = (alt_text or description or title or "", source)
    else:
        expected = (generated or "", "generated")
    shown = shown_caption(texts)
    assert (shown.text, shown.source) == expected


def fill(connection: sqlite3.Connection) -> int:
    """Write a photo for every combination of texts by people, and its row as version 4 had it."""
    choices = itertools.product([None, "", "edited"], ["", "alt"], ["", "described"], ["", "named"])
    connection.execute("INSERT INTO runs (id, started_at) VALUES (1, '')")
    connection.execute("INSERT INTO models VALUES (1, 'm', 'f', '', 'captions')")
    number = 0
    for number, (edit, alt_text, description, title) in enumerate(choices, 1):
        connection.execute(
            """INSERT INTO photos (id, path, display, size, mtime_ns, inode, format, width, height,
               run_id) VALUES (?, ?, '', 1, 1, 1, 'PNG', 1, 1, 1)""",
            (number, b"/p/%d.png" % number),
        )
        row = (number, "generated words")
        connection.execute(
            """INSERT INTO captions (photo_id, rank, text, log_probability, tokens, model_id)
               VALUES (?, 0, ?, -1.0, 3, 1)""",
            row,
        )
        if edit is not None:
            connection.execute("INSERT INTO edits VALUES (?, ?, '')", (number, edit))
        if alt_text or description or title or number % 5 == 0:
            values = (number, title, description, alt_text)
            connection.execute(
                """INSERT INTO user_metadata (photo_id, title, description, alt_text, keywords,
                   rating) VALUES (?, ?, ?, ?, '', 3)""",
                values,
            )
        person = edit if edit is not None else alt_text or description or title
        said = [person] * (edit is not None or bool(person)) + ["generated words"]
        connection.execute(
            """INSERT INTO search (photo_id, caption, alternatives, tags, title, description,
               keywords, place, camera, folder, filename)
               VALUES (?, ?, ?, '', ?, ?, '', '', '', 'p', ?)""",
            (
                number, said[0], "\n".join(said[1:]), title,
                "\n".join(filter(None, (description, alt_text))), f"{number}.png",
            ),
        )  # fmt: skip
    return number


def test_a_migrated_library_knows_where_its_captions_are_from(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        schema.migrate(connection, 4)
        with connection:
            count = fill(connection)
    with contextlib.closing(database.open_for_writing(str(path))) as connection:
        assert list(wrong_rows(connection)) == []
        query = "SELECT caption_source, count(*) FROM search GROUP BY 1"
        found = dict(connection.execute(query).fetchall())
        assert found == {"edit": 16, "alt_text": 4, "description": 2, "title": 1, "generated": 1}
        assert sum(found.values()) == count
        query = f"SELECT photo_id, {', '.join(FIELD_NAMES)}, caption_source FROM search"
        before = connection.execute(query).fetchall()
        for number in range(1, count + 1):
            write_search_row(connection, number)
        assert connection.execute(query).fetchall() == before


@pytest.mark.parametrize("source", ["edit", "title"])
def test_a_wrong_source_is_a_wrong_row(tmp_path: Path, source: str) -> None:
    with contextlib.closing(database.open_for_writing(str(tmp_path / "x.db"))) as connection:
        fill(connection)
        for number in range(1, 25):
            write_search_row(connection, number)
        assert list(wrong_rows(connection)) == []
        query = "SELECT photo_id FROM search WHERE caption_source = 'generated'"
        (number,) = connection.execute(query).fetchone()
        query = "UPDATE search SET caption_source = ? WHERE photo_id = ?"
        connection.execute(query, (source, number))
        assert list(wrong_rows(connection)) == [number]


def test_each_word_of_people_is_searched_in_its_field(tmp_path: Path) -> None:
    said = UserMetadata(
        "Rome", "On the bridge", "Ann waves", ("bridge", "Italy"), 4, ("Ann", "Zoë Ray"),
        ("Trevi", "Rome"), ("Anniversary", "東京"),
    )  # fmt: skip
    with contextlib.closing(database.open_for_writing(str(tmp_path / "x.db"))) as connection:
        number = fill(connection)
        write_user_metadata(connection, number, said)
        row = search_values(connection, number)
        assert {name: row[name] for name in WRITTEN_FIELDS} == {
            "title": "Rome", "description": "On the bridge\nAnn waves",
            "keywords": "bridge\nItaly", "people": "Ann\nZoë Ray", "place": "Trevi\nRome",
            "notes": "Anniversary\n東京",
        }  # fmt: skip
        write_user_metadata(connection, number, UserMetadata(rating=0))
        row = search_values(connection, number)
        assert not any(row[name] for name in WRITTEN_FIELDS)


@pytest.mark.parametrize(("said", "stored"), [(-1, -1), (0, None), (3, 3), (None, None)])
def test_no_stars_are_stored_as_no_rating(
    tmp_path: Path, said: int | None, stored: int | None
) -> None:
    with contextlib.closing(database.open_for_writing(str(tmp_path / "x.db"))) as connection:
        number = fill(connection)
        write_user_metadata(connection, number, UserMetadata("Rome", rating=said))
        query = "SELECT rating FROM user_metadata WHERE photo_id = ?"
        assert connection.execute(query, (number,)).fetchone() == (stored,)
