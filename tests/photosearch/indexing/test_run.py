"""Indexing: whatever happens to files and to the run, the library tells what is there."""

import contextlib
import itertools
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from captioner.describe.describer import Describer
from captioner.describe.description import PARTS
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.run import index
from photosearch.indexing.summary import Summary
from photosearch.repair.doctor import examine
from photosearch.search.query import Query
from photosearch.search.results import Hits
from photosearch.search.searcher import Searcher
from photosearch.store import database
from photosearch.store.edits import write_edit
from photosearch.store.removal import prune
from photosearch.store.roots import all_roots, outer_roots
from photosearch.store.statistics import stats
from tests.fakes import COLOURS, Diary, FakeDescriber, colour_of, unneeded

AsNobody = Callable[[], contextlib.AbstractContextManager[None]]

FINGERPRINTS = dict(FakeDescriber().fingerprints)


@dataclass
class World:
    """A folder of photos and a library."""

    home: Path
    connection: sqlite3.Connection
    clock: int = 10**18

    @property
    def photos(self) -> Path:
        return self.home / "Photos"

    def paint(self, name: str, colour: str = "red", size: tuple[int, int] = (24, 16)) -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        comment = PngInfo()  # no two files hold the same, but all of a colour have one size
        comment.add_text("number", f"{self.clock:020}")
        image = Image.new("RGB", size, colour)
        image.save(path, pnginfo=comment, comment=f"{self.clock:020}")  # of PNG, of JPEG
        return self.touch(path)

    def spoil(self, name: str, content: bytes = b"no photo") -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return self.touch(path)

    def touch(self, path: Path) -> Path:
        """Set a time that the file didn't have before, however fast the test is."""
        self.clock += 1_000_000_007
        os.utime(path, ns=(self.clock, self.clock))
        return path

    def index(
        self,
        *roots: Path,
        load: Callable[[], Describer] = FakeDescriber,
        observer: Diary | None = None,
        fingerprints: Mapping[str, str] | None = None,
        **config: Any,
    ) -> Summary:
        folders = [str(root) for root in roots or (self.photos,)]
        settings = IndexOptions(**{"workers": 0, "batch_size": 4, **config})
        return index(self.connection, folders, load, settings, observer, fingerprints)

    def found(self, query: str = "wall") -> list[str]:
        """Names of the photos found, sorted."""
        results = find(self.connection, query, None)
        return sorted(os.path.relpath(result.path, self.photos) for result in results)

    def failures(self) -> dict[str, str]:
        rows = self.connection.execute("SELECT path, reason FROM failures").fetchall()
        return {os.path.relpath(os.fsdecode(path), self.photos): reason for path, reason in rows}


def find(connection: sqlite3.Connection, query: str, limit: int | None = 20) -> Hits:
    """Search by words: there are no vectors."""
    return Searcher(connection, lambda: None).find(Query(query, limit))


@contextlib.contextmanager
def world_in(home: Path) -> Iterator[World]:
    connection = database.open_for_writing(str(home / "library.db"))
    connection.execute("PRAGMA synchronous = OFF")
    (home / "Photos").mkdir()
    try:
        yield World(home, connection)
    finally:
        connection.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def counts(summary: Summary) -> dict[str, int]:
    """The counts of a summary that are not 0."""
    numbers = {name: value for name, value in vars(summary).items() if isinstance(value, int)}
    return {name: value for name, value in numbers.items() if value}


def tables(connection: sqlite3.Connection) -> dict[str, list[Any]]:
    """All that a library tells of photos, but for when and in which run it learned it."""
    columns = """path, display, size, mtime_ns, inode, format, width, height, taken_at, camera,
                 lens, latitude, longitude, missing_since"""
    queries = {
        "photos": f"SELECT id, {columns} FROM photos",
        "captions": "SELECT photo_id, rank, text, log_probability, tokens FROM captions",
        "tags": "SELECT * FROM tags",
        "vectors": "SELECT photo_id, vector FROM vectors",
        "search": "SELECT * FROM search",
        "failures": "SELECT path, display, size, mtime_ns, reason FROM failures",
        "roots": "SELECT path, display FROM roots",
        "models": "SELECT id, name, fingerprint, part FROM models",
    }
    return {name: sorted(connection.execute(query), key=repr) for name, query in queries.items()}


# New, known, changed


def test_new_photos_are_captioned(world: World) -> None:
    for name, colour in {"a.png": "red", "b/c.png": "green", "b/d.jpg": "blue"}.items():
        world.paint(name, colour)
    describer, diary = FakeDescriber(), Diary()
    summary = world.index(load=lambda: describer, observer=diary)
    assert counts(summary) == {"captioned": 3, "reached": 1}
    assert describer.batches == [3]
    assert (diary.total, diary.done, diary.skips) == (3, 3, [])
    assert world.found() == ["a.png", "b/c.png", "b/d.jpg"]
    assert world.found("blue green") != []
    (result,) = find(world.connection, "d.jpg")
    assert result.caption == "a blue wall"
    query = "SELECT format, width, height, size FROM photos ORDER BY path"
    sizes = [path.stat().st_size for path in sorted(world.photos.rglob("*.*"))]
    assert world.connection.execute(query).fetchall() == [
        (kind, 24, 16, size) for kind, size in zip(["PNG", "PNG", "JPEG"], sizes, strict=True)
    ]
    query = "SELECT captioned, failed, finished_at IS NULL, model_id FROM runs"
    assert world.connection.execute(query).fetchall() == [(3, 0, 0, 1)]


