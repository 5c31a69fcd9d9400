"""Descriptions: each part is kept until it is made anew, and a person's word before all."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.description import PARTS, Caption, Description, Tag
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.descriptions import Models, model_ids, use_models
from photosearch.store.edits import write_edit
from photosearch.store.known import known_below
from photosearch.store.photos import Photo, set_found, set_missing, write_batch
from photosearch.store.runs import start_run
from photosearch.store.search_rows import write_search_row
from photosearch.store.spellings import MARK

PATH = "/home/Photos/Lake/a.jpg"


FIRST = Description(
    [Caption("a boat", -1.0, 3, 0.5, (("boat", 0.75),)), Caption("a hull", -1.0, 3)],
    [Tag("boat", 0.75, True, ("vessel", "craft"))],
    b"first",
    0.25,
    b"some words",
)
SECOND = Description(
    [Caption("a swan", -1.0, 3)],
    [Tag("bird", 0.75, True, ("creature",)), Tag("swan", 0.4, False)],
    b"2",
    -0.5,
    b"other words",
)


@dataclass
class Shelf:
    """A library to describe a photo in."""

    connection: sqlite3.Connection
    run: int

    def models(self, number: int) -> Models:
        fingerprints = {part: f"{part} {number}" for part in PARTS}
        return use_models(self.connection, self.run, f"model {number}", fingerprints)

    def describe(self, seen: Description, model: int = 1, path: str = PATH) -> None:
        photo = Photo(File(path, 1, 1, 1), "/home/Photos", "JPEG", 4, 3, Exif(camera="Canon"), seen)
        write_batch(self.connection, self.run, self.models(model), [photo], [])

    def row(self) -> dict[str, str]:
        """Return what full-text search sees of the only photo."""
        cursor = self.connection.execute("SELECT * FROM search")
        names = [name for name, *_ in cursor.description]
        (row,) = cursor.fetchall()
        return dict(zip(names[1:], row[1:], strict=True))

    def held(self) -> dict[str, list[Any]]:
        """Return what each part holds, and by which model."""
        queries = {
            "captions": """SELECT rank, text, log_probability, tokens, confidence,
                                  word_confidences, model_id FROM captions""",
            "tags": """SELECT rank, text, synonyms, probability, shown, tags_model_id
                       FROM tags JOIN photos ON id = photo_id""",
            "words": "SELECT words, model_id FROM words",
            "vectors": "SELECT vector, hubness, model_id FROM vectors",
        }
        return {part: self.connection.execute(query).fetchall() for part, query in queries.items()}

    def find(self, query: str) -> Hits:
        return find(self.connection, query)


def find(connection: sqlite3.Connection, query: str) -> Hits:
    return Searcher(connection, lambda: None).find(Query(query))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    connection = database.open_for_writing(str(tmp_path / "library.db"))
    yield Shelf(connection, start_run(connection))
    connection.close()


# Parts


def test_a_description_is_kept_whole(shelf: Shelf) -> None:
    shelf.describe(FIRST)
    numbers = shelf.models(1)
    assert shelf.held() == {
        "captions": [
            (0, "a boat", -1.0, 3, 0.5, '[["boat", 0.75]]', numbers.captions),
            (1, "a hull", -1.0, 3, None, None, numbers.captions),
        ],
        "tags": [(0, "boat", "vessel\ncraft", 0.75, 1, numbers.tags)],
        "words": [(b"some words", numbers.tags)],
        "vectors": [(b"first", 0.25, numbers.vectors)],
    }  # fmt: skip
    assert shelf.row() == {
        "caption": "a boat", "alternatives": "a hull", "tags": "boat\nvessel\ncraft",
        "title": "", "description": "", "keywords": "", "people": "", "place": "", "notes": "",
        "camera": "Canon", "folder": "Photos/Lake", "filename": "a.jpg", "spellings": f"lake{MARK}",
        "caption_source": "generated",
    }  # fmt: skip


@pytest.mark.parametrize("parts", [(), *[(part,) for part in PARTS], PARTS[:2], PARTS[1:], PARTS])
def test_parts_that_were_not_made_are_kept(shelf: Shelf, parts: tuple[str, ...]) -> None:
    shelf.describe(FIRST)
    before = shelf.held()
    made = {"captions": SECOND.captions, "tags": SECOND.tags, "vectors": SECOND.vector}
    some = [made[part] if part in parts else None for part in PARTS]
    words = SECOND.words if "tags" in parts else None
    made_then = Description(*some)  # type: ignore[arg-type]
    shelf.describe(replace(made_then, words=words), 2)
    after = shelf.held()
    first, second = shelf.models(1), shelf.models(2)
    for part in PARTS:
        assert (after[part] == before[part]) == (part not in parts)
        model = getattr(second if part in parts else first, part)
        assert {row[-1] for row in after[part]} == {model}
    expected = (b"other words", second.tags) if "tags" in parts else (b"some words", first.tags)
    assert after["words"] == [expected]
    (known,) = known_below(shelf.connection, "/").values()
    assert known.models == tuple(
        getattr(second if part in parts else first, part) for part in PARTS
    )
    assert len(shelf.find("swan")) == bool({"captions", "tags"} & {*parts})
    assert len(shelf.find("hull")) == ("captions" not in parts)
    assert len(shelf.find("vessel")) == ("tags" not in parts)


def test_no_tags_at_all_are_a_result_too(shelf: Shelf) -> None:
    shelf.describe(FIRST)
    shelf.describe(Description(tags=[]), 2)
    assert shelf.held()["tags"] == shelf.held()["words"] == []
    assert shelf.find("vessel") == []
    (known,) = known_below(shelf.connection, "/").values()
    assert known.models[1] == shelf.models(2).tags


def test_models_are_numbered_once_and_by_part(shelf: Shelf) -> None:
    first, second = shelf.models(1), shelf.models(2)
    assert len({*vars_of(first), *vars_of(second)}) == 6
    assert shelf.models(1) == first
    mixed = {"captions": "captions 1", "tags": "tags 2", "vectors": "vectors 9"}
    assert model_ids(shelf.connection, mixed) == (first.captions, second.tags, None)
    query = "SELECT name, fingerprint, part FROM models WHERE id = ?"
    for part in PARTS:
        row = shelf.connection.execute(query, (getattr(first, part),)).fetchone()
        assert row == ("model 1", f"{part} 1", part)


def vars_of(models: Models) -> list[int]:
    return [getattr(models, part) for part in PARTS]


def test_a_tag_is_found_by_its_synonyms_and_shown_if_it_is_sure(shelf: Shelf) -> None:
    shelf.describe(SECOND)
    for query in ("bird", "creatures", "swan"):
        (result,) = shelf.find(query)
        assert result.tags == ["bird"]
    (result,) = shelf.find("creature")
    assert result.matches == {"tags": ["creature"]}
    assert shelf.row()["tags"] == "bird\ncreature\nswan"


# Edits


def test_an_edit_comes_first_and_can_be_taken_back(shelf: Shelf) -> None:
    shelf.describe(FIRST)
    before = shelf.row()
    assert write_edit(shelf.connection, PATH, "our dinghy")
    edited = {
        "caption": "our dinghy", "alternatives": "a boat\na hull", "caption_source": "edit",
        "spellings": f"lake{MARK} dinghy{MARK}",
    }  # fmt: skip
    assert shelf.row() == before | edited
    (result,) = shelf.find("dinghy")
    assert result.caption == "our dinghy"
    assert write_edit(shelf.connection, PATH, "our skiff")
    assert shelf.find("dinghy") == []
    assert write_edit(shelf.connection, PATH, None)
    assert shelf.row() == before
    assert shelf.find("skiff") == []
    assert not write_edit(shelf.connection, "/home/Photos/b.jpg", "a cat")
    assert not write_edit(shelf.connection, "/home/Photos/b.jpg", None)


@pytest.mark.parametrize(
    "seen", [SECOND, Description(captions=SECOND.captions), Description(vector=b"3")]
)
@pytest.mark.parametrize("model", [1, 2])
def test_an_edit_outlives_whatever_is_made_anew(
    shelf: Shelf, seen: Description, model: int
) -> None:
    shelf.describe(FIRST)
    write_edit(shelf.connection, PATH, "our dinghy")
    shelf.describe(seen, model)
    generated = [said.text for said in seen.captions or FIRST.captions or ()]
    assert shelf.row()["caption"] == "our dinghy"
    assert shelf.row()["alternatives"] == "\n".join(generated)
    assert write_edit(shelf.connection, PATH, None)
    assert shelf.row()["caption"] == generated[0]


def test_an_edit_of_a_hidden_photo_waits_for_it(shelf: Shelf) -> None:
    shelf.describe(FIRST)
    write_edit(shelf.connection, PATH, "our dinghy")
    set_missing(shelf.connection, [PATH])
    assert shelf.find("dinghy") == []
    assert write_edit(shelf.connection, PATH, "our skiff")
    assert shelf.find("skiff") == []
    set_found(shelf.connection, [PATH], "/home/Photos")
    assert [result.caption for result in shelf.find("skiff")] == ["our skiff"]
    assert shelf.row()["folder"] == "Photos/Lake"


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(
            [FIRST, SECOND, Description(tags=[]), Description(vector=b"3"), "one", "two", None]
        ),
        max_size=8,
    )
)
def test_the_order_of_edits_and_upgrades_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Description | str | None]
) -> None:
    """The last of each kind counts."""
    path = tmp_path_factory.mktemp("descriptions") / "library.db"
    connection = database.open_for_writing(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    shelf = Shelf(connection, start_run(connection))
    shelf.describe(FIRST)
    captions, tags, edit = FIRST.captions, FIRST.tags, None
    for step in steps:
        if isinstance(step, Description):
            shelf.describe(step, 2)
            captions = captions if step.captions is None else step.captions
            tags = tags if step.tags is None else step.tags
        else:
            assert write_edit(connection, PATH, step)
            edit = step
    texts = ([] if edit is None else [edit]) + [said.text for said in captions or ()]
    words = [word for tag in tags or () for word in (tag.text, *tag.synonyms)]
    row = shelf.row()
    assert (row["caption"], row["alternatives"]) == (texts[0], "\n".join(texts[1:]))
    assert row["tags"].split() == words
    connection.close()


def test_a_row_written_again_keeps_its_folder_and_place_in_line(shelf: Shelf) -> None:
    shelf.describe(FIRST)
    before = shelf.connection.execute("SELECT * FROM search").fetchall()
    with shelf.connection:
        write_search_row(shelf.connection, before[0][0])
    assert shelf.connection.execute("SELECT * FROM search").fetchall() == before
    with shelf.connection:
        write_search_row(shelf.connection, before[0][0], "/home/Photos/Lake")
    assert shelf.row()["folder"] == "Lake"


# A library of the first version


def test_an_old_library_takes_new_parts_and_edits(frozen: Callable[..., Path]) -> None:
    connection = database.open_for_writing(str(frozen(1)))
    album = "/srv/photosearch-frozen/album"
    dog, hidden = f"{album}/trip to Lisbon/dog 1.jpg", f"{album}/new\nline.png"
    shelf = Shelf(connection, start_run(connection))
    shelf.describe(Description(tags=FIRST.tags, vector=FIRST.vector), path=dog)
    assert write_edit(connection, hidden, "the hidden one")
    (result,) = find(connection, "vessel")
    assert (result.path, result.caption) == (dog, "a dog runs on a beach")
    set_found(connection, [hidden], album)
    assert [result.caption for result in find(connection, "hidden")] == ["the hidden one"]
    models = known_below(connection, album)[dog].models
    assert models == (1, shelf.models(1).tags, shelf.models(1).vectors)
    connection.close()
