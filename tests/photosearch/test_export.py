"""Exporting: a CSV that any reader reads back, that runs nothing, and that is whole or absent."""

import contextlib
import csv
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.describe.description import PARTS, Caption, Description, Tag
from photosearch import Library
from photosearch.export import COLUMNS, alt_text, defuse, export
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.photo.user_metadata import UserMetadata
from photosearch.store import database
from photosearch.store.descriptions import Models, use_models
from photosearch.store.photos import Photo, set_missing, write_batch
from photosearch.store.runs import start_run
from photosearch.store.search_rows import write_search_row
from photosearch.store.user_metadata import write_user_metadata
from photosearch.text import display

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBERS = {"confidence", "latitude", "longitude", "width", "height"}


@dataclass
class Shelf:
    """A library to write test photos into."""

    path: Path
    connection: sqlite3.Connection
    run: int
    models: Models

    def add(
        self,
        path: str,
        caption: str = "a dog",
        seen: Description | None = None,
        taken_at: str = "",
        **metadata: Any,
    ) -> None:
        photo = Photo(
            File(path, 1, 1, 1),
            "/",
            "JPEG",
            640,
            480,
            Exif(**metadata),
            seen or Description([Caption(caption, -1.5, 3, 0.6065)]),
        )
        write_batch(self.connection, self.run, self.models, [photo], [])
        if taken_at:  # any text, as a damaged or a tampered file may have
            query = "UPDATE photos SET taken_at = ?, taken_from = 'exif' WHERE path = ?"
            with self.connection:
                self.connection.execute(query, (taken_at, os.fsencode(path)))

    def clear(self) -> None:
        with self.connection:
            self.connection.execute("DELETE FROM photos")

    def rows(self, file: Path, *args: Any, **named: Any) -> list[dict[str, str]]:
        """Export, and read with the standard library's reader."""
        count = export(self.connection, str(file), *args, **named)
        with open(file, encoding="utf-8", newline="") as lines:
            header, *rows = list(csv.reader(lines, strict=True))
        assert tuple(header) == COLUMNS
        assert count == len(rows)
        return [dict(zip(header, row, strict=True)) for row in rows]