def test_known_photos_cost_nothing(world: World) -> None:
    for number in range(5):
        world.paint(f"{number}.png")
    world.spoil("bad.png")
    world.index()
    before = tables(world.connection)
    diary = Diary()
    summary = world.index(load=unneeded, observer=diary)
    assert counts(summary) == {"unchanged": 5, "failed_before": 1, "reached": 1}
    assert (diary.total, diary.done, diary.skips) == (0, 0, [])
    assert tables(world.connection) == before


def test_a_changed_photo_is_captioned_again(world: World) -> None:
    world.paint("a.png", "red")
    world.paint("b.png", "red")
    world.index()
    world.paint("a.png", "blue", size=(30, 30))
    summary = world.index()
    assert counts(summary) == {"captioned": 1, "unchanged": 1, "reached": 1}
    query = """SELECT id, display LIKE '%a.png', width, caption FROM photos
               JOIN search ON photo_id = id ORDER BY id"""
    expected = [(1, 1, 30, "a blue wall"), (2, 0, 24, "a red wall")]
    assert world.connection.execute(query).fetchall() == expected


@pytest.mark.parametrize("change", ["time and content", "size"])
def test_a_change_of_time_or_size_counts(world: World, change: str) -> None:
    path = world.paint("a.png")
    world.index()
    if change == "size":
        times = path.stat()
        path.write_bytes(path.read_bytes() + b"\0")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    else:
        world.paint("a.png")  # as many bytes
    assert counts(world.index()) == {"captioned": 1, "reached": 1}
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "reached": 1}


def test_a_file_that_was_only_touched_is_not_captioned_again(world: World) -> None:
    path = world.paint("a.png")
    world.index()
    world.touch(path)
    diary = Diary()
    summary = world.index(load=unneeded, observer=diary)
    assert counts(summary) == {"unchanged": 1, "reached": 1}
    assert diary.compared == 1
    assert counts(world.index(load=unneeded, observer=diary)) == {"unchanged": 1, "reached": 1}
    assert diary.compared == 1


def test_force_captions_everything_again(world: World) -> None:
    for number in range(3):
        world.paint(f"{number}.png")
    world.spoil("bad.png")
    world.index()
    before, diary = tables(world.connection), Diary()
    newer = {part: f"newer {part}" for part in PARTS}
    describer = FakeDescriber(name="other", fingerprints=newer)
    summary = world.index(load=lambda: describer, observer=diary, force=True)
    assert counts(summary) == {"captioned": 3, "failed": 1, "reached": 1}
    assert [name for name, _ in diary.skips] == ["bad.png"]
    after = tables(world.connection)
    assert [row[1:] for row in after.pop("models")] == [
        *[("fake", FINGERPRINTS[part], part) for part in PARTS],
        *[("other", newer[part], part) for part in PARTS],
    ]
    assert after == {name: rows for name, rows in before.items() if name != "models"}
    assert stats(world.connection)["models"] == {"other": 3}


@pytest.mark.parametrize("when", [-(2**40), 0, 2**63 - 1, 2**63, 2**63 + 2**60])
def test_a_file_may_be_from_any_time(world: World, when: int) -> None:
    """A camera with an empty battery dates photos anywhere; SQLite's integers end in 2262."""
    path = world.paint("a.png")
    try:
        os.utime(path, ns=(0, when))
    except (OSError, OverflowError):
        pytest.skip("the file system has no such time")
    world.paint("b.png")
    assert counts(world.index()) == {"captioned": 2, "reached": 1}
    assert counts(world.index(load=unneeded)) == {"unchanged": 2, "reached": 1}


# A newer model


def newer(*parts: str) -> dict[str, str]:
    """Fingerprints of a model in which these parts are others than at first."""
    return FINGERPRINTS | {part: f"newer {part}" for part in parts}


def changed_parts() -> list[tuple[str, ...]]:
    return [some for count in (1, 2, 3) for some in itertools.combinations(PARTS, count)]


@pytest.mark.parametrize("parts", changed_parts())
def test_an_upgrade_makes_only_what_the_new_model_changes(
    world: World, parts: tuple[str, ...]
) -> None:
    for number, colour in enumerate(COLOURS):
        world.paint(f"{number}.png", colour)
    world.index()
    before = tables(world.connection)
    describer = FakeDescriber(fingerprints=newer(*parts), see=colour_of("fence"))
    changes: dict[str, Any] = {"fingerprints": describer.fingerprints, "upgrade": True}
    summary = world.index(load=lambda: describer, batch_size=3, **changes)
    assert counts(summary) == {"captioned": 4, "reached": 1}
    assert (describer.batches, describer.asked) == ([3, 1], [parts, parts])
    after = tables(world.connection)
    assert [part for part in PARTS if after[part] != before[part]] == list(parts)
    assert after["photos"] == before["photos"]
    assert len(world.found("fence")) == (4 if {"captions", "tags"} & set(parts) else 0)
    assert len(world.found("wall")) == (0 if {"captions", "tags"} <= set(parts) else 4)
    assert world.connection.execute("SELECT DISTINCT folder FROM search").fetchall() == [
        ("Photos",)
    ]
    assert counts(world.index(load=unneeded, **changes)) == {"unchanged": 4, "reached": 1}
    assert tables(world.connection) == after


@pytest.mark.parametrize("parts", changed_parts())
def test_what_an_older_model_made_is_counted_and_left(world: World, parts: tuple[str, ...]) -> None:
    for number in range(3):
        world.paint(f"{number}.png")
    world.index()
    world.paint("new.png")
    world.spoil("bad.png")
    newest = newer(*parts)
    summary = world.index(load=lambda: FakeDescriber(fingerprints=newest), fingerprints=newest)
    assert counts(summary) == {
        "captioned": 1, "unchanged": 3, "outdated": 3, "failed": 1, "reached": 1
    }  # fmt: skip
    before = tables(world.connection)
    summary = world.index(load=unneeded, fingerprints=newest)
    assert counts(summary) == {"unchanged": 4, "outdated": 3, "failed_before": 1, "reached": 1}
    summary = world.index(load=unneeded, fingerprints=FINGERPRINTS)
    assert counts(summary) == {"unchanged": 4, "outdated": 1, "failed_before": 1, "reached": 1}
    # Without fingerprints nobody can tell, and nothing is made.
    summary = world.index(load=unneeded, upgrade=True)
    assert counts(summary) == {"unchanged": 4, "failed_before": 1, "reached": 1}
    assert tables(world.connection) == before


def test_an_upgrade_with_the_same_model_costs_nothing(world: World) -> None:
    world.paint("a.png")
    world.index()
    summary = world.index(load=unneeded, fingerprints=FINGERPRINTS, upgrade=True)
    assert counts(summary) == {"unchanged": 1, "reached": 1}


def test_new_photos_come_before_an_upgrade(world: World) -> None:
    for name in ("a.png", "b.png", "c.png"):
        world.paint(name)
    world.index()
    world.paint("b.png", "blue")
    world.paint("z.png")
    seen: list[list[str]] = []
    describer = FakeDescriber(
        probe=lambda call: seen.append(by_newer()), fingerprints=newer("vectors")
    )

    def by_newer() -> list[str]:
        query = """SELECT display FROM photos JOIN vectors ON photo_id = photos.id
                   JOIN models ON models.id = model_id WHERE fingerprint = 'newer vectors'"""
        path = str(world.home / "library.db")  # called in another thread than this one
        with contextlib.closing(database.open_for_reading(path)) as reader:
            return sorted(os.path.basename(name) for (name,) in reader.execute(query))

    world.index(load=lambda: describer, fingerprints=describer.fingerprints, upgrade=True)
    assert describer.asked == [PARTS, ("vectors",)]
    assert describer.batches == [2, 2]
    assert [*seen, by_newer()] == [[], ["b.png", "z.png"], ["a.png", "b.png", "c.png", "z.png"]]


def test_photos_of_several_models_each_get_what_they_lack(world: World) -> None:
    world.paint("1.png")
    world.index()
    for number, parts in enumerate([("tags",), ("vectors",), ("tags", "vectors"), PARTS], 2):
        world.paint(f"{number}.png")
        world.index(load=lambda parts=parts: FakeDescriber(fingerprints=newer(*parts)))  # type: ignore[misc]
    describer = FakeDescriber(fingerprints=newer("tags", "vectors"))
    fingerprints = describer.fingerprints
    summary = world.index(load=lambda: describer, fingerprints=fingerprints, upgrade=True)
    # Of the last one, the captions are those of another model, though of a newer one.
    assert counts(summary) == {"captioned": 4, "unchanged": 1, "reached": 1}
    asked = sorted(zip(describer.asked, describer.batches, strict=True))
    assert asked == [
        (("captions",), 1),
        (("tags",), 1),
        (("tags", "vectors"), 1),
        (("vectors",), 1),
    ]
    assert counts(world.index(load=unneeded, fingerprints=fingerprints)) == {
        "unchanged": 5, "reached": 1
    }  # fmt: skip


@pytest.mark.parametrize("call", [1, 2, 3])
def test_an_interrupted_upgrade_goes_on(world: World, call: int) -> None:
    for number in range(7):
        world.paint(f"{number}.png", list(COLOURS)[number % 4])
    world.index()

    def probe(number: int) -> None:
        if number == call:
            raise KeyboardInterrupt

    changes: dict[str, Any] = {"fingerprints": newer("captions"), "upgrade": True, "batch_size": 3}
    with pytest.raises(KeyboardInterrupt):
        stopped = FakeDescriber(probe=probe, fingerprints=newer("captions"), see=colour_of("fence"))
        world.index(load=lambda: stopped, **changes)
    assert len(world.found("fence")) == 3 * (call - 1)
    assert len(world.found("wall")) == 7  # the tags say so still
    describer = FakeDescriber(fingerprints=newer("captions"), see=colour_of("fence"))
    world.index(load=lambda: describer, **changes)
    assert describer.batches == [3, 3, 1][call - 1 :]
    assert len(world.found("fence")) == 7


def test_a_photo_that_comes_back_is_upgraded_and_found(world: World) -> None:
    path = world.paint("Lake/a.png")
    world.index()
    path.rename(world.home / "a.png")
    world.index(load=unneeded)
    assert world.found() == []
    (world.home / "a.png").rename(path)
    describer = FakeDescriber(fingerprints=newer("tags"), see=colour_of("fence"))
    world.index(load=lambda: describer, fingerprints=describer.fingerprints, upgrade=True)
    assert describer.asked == [("tags",)]
    for query in ("wall", "fence", "lake"):
        assert world.found(query) == ["Lake/a.png"]