def open_shelf(path: Path) -> Shelf:
    connection = database.open_for_writing(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    run = start_run(connection)
    models = use_models(connection, run, "fake", {part: f"{part} 1" for part in PARTS})
    return Shelf(path, connection, run, models)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = open_shelf(tmp_path / "library.db")
    yield shelf
    shelf.connection.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One library for all examples of a property."""
    shelf = open_shelf(tmp_path_factory.mktemp("export") / "library.db")
    yield shelf
    shelf.connection.close()


# Cells

cells = st.text(max_size=20) | st.lists(
    st.sampled_from([*FORMULA, "\n", "'", '"', ",", ";", "\r\n", "=1+1", "@SUM(1)", "x", " "])
).map("".join)


@given(cells)
def test_defused_text_runs_nowhere_and_can_be_restored(text: str) -> None:
    assert not defuse(text).startswith(FORMULA)
    assert defuse(text).removeprefix("'") == text
    assert defuse(text) in (text, f"'{text}")


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-", "@x", "\tx", "\rx", "'quoted'", "'"])
def test_what_could_start_a_formula_gets_an_apostrophe(text: str) -> None:
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a dog", "1+1=2", "a-b", " =x", "dog's", "/home/x.jpg", "é"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert defuse(text) == text


@pytest.mark.parametrize(
    ("caption", "sentence"),
    [
        ("a dog on a beach", "A dog on a beach."),
        ("A dog.", "A dog."),
        ("is it a dog?", "Is it a dog?"),
        ("a dog!", "A dog!"),
        ("  a dog  ", "A dog."),
        ("2 dogs", "2 dogs."),
        ("élan", "Élan."),
        ("", ""),
        ("   ", ""),
        ("image of a dog", "A dog."),
        ("an image of a dog", "A dog."),
        ("a photo of a dog", "A dog."),
        ("the photo of a dog", "A dog."),
        ("a photograph of two dogs", "Two dogs."),
        ("a picture of a dog", "A dog."),
        ("pictures of dogs", "Dogs."),
        ("A PHOTO OF a dog", "A dog."),
        ("a close up photo of a dog", "A dog."),
        ("a closeup picture of a dog", "A dog."),
        ("an image showing a dog", "A dog."),
        ("a photographer with a camera", "A photographer with a camera."),
        ("a picture on a wall", "A picture on a wall."),
        ("a man taking a photo of a dog", "A man taking a photo of a dog."),
        ("imageoffice", "Imageoffice."),
        ("may show: a dog", "May show: a dog."),
        ("may show: a photo of a dog", "May show: a dog."),
        ("may show: a black and white photo of a dog", "May show: a dog."),
        ("a photo of perhaps a dog", "Perhaps a dog."),
    ],
)
def test_alt_text(caption: str, sentence: str) -> None:
    assert alt_text(caption) == sentence


@given(st.text() | st.text("a photofimge.!? "))
def test_alt_text_is_a_sentence(caption: str) -> None:
    text = alt_text(caption)
    assert text == text.strip()
    if text:
        assert text[-1] in ".!?"
        assert text[0] == text[0].upper()[0]
        assert text.removesuffix(".").upper() in caption.strip().upper()


# The file


def parse(text: str) -> list[list[str]]:
    """Read CSV as RFC 4180 defines it, and nothing else."""
    rows: list[list[str]] = []
    row: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == '"':
            end = position + 1
            while text[end] != '"' or text[end : end + 2] == '""':
                end += 2 if text[end] == '"' else 1
            row.append(text[position + 1 : end].replace('""', '"'))
            position = end + 1
        else:
            end = position
            while text[end] not in ',\r\n"':
                end += 1
            row.append(text[position:end])
            position = end
        if text[position] == ",":
            position += 1
        else:
            assert text[position : position + 2] == "\r\n"
            position += 2
            rows.append(row)
            row = []
    assert row == []
    return rows


file_names = cells.map(lambda text: text.replace("/", "").replace("\0", "")).filter(
    lambda text: text not in ("", ".", "..")
)


@settings(max_examples=60, deadline=None)
@given(
    photos=st.lists(
        st.tuples(file_names, cells, cells), max_size=4, unique_by=lambda photo: photo[0]
    )
)
def test_what_goes_in_comes_out(shared: Shelf, photos: list[tuple[str, str, str]]) -> None:
    shared.clear()
    for name, caption, camera in photos:
        shared.add(f"/p/{name}", caption, camera=camera, taken_at=camera)
    file = shared.path.with_name("out.csv")
    rows = shared.rows(file)
    photos = sorted(photos, key=lambda photo: photo[0].encode())
    for row, (name, caption, camera) in zip(rows, photos, strict=True):
        assert {
            "path": f"/p/{name}", "filename": name, "caption": caption, "camera": camera,
            "taken_at": camera or row["taken_at"], "alt_text": alt_text(caption), "model": "fake",
            "place": "",
            "latitude": "", "longitude": "", "confidence": "0.6065", "width": "640",
            "height": "480", "title": "", "keywords": "", "rating": "",
            "people": "", "notes": "", "taken_from": "exif" if camera else "", "sure": "",
        } == {key: value.removeprefix("'") for key, value in row.items()}  # fmt: skip
        assert not any(row[key].startswith(FORMULA) for key in row.keys() - NUMBERS)
    text = file.read_bytes().decode("utf-8")
    assert parse(text) == [list(COLUMNS), *[list(row.values()) for row in rows]]


def test_an_empty_library_gives_only_the_header(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.rows(tmp_path / "x.csv") == []
    assert (tmp_path / "x.csv").read_bytes() == ",".join(COLUMNS).encode() + b"\r\n"


@settings(max_examples=30, deadline=None)
@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_numbers_stay_numbers(shared: Shelf, latitude: float, longitude: float) -> None:
    shared.clear()
    shared.add("/p/x.jpg", latitude=latitude, longitude=longitude)
    (row,) = shared.rows(shared.path.with_name("out.csv"))
    assert (float(row["latitude"]), float(row["longitude"])) == (latitude, longitude)
    assert float(row["confidence"]) == 0.6065
    assert (int(row["width"]), int(row["height"])) == (640, 480)


def test_a_negative_latitude_gets_no_apostrophe(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/p/x.jpg", latitude=-33.25, longitude=-70.5)
    (row,) = shelf.rows(tmp_path / "x.csv")
    assert (row["latitude"], row["longitude"]) == ("-33.25", "-70.5")


def test_words_of_people_have_columns(shelf: Shelf, tmp_path: Path) -> None:
    said = UserMetadata(
        "Rome", keywords=("a", "b"), rating=4, people=("Ann", "Zoë"), places=("Trevi", "Rome"),
        notes=("=1+1", "\u6771"),
    )  # fmt: skip
    shelf.add("/p/x.jpg")
    with shelf.connection:
        write_user_metadata(shelf.connection, 1, said)
        write_search_row(shelf.connection, 1)
    (row,) = shelf.rows(tmp_path / "x.csv")
    assert {name: row[name] for name in ("title", "keywords", "rating", "people", "place")} == {
        "title": "Rome", "keywords": "a; b", "rating": "4", "people": "Ann; Zoë",
        "place": "Trevi; Rome",
    }  # fmt: skip
    assert row["notes"] == "'=1+1; \u6771"  # no formula


def test_without_gps_nothing_tells_the_place(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/p/x.jpg", latitude=-33.25, longitude=-70.5, camera="Canon")
    with shelf.connection:
        shelf.connection.execute("UPDATE search SET place = 'Santiago'")
    (full,) = shelf.rows(tmp_path / "x.csv")
    assert full["place"] == "Santiago"
    (row,) = shelf.rows(tmp_path / "x.csv", gps=False)
    assert row == full | {"latitude": "", "longitude": "", "place": ""}
    text = (tmp_path / "x.csv").read_text()
    assert not any(secret in text for secret in ("33.25", "70.5", "Santiago"))


def test_a_path_that_is_no_utf_8(shelf: Shelf, tmp_path: Path) -> None:
    path = os.fsdecode(b"/p/caf\xe9\xff.jpg")
    shelf.add(path)
    (row,) = shelf.rows(tmp_path / "x.csv")
    assert row["path"] == display(path) == "/p/caf\ufffd\ufffd.jpg"
    assert row["filename"] == "caf\ufffd\ufffd.jpg"


# Which photos


def test_photos_come_by_path_and_hidden_ones_not_at_all(shelf: Shelf, tmp_path: Path) -> None:
    names = [f"/p/{name}.jpg" for name in ("b", "a", "B", "é", "a-", "a/b", "10", "9")]
    for name in names:
        shelf.add(name)
    ordered = sorted(names, key=os.fsencode)
    assert [row["path"] for row in shelf.rows(tmp_path / "x.csv")] == ordered
    assert [row["path"] for row in shelf.rows(tmp_path / "x.csv", limit=3)] == ordered[:3]
    set_missing(shelf.connection, ["/p/a.jpg"])
    ordered.remove("/p/a.jpg")
    assert [row["path"] for row in shelf.rows(tmp_path / "x.csv")] == ordered


def test_photos_given_come_in_their_order(shelf: Shelf, tmp_path: Path) -> None:
    names = [f"/p/{number}.jpg" for number in range(9)] + [os.fsdecode(b"/p/\xff.jpg")]
    for name in names:
        shelf.add(name)
    asked = random.Random(1).sample(names, 6)
    rows = shelf.rows(tmp_path / "x.csv", [(name, False) for name in asked])
    assert [row["path"] for row in rows] == [display(path) for path in asked]
    assert shelf.rows(tmp_path / "x.csv", []) == []


def test_a_limit_holds_for_photos_given(shelf: Shelf, tmp_path: Path) -> None:
    names = [f"/p/{number}.jpg" for number in range(4)]
    for name in names:
        shelf.add(name)
    rows = shelf.rows(tmp_path / "x.csv", [(name, True) for name in names[::-1]], 2)
    assert [row["path"] for row in rows] == ["/p/3.jpg", "/p/2.jpg"]


def test_photos_that_are_not_there_are_left_out(shelf: Shelf, tmp_path: Path) -> None:
    """As when another process hides a photo after it was found."""
    for name in "abc":
        shelf.add(f"/p/{name}.jpg")
    set_missing(shelf.connection, ["/p/b.jpg"])
    asked = ["/p/c.jpg", "/p/b.jpg", "/p/never.jpg", "/p/a.jpg"]
    rows = shelf.rows(tmp_path / "x.csv", [(name, False) for name in asked])
    assert [row["path"] for row in rows] == ["/p/c.jpg", "/p/a.jpg"]


def test_a_query_gives_the_order_of_find(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(30):
        shelf.add(
            f"/p/{number}.jpg", "a dog" + " and a cat" * (number % 4) + " here" * (number % 3)
        )
    with Library(shelf.path) as library:
        for limit in (None, 7):
            found = [result.path for result in library.find("dog here", limit)]
            assert len(found) == (limit or 30)
            file = tmp_path / "x.csv"
            assert library.export(file, query="dog here", limit=limit) == len(found)
            with open(file, newline="") as lines:
                assert [row["path"] for row in csv.DictReader(lines)] == found
        assert library.export(tmp_path / "x.csv", query="zebra") == 0


def test_a_query_tells_the_sure_from_the_others(shelf: Shelf, tmp_path: Path) -> None:
    names = [f"/p/{number}.jpg" for number in range(4)]
    for name in names:
        shelf.add(name)
    asked = names[::-1]
    rows = shelf.rows(tmp_path / "x.csv", [(name, name == asked[0]) for name in asked])
    assert [(row["path"], row["sure"]) for row in rows] == [
        (name, "yes" if name == "/p/3.jpg" else "no") for name in asked
    ]
    assert {row["sure"] for row in shelf.rows(tmp_path / "x.csv")} == {""}


# Whole or not at all


def breaking(path: str, error: BaseException) -> Iterator[tuple[str, bool]]:
    """Photos that go wrong on the way."""
    yield path, True
    raise error


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OSError(28, "full")])
def test_a_failure_leaves_the_old_file_whole(
    shelf: Shelf, tmp_path: Path, error: BaseException
) -> None:
    shelf.add("/p/a.jpg")
    folder = tmp_path / "out"
    folder.mkdir()
    file = folder / "x.csv"
    with pytest.raises(type(error)):
        export(shelf.connection, str(file), breaking("/p/a.jpg", error))
    assert os.listdir(folder) == []
    file.write_text("old")
    with pytest.raises(type(error)):
        export(shelf.connection, str(file), breaking("/p/a.jpg", error))
    assert (os.listdir(folder), file.read_text()) == (["x.csv"], "old")


FULL = """
import resource, sys
from photosearch import Library
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    Library(sys.argv[1]).export(sys.argv[2])
except OSError as error:
    print(error.strerror)
"""


def test_a_full_disk_leaves_the_old_file_whole(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(200):
        shelf.add(f"/p/{number}.jpg", "dog " * 50)
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "x.csv").write_text("old")
    command = [sys.executable, "-c", FULL, str(shelf.path), str(folder / "x.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert (os.listdir(folder), (folder / "x.csv").read_text()) == (["x.csv"], "old")


@pytest.mark.parametrize("place", ["none/x.csv", "file/x.csv", "folder", "n" * 300])
def test_impossible_places(shelf: Shelf, tmp_path: Path, place: str) -> None:
    (tmp_path / "out" / "folder").mkdir(parents=True)
    (tmp_path / "out" / "file").touch()
    with pytest.raises(OSError):
        export(shelf.connection, str(tmp_path / "out" / place))
    assert sorted(os.listdir(tmp_path / "out")) == ["file", "folder"]


def test_a_folder_that_cannot_be_written(shelf: Shelf, as_nobody: AsNobody) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o555)
        with as_nobody(), pytest.raises(PermissionError):
            export(shelf.connection, str(folder / "x.csv"))
        assert os.listdir(folder) == []
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_the_mode_is_what_the_umask_says(
    shelf: Shelf, tmp_path: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        export(shelf.connection, str(tmp_path / "x.csv"))
        assert os.umask(mask) == mask  # still as it was
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == mode


def test_an_old_file_is_replaced(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/p/a.jpg")
    file = tmp_path / "x.csv"
    file.write_text("old " * 1000)
    (row,) = shelf.rows(file)
    assert row["path"] == "/p/a.jpg"


def test_a_link_stays_one(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "x.csv", tmp_path / "real" / "y.csv"
    target.write_text("old")
    link.symlink_to(target)
    shelf.add("/p/a.jpg")
    assert len(shelf.rows(link)) == 1
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"path,")
    assert os.listdir(tmp_path / "real") == ["y.csv"]


def test_a_pipe_or_device_is_written_not_replaced(shelf: Shelf, tmp_path: Path) -> None:
    """As for root: `photosearch export /dev/null` must leave a device there."""
    shelf.add("/p/a.jpg")
    pipe = tmp_path / "x.csv"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        assert export(shelf.connection, str(pipe)) == 1
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert reader.read().startswith(b"path,")


def test_a_dash_is_standard_output(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/p/é\n.jpg", "=1+1")
    code = """if 1:
        import sys
        from photosearch import Library
        print("first")
        assert Library(sys.argv[1]).export("-") == 1
        print("last")"""
    command = [sys.executable, "-c", code, str(shelf.path)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, env=environment, cwd=tmp_path
    )
    export(shelf.connection, str(tmp_path / "x.csv"))
    assert done.stdout == b"first\n" + (tmp_path / "x.csv").read_bytes() + b"last\n"
    assert not (tmp_path / "-").exists()


def test_for_excel_a_mark_tells_the_encoding(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("/p/é.jpg", "Zoë")
    plain, marked = tmp_path / "plain.csv", tmp_path / "marked.csv"
    export(shelf.connection, str(plain))
    assert Library(shelf.path).export(marked, excel=True) == 1
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()


@pytest.mark.parametrize("confidence", [None, 1.5, -0.5, float("inf")])
def test_an_unknown_or_impossible_confidence_is_empty(
    shelf: Shelf, tmp_path: Path, confidence: float | None
) -> None:
    shelf.add("/a.jpg")
    shelf.add("/b.jpg")
    with shelf.connection:
        query = "UPDATE captions SET confidence = ? WHERE photo_id = 1"
        shelf.connection.execute(query, (confidence,))
    first, second = shelf.rows(tmp_path / "out.csv")
    assert first["confidence"] == "" and float(second["confidence"]) > 0
    assert first["alt_text"] == "A dog."


def test_an_unsure_alt_text_says_less_and_the_caption_stays(shelf: Shelf, tmp_path: Path) -> None:
    words = (("dog", 0.9), ("lake", 0.1))
    said = [Caption("a dog in a lake", -1.5, 6, 0.1, words)]
    tags = [Tag("grass", 0.8, True), Tag("sky", 0.7, True), Tag("sea", 0.3, False)]
    shelf.add("/a.jpg")
    shelf.add("/b.jpg", seen=Description(said, tags))
    shelf.add("/c.jpg", seen=Description([replace(said[0], words=(("dog", 0.1),))], tags))
    _, second, third = shelf.rows(tmp_path / "out.csv")
    assert (second["alt_text"], third["alt_text"]) == ("May show: a dog.", "May show: grass, sky.")
    assert second["caption"] == third["caption"] == "a dog in a lake"
    assert second["confidence"] == "0.1"