@pytest.mark.parametrize("upgrade", [True, False])
def test_moved_and_copied_photos_are_upgraded_or_told(world: World, upgrade: bool) -> None:
    """They need no second run: whoever tidied up before an upgrade must not be left with a rest."""
    path, kept = world.paint("a.png"), world.paint("Lake/b.png", "blue")
    world.index()
    path.rename(path.parent / "moved.png")
    shutil.copy(kept, kept.parent / "copy.png")
    describer = FakeDescriber(fingerprints=newer("tags"))
    changes: dict[str, Any] = {"fingerprints": describer.fingerprints, "upgrade": upgrade}
    summary = world.index(load=lambda: describer, **changes)
    assert (summary.moved, summary.copied) == (1, 1)
    assert (summary.captioned, summary.outdated) == ((3, 0) if upgrade else (0, 3))
    summary = world.index(load=unneeded, fingerprints=describer.fingerprints)
    assert summary.outdated == (0 if upgrade else 3)


def test_a_photo_that_cannot_be_upgraded_is_still_found(world: World) -> None:
    """It broke without a change of size or time, as files on a bad disk do."""
    path = world.paint("a.png")
    world.index()
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    changes: dict[str, Any] = {"fingerprints": newer("tags"), "upgrade": True}
    summary = world.index(load=lambda: FakeDescriber(fingerprints=newer("tags")), **changes)
    assert counts(summary) == {"failed": 1, "reached": 1}
    assert world.found() == ["a.png"]
    assert counts(world.index(load=unneeded, **changes)) == {"failed_before": 1, "reached": 1}
    assert world.found() == ["a.png"]


# What can't be read


def test_an_unreadable_file_is_told_once(world: World) -> None:
    world.paint("good.png")
    world.spoil("bad.png")
    diary = Diary()
    assert counts(world.index(observer=diary)) == {"captioned": 1, "failed": 1, "reached": 1}
    assert diary.skips == [("bad.png", "not an image in a known format")]
    assert (diary.total, diary.done) == (2, 2)
    assert world.failures() == dict(diary.skips)
    for _ in range(2):
        diary = Diary()
        summary = world.index(load=unneeded, observer=diary)
        assert counts(summary) == {"unchanged": 1, "failed_before": 1, "reached": 1}
        assert diary.skips == []
    world.spoil("bad.png", b"")
    diary = Diary()
    assert counts(world.index(observer=diary))["failed"] == 1
    assert diary.skips == [("bad.png", "empty file")]
    assert world.failures() == dict(diary.skips)
    world.paint("bad.png", "blue")
    assert counts(world.index()) == {"captioned": 1, "unchanged": 1, "reached": 1}
    assert world.failures() == {}
    assert world.found("blue") == ["bad.png"]


def test_a_photo_that_breaks_is_told_once(world: World) -> None:
    world.paint("a.png")
    world.index()
    world.spoil("a.png")
    assert counts(world.index()) == {"failed": 1, "reached": 1}
    assert counts(world.index(load=unneeded)) == {"failed_before": 1, "reached": 1}
    world.paint("a.png", "blue")
    assert counts(world.index()) == {"captioned": 1, "reached": 1}
    assert (world.found("blue"), world.failures()) == (["a.png"], {})


def test_a_broken_link_is_told_once(world: World) -> None:
    target = world.home / "elsewhere.png"
    (world.photos / "a.png").symlink_to(target)
    diary = Diary()
    summary = world.index(load=unneeded, observer=diary)
    assert counts(summary) == {"failed": 1, "reached": 1}
    assert diary.skips == [("a.png", "broken link")]
    diary = Diary()
    assert counts(world.index(load=unneeded, observer=diary)) == {"failed_before": 1, "reached": 1}
    assert diary.skips == []
    world.paint("b.png").rename(target)
    assert counts(world.index()) == {"captioned": 1, "reached": 1}
    assert (world.found(), world.failures()) == (["a.png"], {})


def test_a_raw_file_stands_in_for_a_jpeg_that_cannot_be_decoded(
    world: World, dng: Callable[..., bytes]
) -> None:
    raw = dng(Image.new("RGB", (32, 24), "blue"))
    world.spoil("a.jpg")
    world.spoil("A.DNG", raw)
    diary = Diary()
    assert counts(world.index(observer=diary)) == {"captioned": 1, "failed": 1, "reached": 1}
    assert [name for name, _ in diary.skips] == ["a.jpg"]
    assert world.found("wall") == ["A.DNG"]
    for _ in range(2):
        summary = world.index(load=unneeded)
        assert counts(summary) == {"unchanged": 1, "failed_before": 1, "reached": 1}
    assert counts(world.index(retry=True)) == {"failed": 1, "unchanged": 1, "reached": 1}
    assert counts(world.index(force=True)) == {"captioned": 1, "failed": 1, "reached": 1}
    world.spoil("a.jpg", b"still none")
    assert counts(world.index()) == {"failed": 1, "unchanged": 1, "reached": 1}
    assert world.found("wall") == ["A.DNG"]
    assert examine(world.connection, repair=False).files.gone == 0
    world.paint("a.jpg", "red")
    summary = world.index()
    assert counts(summary) == {"captioned": 1, "unchanged": 1, "ignored": 1, "reached": 1}
    assert world.found("wall") == ["a.jpg"]
    world.spoil("a.jpg")
    world.index()
    assert world.found("wall") == ["A.DNG", "a.jpg"]  # which is told, and was never forgotten


def test_jpegs_that_hold_the_same_nothing_have_stand_ins_at_once(
    world: World, dng: Callable[..., bytes]
) -> None:
    for name, colour in (("a", "blue"), ("b", "green"), ("c", "red")):
        world.spoil(f"{name}.jpg", bytes(500))
        world.spoil(f"{name}.dng", dng(Image.new("RGB", (32, 24), colour)))
    assert counts(world.index()) == {"captioned": 3, "failed": 3, "reached": 1}
    summary = world.index(load=unneeded)
    assert counts(summary) == {"unchanged": 3, "failed_before": 3, "reached": 1}


def test_the_first_raw_file_that_is_one_stands_in(world: World, dng: Callable[..., bytes]) -> None:
    world.spoil("a.jpg")
    (world.photos / "a.cr2").symlink_to("b.dng")  # which is listed itself
    for name, colour in (("a.dng", "blue"), ("b.dng", "red")):
        world.spoil(name, dng(Image.new("RGB", (32, 24), colour)))
    world.index()
    assert world.found("wall") == ["a.dng", "b.dng"]


def words(world: World) -> list[tuple[str, str]]:
    """People's captions, by the photos that they are found with."""
    query = """SELECT path, edits.caption FROM edits JOIN photos ON id = edits.photo_id
               JOIN search ON search.photo_id = id ORDER BY path"""
    rows = world.connection.execute(query).fetchall()
    return [(os.path.relpath(os.fsdecode(path), world.photos), text) for path, text in rows]


def test_a_persons_caption_is_with_the_twin_that_is_shown(
    world: World, dng: Callable[..., bytes]
) -> None:
    world.spoil("B.dng", dng(Image.new("RGB", (32, 24), "green")))  # of no twin
    raw = world.spoil("a.dng", dng(Image.new("RGB", (32, 24), "blue")))
    world.index()
    assert write_edit(world.connection, str(raw), "my wall")
    jpeg = world.paint("A.JPG", "red")
    with pytest.raises(KeyboardInterrupt):  # when all is written but the end

        def interrupted(path: str, reason: str) -> None:
            raise KeyboardInterrupt

        world.spoil("z.png")
        diary = Diary()
        diary.skipped = interrupted  # type: ignore[method-assign]
        world.index(observer=diary)
    world.index()
    assert words(world) == [("A.JPG", "my wall")]
    assert counts(world.index(exclude=["*.JPG"]))["ignored"] == 1  # the RAW file is back
    assert words(world) == [("a.dng", "my wall")]
    world.index()
    assert words(world) == [("A.JPG", "my wall")]
    assert write_edit(world.connection, str(jpeg), None)
    world.touch(jpeg)
    world.index()
    assert words(world) == []  # taken back is taken back
    assert write_edit(world.connection, str(jpeg), "our wall")
    jpeg.unlink()
    world.index()
    assert words(world) == [("a.dng", "our wall")]


@pytest.mark.parametrize("only", [".", "2024"])
def test_a_persons_caption_goes_where_both_twins_go(
    world: World, dng: Callable[..., bytes], only: str
) -> None:
    """Sorted into another folder before any run has seen the JPEG."""
    world.paint("other.jpg", "green")
    raw = world.spoil("in/a.dng", dng(Image.new("RGB", (32, 24), "blue")))
    world.index()
    assert write_edit(world.connection, str(raw), "my wall")
    jpeg = world.paint("in/a.jpg", "red")
    (world.photos / "2024").mkdir()
    for file in (raw, jpeg):
        file.rename(world.photos / "2024" / file.name)
    world.index(world.photos / only)
    assert words(world) == [("2024/a.jpg", "my wall")]
    assert prune(world.connection, dry_run=True) == 0


def test_a_copied_pair_leaves_the_words_with_the_first(
    world: World, dng: Callable[..., bytes]
) -> None:
    raw = world.spoil("a/a.dng", dng(Image.new("RGB", (32, 24), "blue")))
    world.index()
    assert write_edit(world.connection, str(raw), "my wall")
    world.paint("a/a.jpg", "red")
    shutil.copytree(world.photos / "a", world.photos / "backup")
    world.index()
    assert ("a/a.jpg", "my wall") in words(world)


def test_failures_of_files_that_are_gone_are_forgotten(world: World) -> None:
    world.spoil("bad.png")
    world.index()
    (world.photos / "bad.png").unlink()
    assert counts(world.index(load=unneeded)) == {"reached": 1}
    assert world.failures() == {}


# What is gone


def test_gone_photos_are_hidden_and_come_back(world: World) -> None:
    for name in ("a.png", "b/c.png", "b/d.png"):
        world.paint(name)
    world.index()
    before = tables(world.connection)
    (world.photos / "b").rename(world.home / "b")
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "hidden": 2, "reached": 1}
    assert world.found() == ["a.png"]
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "reached": 1}
    (world.home / "b").rename(world.photos / "b")
    assert counts(world.index(load=unneeded)) == {"unchanged": 3, "returned": 2, "reached": 1}
    assert tables(world.connection) == before
    assert world.found() == ["a.png", "b/c.png", "b/d.png"]


def test_a_photo_that_comes_back_changed_is_captioned_again(world: World) -> None:
    world.paint("a.png")
    world.index()
    (world.photos / "a.png").unlink()
    world.index(load=unneeded)
    world.paint("a.png", "green")
    assert counts(world.index()) == {"captioned": 1, "reached": 1}
    assert world.found("green") == ["a.png"]


def test_a_root_that_is_gone_hides_nothing(world: World) -> None:
    world.paint("a.png")
    other = world.home / "Other"
    shutil.copytree(world.photos, other)
    world.index(world.photos, other)
    before = tables(world.connection)
    world.photos.rename(world.home / "Away")
    summary = world.index(world.photos, other, load=unneeded)
    assert counts(summary) == {"unchanged": 1, "reached": 1}
    assert summary.unreachable == {str(world.photos): "no such file or directory"}
    assert tables(world.connection) == before
    assert len(world.found()) == 2
    (world.home / "Away").rename(world.photos)
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "reached": 1}


def test_photos_in_a_closed_folder_are_not_hidden(public_folder: Path, as_nobody: AsNobody) -> None:
    with world_in(public_folder) as world:
        for name in ("a.png", "closed/b.png", "closed/deep/c.png", "closed2/d.png"):
            world.paint(name)
        world.spoil("closed/bad.png")
        world.index()
        everything = world.found()
        before = tables(world.connection)
        (world.photos / "closed2" / "d.png").unlink()
        (world.photos / "closed").chmod(0)
        with as_nobody():
            diary = Diary()
            summary = world.index(load=unneeded, observer=diary)
            assert counts(summary) == {"unchanged": 1, "hidden": 1, "failed": 1, "reached": 1}
            assert diary.skips == [("closed", "folder can't be opened: permission denied")]
            diary = Diary()
            summary = world.index(load=unneeded, observer=diary)
            assert counts(summary) == {"unchanged": 1, "failed_before": 1, "reached": 1}
            assert diary.skips == []
        assert world.found() == [name for name in everything if "closed2" not in name]
        assert set(world.failures()) == {"closed", "closed/bad.png"}
        (world.photos / "closed").chmod(0o755)
        summary = world.index(load=unneeded)
        assert counts(summary) == {"unchanged": 3, "failed_before": 1, "reached": 1}
        assert tables(world.connection)["failures"] == before["failures"]


# What is ignored


def test_a_new_rule_hides_photos_and_they_return_with_their_captions(world: World) -> None:
    world.paint("a.png")
    world.paint("drafts/b.png")
    world.paint("drafts/c.png", "blue")
    world.index()
    before = tables(world.connection)
    rules = world.spoil("drafts/.photosearchignore", b"*\n!c.png\n")
    world.photos.joinpath("a.png").rename(world.home / "a.png")
    # What a rule hides and what is gone are told apart.
    expected = {"ignored": 1, "hidden": 1, "unchanged": 1, "reached": 1}
    assert counts(world.index(load=unneeded)) == expected
    assert world.found() == ["drafts/c.png"]
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "reached": 1}
    assert prune(world.connection, dry_run=True) == 1  # the file of the other is there
    (world.home / "a.png").rename(world.photos / "a.png")
    rules.unlink()
    summary = world.index(load=unneeded)
    assert counts(summary) == {"unchanged": 3, "returned": 2, "reached": 1}
    assert tables(world.connection) == before


def test_exclusions_hold_for_one_run(world: World) -> None:
    world.paint("a.png")
    world.paint("raw/b.png")
    assert counts(world.index(exclude=["/raw/"])) == {"captioned": 1, "reached": 1}
    assert world.index().captioned == 1
    assert world.index(load=unneeded, exclude=["*.png"]).ignored == 2
    assert world.index(load=unneeded).returned == 2
    with pytest.raises(ValueError, match="exclude"):
        world.index(exclude=["# nothing"])


def test_rules_that_cannot_be_used_hide_nothing_and_show_nothing(world: World) -> None:
    world.paint("in/a.png")
    world.paint("b.png")
    world.index()
    rules = world.spoil("in/.photosearchignore", "secret.png".encode("utf-16"))
    world.paint("in/secret.png")
    diary = Diary()
    assert counts(world.index(load=unneeded, observer=diary)) == {
        "unchanged": 1, "failed": 1, "reached": 1,
    }  # fmt: skip
    why = "its .photosearchignore can't be used: it isn't utf-8"
    assert diary.skips == [("in", f"folder can't be opened: {why}")]
    assert world.found() == ["b.png", "in/a.png"]
    summary = world.index(world.photos / "in", load=unneeded)
    assert summary.unreachable == {str(world.photos / "in"): why}
    rules.write_text("secret.png")
    assert counts(world.index(load=unneeded)) == {"unchanged": 2, "reached": 1}
    assert world.failures() == {}


def test_an_ignored_folder_that_is_given_stays(world: World) -> None:
    world.paint("a.png")
    world.paint(".hidden/b.png")
    world.index()
    assert world.found() == ["a.png"]
    world.index(world.photos / ".hidden")
    both = [".hidden/b.png", "a.png"]
    assert world.found() == both
    assert counts(world.index(load=unneeded)) == {"unchanged": 2, "reached": 1}
    assert world.found() == both
    shutil.move(world.photos / ".hidden", world.home / "away")
    assert counts(world.index(load=unneeded)) == {"unchanged": 1, "failed": 1, "reached": 1}
    assert world.found() == both  # it may be a drive


def test_a_folder_inside_another_is_part_of_it(world: World) -> None:
    world.paint("2019/a.png")
    world.paint("2019/b.png")
    world.spoil(".photosearchignore", b"b.png\n")
    world.index(world.photos / "2019")  # before the other: a root of its own
    assert world.found() == ["2019/a.png", "2019/b.png"]
    assert world.index(load=unneeded).ignored == 1
    assert all_roots(world.connection) == [str(world.photos)]
    assert counts(world.index(world.photos / "2019", load=unneeded)) == {
        "unchanged": 1, "reached": 1,
    }  # fmt: skip
    world.spoil(".photosearchignore", b"2019/\n")
    assert world.index(load=unneeded).ignored == 1
    assert world.found() == []


# Roots


def test_nested_roots_count_once(world: World) -> None:
    for name in ("a.png", "b/c.png", "b/d.png"):
        world.paint(name)
    sub, single = world.photos / "b", world.photos / "b" / "c.png"
    summary = world.index(sub, single, world.photos, sub, world.photos)
    assert counts(summary) == {"captioned": 3, "reached": 1}
    assert outer_roots(world.connection) == [str(world.photos)]
    world.index(sub, load=unneeded)
    assert outer_roots(world.connection) == [str(world.photos)]


def test_roots_side_by_side(world: World) -> None:
    for name in ("a/1.png", "ab/2.png", "b/3.png", "a b/4.png"):
        world.paint(name)
    folders = [world.photos / name for name in ("a", "ab", "b")]
    assert counts(world.index(*folders)) == {"captioned": 3, "reached": 3}
    assert outer_roots(world.connection) == [str(folder) for folder in folders]
    (world.photos / "ab" / "2.png").rename(world.photos / "ab" / "2.old")
    summary = world.index(*folders, load=unneeded)
    assert counts(summary) == {"unchanged": 2, "hidden": 1, "reached": 3}
    assert world.found() == ["a/1.png", "b/3.png"]


def test_a_single_file_may_be_a_root(world: World) -> None:
    one, other = world.paint("Lake/a.png"), world.paint("Lake/b.png")
    assert counts(world.index(one)) == {"captioned": 1, "reached": 1}
    (result,) = find(world.connection, "lake")
    assert (result.path, result.matches) == (str(one), {"folder": ["lake"]})
    assert counts(world.index(one, load=unneeded)) == {"unchanged": 1, "reached": 1}
    assert counts(world.index(other)) == {"captioned": 1, "reached": 1}
    one.unlink()
    summary = world.index(one, other, load=unneeded)
    assert counts(summary) == {"unchanged": 1, "reached": 1}
    assert list(summary.unreachable) == [str(one)]
    assert world.found() == ["Lake/a.png", "Lake/b.png"]


def test_many_single_files_take_no_longer_each(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        (home := tmp_path / str(count)).mkdir()
        with world_in(home) as world:
            files = [world.spoil(f"{number}.jpg", b"") for number in range(count)]
            world.index(*files)
            times = []
            for _ in range(3):
                started = time.process_time()
                assert counts(world.index(*files, load=unneeded))["failed_before"] == count
                times.append(time.process_time() - started)
            return min(times)

    assert seconds(1600) < 24 * seconds(200)  # 8 if each takes the same, 64 if not


def test_no_roots(world: World) -> None:
    summary = index(world.connection, [], unneeded)
    assert counts(summary) == {}
    assert summary.unreachable == {}


def test_folders_are_told_from_the_roots_own_name_on(world: World) -> None:
    world.paint("a.png")
    world.paint("2019/Lake Como/b.png")
    world.index()
    query = "SELECT filename, folder FROM search ORDER BY filename"
    expected = [("a.png", "Photos"), ("b.png", "Photos/2019/Lake Como")]
    assert world.connection.execute(query).fetchall() == expected
    assert world.found("como") == ["2019/Lake Como/b.png"]
    assert world.found(world.home.name) == []  # a word of what lies above


# Batches and accidents


def test_every_batch_is_a_transaction(world: World) -> None:
    for number in range(10):
        world.paint(f"{number}.png")
    written: list[int] = []

    def probe(call: int) -> None:
        reader = database.open_for_reading(str(world.home / "library.db"))
        written.extend(*reader.execute("SELECT count(*) FROM photos"))
        reader.close()

    describer = FakeDescriber(probe=probe)
    world.index(load=lambda: describer, batch_size=4)
    assert describer.batches == [4, 4, 2]
    # The batch before may be on its way to the file while one is described.
    assert written[0] == 0 and written[1] in (0, 4) and written[2] in (4, 8)


def test_a_batch_is_described_while_the_one_before_is_written(world: World) -> None:
    for number in range(12):
        world.paint(f"{number:02}.png")
    begun, first_written = threading.Event(), threading.Event()

    class Waiting(Diary):
        def advance(self, photos: int) -> None:
            super().advance(photos)
            first_written.set()
            assert begun.wait(10)

    def probe(call: int) -> None:
        if call == 2:
            assert first_written.wait(10)
            begun.set()

    describer = FakeDescriber(probe=probe)
    summary = world.index(load=lambda: describer, observer=Waiting(), batch_size=4)
    assert counts(summary) == {"captioned": 12, "reached": 1}


def test_photos_of_a_drive_that_is_lost_meanwhile_are_tried_again(world: World) -> None:
    for number in range(6):
        world.paint(f"{number}.png")
    away = world.home / "away"
    photos = next(world.home.rglob("0.png")).parent

    def unplug(call: int) -> None:
        if photos.exists():
            photos.rename(away)

    summary = world.index(load=lambda: FakeDescriber(probe=unplug), batch_size=1)
    assert 0 < summary.captioned < 6 and summary.failed == 6 - summary.captioned
    away.rename(photos)
    again = world.index()
    assert (again.captioned, again.failed, again.failed_before) == (summary.failed, 0, 0)
    assert counts(world.index(load=unneeded)) == {"unchanged": 6, "reached": 1}


def test_a_batch_is_full_by_its_photos(world: World) -> None:
    for number in range(6):
        world.paint(f"{number}-good.png")
        world.spoil(f"{number}-spoilt.png", bytes(number + 1))
    describer, diary = FakeDescriber(), Diary()
    summary = world.index(load=lambda: describer, observer=diary, batch_size=4)
    assert counts(summary) == {"captioned": 6, "failed": 6, "reached": 1}
    assert describer.batches == [4, 2]
    assert (diary.total, diary.done, len(diary.skips)) == (12, 12, 6)


def test_many_failures_are_written_before_the_end(world: World) -> None:
    for number in range(11):
        world.spoil(f"{number:02}.png", bytes(number + 1))
    world.paint("good.png")
    written: list[int] = []

    def probe(call: int) -> None:
        reader = database.open_for_reading(str(world.home / "library.db"))
        written.extend(*reader.execute("SELECT count(*) FROM failures"))
        reader.close()

    world.index(load=lambda: FakeDescriber(probe=probe), batch_size=4)
    assert written in ([4], [8])  # one batch may be on its way to the file
    assert len(world.failures()) == 11


def crowd(world: World) -> None:
    """Make photos of several colours with unreadable files between them."""
    for number in range(14):
        if number % 5 == 3:
            world.spoil(f"{number:02}.png", bytes([number] * number))
        else:
            world.paint(f"{number:02}.png", list(COLOURS)[number % 4], size=(8 + number, 9))


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_an_interrupt_keeps_the_batches_before(
    world: World, tmp_path: Path, call: int, error: type[BaseException]
) -> None:
    crowd(world)

    def probe(number: int) -> None:
        if number == call:
            raise error

    with pytest.raises(error):
        world.index(load=lambda: FakeDescriber(probe=probe), batch_size=3)
    assert not world.connection.in_transaction
    assert len(world.found()) == 3 * (call - 1)
    assert world.connection.execute("SELECT captioned, finished_at FROM runs").fetchall() == [
        (3 * (call - 1), None)
    ]
    describer = FakeDescriber()
    world.index(load=lambda: describer, batch_size=3)
    assert describer.batches == [3, 3, 3, 2][call - 1 :]
    undisturbed = database.open_for_writing(str(tmp_path / "undisturbed.db"))
    index(undisturbed, [str(world.photos)], FakeDescriber, IndexOptions(3, 0))
    assert tables(world.connection) == tables(undisturbed)
    undisturbed.close()


def test_processes_give_the_same_library(world: World, tmp_path: Path) -> None:
    crowd(world)
    world.index(workers=0)
    other = database.open_for_writing(str(tmp_path / "other.db"))
    index(other, [str(world.photos)], FakeDescriber, IndexOptions(4, 2))
    assert tables(other) == tables(world.connection)
    other.close()


names = st.sampled_from(["a.png", "b.png", "c/d.png", "c/e.png", "c/f/g.png"])
steps = st.lists(
    st.tuples(st.just("paint"), names, st.sampled_from(sorted(COLOURS)))
    | st.tuples(st.sampled_from(["delete", "move", "index", "force"]), names, st.none()),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(steps=steps)
def test_any_history_ends_in_the_library_of_a_fresh_run(steps: list[tuple[str, str, Any]]) -> None:
    def visible(connection: sqlite3.Connection) -> list[Any]:
        query = """SELECT display, size, mtime_ns, width, height, caption, alternatives,
                          folder, filename
                   FROM photos JOIN search ON photo_id = id ORDER BY path"""
        return connection.execute(query).fetchall()

    with tempfile.TemporaryDirectory() as folder, world_in(Path(folder)) as world:
        world.spoil("notes.txt")  # an empty folder would be an unplugged drive's place
        for step, name, colour in steps:
            path = world.photos / name
            if step == "paint":
                world.paint(name, colour)
            elif step == "delete":
                path.unlink(missing_ok=True)
            elif step == "move" and path.exists():
                path.rename(path.with_name("moved.png"))
            elif step in ("index", "force"):
                world.index(batch_size=2, force=step == "force")
        world.index(batch_size=2)
        fresh = database.open_for_writing(str(world.home / "fresh.db"))
        index(fresh, [str(world.photos)], FakeDescriber, IndexOptions(2, 0))
        assert visible(world.connection) == visible(fresh)
        for query in ("red", "wall", "green blue", "d.png"):
            ours, theirs = ({(r.path, round(r.score, 9)) for r in find(one, query, None)}
                            for one in (world.connection, fresh))  # fmt: skip
            assert ours == theirs
        fresh.close()


def test_time_is_told_by_stage(world: World) -> None:
    world.paint("a.png")
    stages: Sequence[float] = list(vars(world.index().stages).values())
    assert len(stages) == 4
    assert all(seconds > 0 for seconds in stages)


def test_the_describer_says_how_many_photos_it_takes_at_once(world: World) -> None:
    """On a graphics processor the batch grows to what fits, see `captioner.networks.batch_size`."""
    describer = FakeDescriber(batch_size=1)

    def grow(call: int) -> None:
        describer.batch_size *= 2

    describer.probe = grow
    for number in range(20):
        world.paint(f"{number}.png")
    world.index(load=lambda: describer, batch_size=None)
    *full, rest = describer.batches
    assert sum(full) + rest == 20
    # While one is described, the next is put together, as large as was right until then.
    for call, size in enumerate(full):
        assert 2 ** max(call - 1, 0) <= size <= 2**call
