"""Moved, renamed and copied files: known without a second captioning, with all that was said."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photosearch.files.file import File
from photosearch.files.hashing import hash_file
from photosearch.files.walk import walk
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.recognise import recognise
from photosearch.indexing.run import index
from photosearch.indexing.scan import Task
from photosearch.indexing.summary import Summary
from photosearch.store import database
from photosearch.store.edits import write_edit
from photosearch.store.moves import relocate
from photosearch.store.removal import prune
from photosearch.store.roots import outer_roots
from tests.fakes import Diary, FakeDescriber, shade

SHADES = range(40, 240, 10)


@dataclass
class World:
    """A folder of photos and a library."""

    home: Path
    connection: sqlite3.Connection
    describer: FakeDescriber = field(default_factory=lambda: FakeDescriber(shade))
    diary: Diary = field(default_factory=Diary)
    clock: int = 1_500_000_000

    @property
    def photos(self) -> Path:
        return self.home / "Photos"

    def paint(self, name: str, shade: int, folder: str = "Photos") -> Path:
        """Photos of all shades have one size, one name a time of its own."""
        path = self.home / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9), shade).save(path, "BMP")
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        return path

    def index(self, *roots: Path, **config: Any) -> Summary:
        given = [str(root) for root in roots or (self.photos,)]
        settings = IndexOptions(**{"workers": 0, "batch_size": 3, **config})
        return index(self.connection, given, lambda: self.describer, settings, self.diary)

    def edit(self, name: str, caption: str) -> None:
        assert write_edit(self.connection, str(self.photos / name), caption)

    def shown(self) -> dict[str, str]:
        """What is found, by path within the home."""
        query = "SELECT path, caption FROM photos JOIN search ON photo_id = id"
        return {
            os.path.relpath(os.fsdecode(path), self.home): caption
            for path, caption in self.connection.execute(query)
        }

    def edits(self) -> list[str]:
        return sorted(text for (text,) in self.connection.execute("SELECT caption FROM edits"))


def counts(summary: Summary) -> dict[str, int]:
    numbers = {name: value for name, value in vars(summary).items() if isinstance(value, int)}
    return {name: value for name, value in numbers.items() if value and name != "reached"}


@contextmanager
def world_in(home: Path) -> Iterator[World]:
    (home / "Photos").mkdir()
    with closing(database.open_for_writing(str(home / "library.db"))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield World(home, connection)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as world:
        yield world


def test_files_that_are_read_carry_their_hash_on(world: World) -> None:
    known = world.paint("known.bmp", 50)
    world.index()
    copy, new, twin = (world.photos / name for name in ("copy.bmp", "new.bmp", "twin.bmp"))
    shutil.copy(known, copy)
    world.paint("new.bmp", 60)
    shutil.copy(new, twin)
    (world.photos / "other.jpg").write_bytes(b"of another size")  # so that nobody reads it
    files = [item for item in walk(str(world.photos)) if isinstance(item, File)]
    tasks = [Task(str(world.photos), file) for file in files if file.path != str(known)]
    found = recognise(world.connection, tasks, gone=())
    hashes = {os.path.basename(task.file.path): task.file.content_hash for task in found.tasks}
    assert hashes.pop("other.jpg") is None
    assert hashes == {name: hash_file(str(world.photos / name)) for name in hashes}
    assert [os.path.basename(task.file.path) for task in found.left] == ["new.bmp", "other.jpg"]
    assert [task.file.path for task in found.later] == [str(twin)]
    assert (found.moved, found.copied, found.touched) == (0, 1, 0)
    compared: list[int] = []
    recognise(world.connection, found.left + found.later, (), comparing=compared.append)
    assert compared == []  # nothing is read twice


def test_a_renamed_folder_is_recognised_without_reading(world: World) -> None:
    for number in range(5):
        world.paint(f"Rome/{number}.bmp", 50 + 10 * number)
    world.index()
    world.edit("Rome/2.bmp", "our first evening")
    numbers = world.connection.execute("SELECT id, content_hash FROM photos").fetchall()
    (world.photos / "Rome").rename(world.photos / "Roma")
    world.diary.compared = 0
    assert counts(world.index()) == {"moved": 5}
    assert world.diary.compared == 0
    assert world.describer.described == 5
    assert world.shown()["Photos/Roma/2.bmp"] == "our first evening"
    assert not any("Rome" in path for path in world.shown())
    query = "SELECT group_concat(folder) FROM search"
    assert "Rome" not in world.connection.execute(query).fetchone()[0]
    assert world.connection.execute("SELECT id, content_hash FROM photos").fetchall() == numbers
    assert counts(world.index()) == {"unchanged": 5}


def test_a_renamed_file_is_recognised_by_its_content(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.paint("b.bmp", 60)
    world.index()
    world.edit("a.bmp", "mine")
    path.rename(path.with_name("c.bmp"))
    assert counts(world.index()) == {"moved": 1, "unchanged": 1}
    assert world.shown() == {"Photos/c.bmp": "mine", "Photos/b.bmp": "shade 60"}
    assert (world.diary.compared, world.describer.described) == (1, 2)


def test_a_photo_moves_to_another_root_with_another_time(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.paint("b.bmp", 60)
    world.index()
    other = world.home / "Other"
    other.mkdir()
    shutil.copyfile(path, other / "a.bmp")
    path.unlink()
    assert counts(world.index(other)) == {"moved": 1}  # though its old folder isn't looked at
    assert set(world.shown()) == {"Other/a.bmp", "Photos/b.bmp"}


def test_a_photo_whose_drive_is_unplugged_is_copied(world: World) -> None:
    world.paint("a.bmp", 50)
    world.index()
    world.edit("a.bmp", "mine")
    shutil.copytree(world.photos, world.home / "Backup")
    world.photos.rename(world.home / "unplugged")
    assert counts(world.index(world.home / "Backup")) == {"copied": 1}
    assert world.shown() == {"Photos/a.bmp": "mine", "Backup/a.bmp": "mine"}
    assert world.edits() == ["mine", "mine"]


def test_a_copy_has_all_that_the_photo_has(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    world.edit("a.bmp", "mine")
    shutil.copy(path, world.photos / "b.bmp")
    shutil.copy(path, world.photos / "c.bmp")
    assert counts(world.index()) == {"copied": 2, "unchanged": 1}
    assert world.describer.described == 1
    for table in ("captions", "tags", "vectors", "edits"):
        rows = world.connection.execute(f"SELECT * FROM {table}").fetchall()
        assert len(rows) == 3 and len({row[2:] for row in rows}) == 1, table
    assert set(world.shown().values()) == {"mine"}
    assert counts(world.index()) == {"unchanged": 3}


def test_copies_are_captioned_once_in_the_first_run(world: World) -> None:
    path = world.paint("a.bmp", 50)
    for number in range(7):
        shutil.copy(path, world.photos / f"copy {number}.bmp")
    assert counts(world.index()) == {"captioned": 1, "copied": 7}
    assert world.describer.described == 1
    assert set(world.shown().values()) == {"shade 50"}


def test_unreadable_copies_are_all_listed(world: World) -> None:
    for number in range(4):
        (world.photos / f"{number}.jpg").write_bytes(b"no photo")
    assert counts(world.index()) == {"failed": 4}
    assert counts(world.index()) == {"failed_before": 4}


def test_photos_that_change_places(world: World) -> None:
    first, second = world.paint("a.bmp", 50), world.paint("b.bmp", 60)
    world.index()
    world.edit("a.bmp", "the first")
    first.rename(world.photos / "x")
    second.rename(first)
    (world.photos / "x").rename(second)
    assert counts(world.index()) == {"moved": 2}
    assert world.shown() == {"Photos/a.bmp": "shade 60", "Photos/b.bmp": "the first"}


def test_a_photo_moved_over_another_one_leaves_it_missing(world: World) -> None:
    first, second = world.paint("a.bmp", 50), world.paint("b.bmp", 60)
    world.paint("c.bmp", 70)
    world.index()
    world.edit("a.bmp", "the first")
    world.edit("b.bmp", "the second")
    kept = second.read_bytes()
    first.rename(second)
    assert counts(world.index()) == {"moved": 1, "unchanged": 1}
    assert world.shown() == {"Photos/b.bmp": "the first", "Photos/c.bmp": "shade 70"}
    assert world.edits() == ["the first", "the second"]
    (world.photos / "again.bmp").write_bytes(kept)  # from a backup
    assert counts(world.index()) == {"moved": 1, "unchanged": 2}
    assert world.shown()["Photos/again.bmp"] == "the second"
    assert world.describer.described == 3


def test_a_photo_that_was_changed_keeps_its_words_and_so_does_its_backup(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    world.edit("a.bmp", "mine")
    shutil.copy(path, world.photos / "a (original).bmp")
    world.paint("a.bmp", 90)
    assert counts(world.index()) == {"captioned": 1, "copied": 1}
    assert set(world.shown().values()) == {"mine"}
    captions = world.connection.execute("SELECT text FROM captions ORDER BY text").fetchall()
    assert captions == [("shade 50",), ("shade 90",)]


def test_a_sidecar_that_came_with_the_move_is_read(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    path.rename(world.photos / "b.bmp")
    (world.photos / "b.bmp.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject>'
        "<rdf:Bag><rdf:li>Lisbon</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF>"
        "</x:xmpmeta>"
    )
    assert counts(world.index()) == {"moved": 1, "reread": 1}
    query = "SELECT keywords FROM search"
    assert world.connection.execute(query).fetchall() == [("Lisbon",)]


def test_a_date_from_the_name_follows_the_name(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    path.rename(world.photos / "2019-07-04 lake.bmp")
    world.index()
    query = "SELECT taken_at, taken_from FROM photos"
    assert world.connection.execute(query).fetchall() == [("2019-07-04", "name")]


def test_force_describes_a_moved_photo_anew_and_keeps_its_words(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    world.edit("a.bmp", "mine")
    path.rename(world.photos / "b.bmp")
    assert counts(world.index(force=True)) == {"moved": 1, "captioned": 1}
    assert world.shown() == {"Photos/b.bmp": "mine"}


def test_an_emptied_folder_hides_nothing(world: World) -> None:
    path = world.paint("a.bmp", 50)
    world.index()
    kept = path.read_bytes()
    path.unlink()
    summary = world.index()
    assert list(summary.unreachable) == [str(world.photos)]
    assert "is a drive unplugged?" in summary.unreachable[str(world.photos)]
    assert world.shown() == {"Photos/a.bmp": "shade 50"}
    path.write_bytes(kept)
    assert counts(world.index()) == {"unchanged": 1}


names = st.sampled_from(["a.bmp", "b.bmp", "c/a.bmp", "c/b.bmp", "d/e.bmp"])
steps = st.lists(
    st.tuples(st.just("paint"), names, st.sampled_from(SHADES))
    | st.tuples(st.sampled_from(["rename", "copy", "swap"]), names, names)
    | st.tuples(st.sampled_from(["delete", "touch", "edit"]), names, st.none())
    | st.tuples(st.just("index"), st.none(), st.none()),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_after_any_history_each_photo_says_what_it_shows(steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as home, world_in(Path(home)) as world:
        world.paint("always.bmp", 250)
        written: set[str] = set()

        def step(action: str, name: str, other: Any) -> None:
            path = world.photos / name
            if action == "paint":
                world.paint(name, other)
            elif action == "edit" and f"Photos/{name}" in world.shown():
                text = f"edit {len(written)}"
                world.edit(name, text)
                written.add(text)
                # The former one is gone because a person said so.
                written.intersection_update(world.edits())
            elif not path.exists():
                return
            elif action == "delete":
                path.unlink()
            elif action == "touch":
                world.clock += 1
                os.utime(path, (world.clock, world.clock))
            elif action in ("rename", "copy", "swap"):
                target = world.photos / other
                target.parent.mkdir(parents=True, exist_ok=True)
                if action == "copy" and path != target:
                    shutil.copy(path, target)
                elif action == "rename":
                    path.rename(target)
                elif action == "swap" and target.exists() and path != target:
                    path.rename(world.photos / "held")
                    target.rename(path)
                    (world.photos / "held").rename(target)

        for action, name, other in steps:
            if action == "index":
                world.index()
            else:
                step(action, name, other)
        world.index()
        files = {
            os.path.relpath(path, world.home): Image.open(path).getpixel((0, 0))
            for path in world.photos.rglob("*.bmp")
        }
        query = """SELECT path, text, search.caption, edits.caption, missing_since FROM photos
                   JOIN captions ON captions.photo_id = id
                   LEFT JOIN search ON search.photo_id = id
                   LEFT JOIN edits ON edits.photo_id = id"""
        rows = world.connection.execute(query).fetchall()
        seen = {
            os.path.relpath(os.fsdecode(path), world.home): text
            for path, text, _, _, missing in rows
            if missing is None
        }
        assert seen == {name: f"shade {shade}" for name, shade in files.items()}
        for _, text, searched, edit, missing in rows:
            assert (searched is None) == (missing is not None)
            assert missing or searched == (edit or text)
        assert written <= set(world.edits())  # what a person wrote is never lost
        assert world.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert world.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert counts(world.index()) == {"unchanged": len(files)}


# Relocating


def relocated(world: World, old: Path, new: Path) -> int | None:
    return relocate(world.connection, str(old), str(new))


def test_a_root_is_relocated_without_reading(world: World) -> None:
    for number in range(3):
        world.paint(f"x/{number}.bmp", 50 + number)
    (world.photos / "bad.jpg").write_bytes(b"no photo")
    world.index()
    world.edit("x/1.bmp", "mine")
    (world.photos / "x" / "2.bmp").unlink()
    world.index()
    new = world.home / "Disk" / "Bilder"
    new.parent.mkdir()
    world.photos.rename(new)
    world.diary.compared = 0
    assert relocated(world, world.photos, new) == 3
    assert outer_roots(world.connection) == [str(new)]
    assert world.shown() == {"Disk/Bilder/x/0.bmp": "shade 50", "Disk/Bilder/x/1.bmp": "mine"}
    folders = world.connection.execute("SELECT DISTINCT folder FROM search").fetchall()
    assert folders == [("Bilder/x",)]
    assert counts(world.index(new)) == {"unchanged": 2, "failed_before": 1}
    assert (world.diary.compared, world.describer.described) == (0, 3)


def test_a_folder_may_be_relocated_into_itself_and_back(world: World) -> None:
    world.paint("a.bmp", 50)
    world.index()
    inner = world.photos / "2020"
    assert relocated(world, world.photos, inner) == 1
    assert world.shown() == {"Photos/2020/a.bmp": "shade 50"}
    assert relocated(world, inner, world.photos) == 1
    assert world.shown() == {"Photos/a.bmp": "shade 50"}


def test_relocating_refuses_where_photos_are_known_already(world: World) -> None:
    world.paint("a.bmp", 50)
    world.paint("a.bmp", 60, folder="Other")
    other = world.home / "Other"
    world.index(world.photos, other)
    before = list(world.connection.iterdump())
    with pytest.raises(ValueError, match=r"a\.bmp is in the library already"):
        relocated(world, world.photos, other)
    assert list(world.connection.iterdump()) == before
    assert relocated(world, world.home / "nowhere", other) is None


def test_part_of_a_root_may_be_relocated(world: World) -> None:
    world.paint("x/a.bmp", 50)
    world.paint("y/b.bmp", 60)
    world.index()
    assert relocated(world, world.photos / "x", world.photos / "z") == 1
    assert set(world.shown()) == {"Photos/z/a.bmp", "Photos/y/b.bmp"}
    rows = world.connection.execute("SELECT folder FROM search ORDER BY folder").fetchall()
    assert rows == [("Photos/y",), ("Photos/z",)]


def test_the_root_of_all_may_be_relocated(world: World) -> None:
    world.paint("x/a.bmp", 50)
    world.index()
    inner = world.home / "mnt"
    assert relocated(world, Path("/"), inner) == 1
    (moved,) = world.shown()
    assert moved == os.path.join("mnt", str(world.photos / "x" / "a.bmp")[1:])
    assert relocated(world, inner, Path("/")) == 1
    assert set(world.shown()) == {"Photos/x/a.bmp"}
    assert outer_roots(world.connection) == [str(world.photos)]


def test_a_part_that_is_relocated_out_of_all_roots_is_looked_after(world: World) -> None:
    world.paint("x/a.bmp", 50)
    world.paint("y/b.bmp", 60)
    world.index()
    new = world.home / "New"
    (world.photos / "x").rename(new)
    assert relocated(world, world.photos / "x", new) == 1
    assert outer_roots(world.connection) == [str(new), str(world.photos)]
    (new / "a.bmp").unlink()
    (new / "notes.txt").touch()
    assert counts(world.index(new, world.photos)) == {"hidden": 1, "unchanged": 1}


def test_words_under_a_copy_are_back_with_their_photo(world: World) -> None:
    first, second = world.paint("a.bmp", 50), world.paint("b.bmp", 70)
    world.index()
    world.edit("a.bmp", "the first")
    world.edit("b.bmp", "the second")
    kept = second.read_bytes()
    shutil.copy(first, second)
    assert counts(world.index()) == {"copied": 1, "unchanged": 1}
    assert set(world.shown().values()) == {"the first"}
    assert "the second" in world.edits()
    second.write_bytes(kept)  # from a backup
    assert counts(world.index()) == {"moved": 1, "unchanged": 1}
    assert world.shown() == {"Photos/a.bmp": "the first", "Photos/b.bmp": "the second"}
    prune(world.connection)
    assert world.edits() == ["the first", "the second"]
    assert counts(world.index()) == {"unchanged": 2}


def test_a_linked_drive_may_be_unplugged(world: World) -> None:
    world.paint("b.bmp", 60)
    world.paint("a.bmp", 50, folder="Drive")
    (world.photos / "link").symlink_to(world.home / "Drive")
    world.index()
    world.edit("link/a.bmp", "mine")
    (world.home / "Drive").rename(world.home / "away")
    assert world.index().hidden == 1
    assert prune(world.connection) == 0
    (world.home / "away").rename(world.home / "Drive")
    assert world.index().returned == 1
    assert world.edits() == ["mine"]


def test_a_drive_within_a_root_may_be_unplugged(world: World) -> None:
    world.paint("usb/2020/a.bmp", 50)
    world.paint("b.bmp", 60)
    world.index()
    world.edit("usb/2020/a.bmp", "mine")
    away = world.home / "away"
    (world.photos / "usb" / "2020").rename(away)
    assert counts(world.index()) == {"hidden": 1, "unchanged": 1}
    assert prune(world.connection) == 0
    away.rename(world.photos / "usb" / "2020")
    assert counts(world.index()) == {"returned": 1, "unchanged": 2}
    assert world.shown()["Photos/usb/2020/a.bmp"] == "mine"
    shutil.rmtree(world.photos / "usb")  # for good, and not only what was in it
    assert counts(world.index()) == {"hidden": 1, "unchanged": 1}
    assert prune(world.connection) == 1


def test_the_captioned_row_moves_not_one_that_was_hidden_long_ago(world: World) -> None:
    """Import, copy, delete, caption, rename: what everybody does."""
    first = world.paint("Import/DSC1.bmp", 90)
    world.index()
    kept = world.photos / "2019" / "DSC1.bmp"
    kept.parent.mkdir()
    shutil.copy(first, kept)
    world.index()
    first.unlink()
    world.index()
    world.edit("2019/DSC1.bmp", "Mia on the steps")
    kept.rename(kept.with_name("Mia.bmp"))
    assert counts(world.index()) == {"moved": 1}
    assert world.shown() == {"Photos/2019/Mia.bmp": "Mia on the steps"}
    shutil.copy(kept.with_name("Mia.bmp"), world.photos / "copy.bmp")
    world.index()
    assert world.shown()["Photos/copy.bmp"] == "Mia on the steps"


@pytest.mark.parametrize("exif", [False, True])
def test_another_photo_under_a_name_that_is_free_has_no_words(world: World, exif: bool) -> None:
    """Cameras count anew; but a photo that is worked on keeps when it was taken."""

    def paint(shade: int) -> Path:
        path = world.photos / "DSC1.jpg"
        data = Image.Exif()
        if exif:
            data.get_ifd(0x8769)[0x9003] = "2019:07:04 12:00:00"
        Image.new("L", (9, 9), shade).save(path, "JPEG", exif=data)
        return path

    path = paint(90)
    world.paint("another.bmp", 120)
    world.index()
    world.edit("DSC1.jpg", "Mia on the steps")
    kept = path.rename(world.home / "backup.jpg")
    world.index()
    paint(200)
    world.index()
    assert world.shown()["Photos/DSC1.jpg"] == ("Mia on the steps" if exif else "shade 200")
    kept.rename(world.photos / "again.jpg")
    world.index()
    assert world.shown()["Photos/again.jpg"] == ("shade 90" if exif else "Mia on the steps")


def test_words_of_an_overwritten_photo_go_to_no_other(world: World) -> None:
    world.paint("DSC1.bmp", 90)
    world.paint("other.bmp", 150)
    world.index()
    world.edit("other.bmp", "words of the other")
    (world.photos / "DSC1.bmp").replace(world.photos / "other.bmp")
    world.index()
    world.paint("DSC1.bmp", 200)
    world.index()
    assert world.shown() == {"Photos/DSC1.bmp": "shade 200", "Photos/other.bmp": "shade 90"}
    world.paint("back.bmp", 150)  # from a backup
    world.index()
    assert world.shown()["Photos/back.bmp"] == "words of the other"


def test_new_files_of_one_size_are_read_whole_only_if_they_look_alike(world: World) -> None:
    for number in range(12):
        world.paint(f"{number}.bmp", 50 + 10 * number)
    shutil.copy(world.photos / "3.bmp", world.photos / "copy.bmp")
    assert counts(world.index()) == {"captioned": 12, "copied": 1}
    assert world.diary.compared == 2


@pytest.mark.parametrize("first", [".", "2019", "2019/Rome/a.bmp"])
def test_photos_are_found_by_the_folders_above_whichever_came_first(
    world: World, first: str
) -> None:
    world.paint("2019/Rome/a.bmp", 90)
    world.index(world.photos / first)
    world.paint("2019/Rome/b.bmp", 120)
    world.index(world.photos / "2019" / "Rome")
    world.index(world.photos)
    folders = world.connection.execute("SELECT folder FROM search").fetchall()
    assert folders == [("Photos/2019/Rome",)] * 2


def test_the_place_of_a_drive_may_be_gone_with_it(world: World) -> None:
    world.paint("usb1/2019/a.bmp", 90)
    world.paint("usb2/b.bmp", 120)
    world.paint("usb2/c.bmp", 150)
    world.index()
    (world.photos / "usb1").rename(world.home / "unplugged")
    (world.photos / "usb2" / "b.bmp").unlink()
    world.index()
    media = str(world.photos)
    assert prune(world.connection, holds_drives=lambda folder: folder == media) == 1
    # The same by a link to the folder of the drives.
    real = world.photos.rename(world.home / "media")
    world.photos.symlink_to(real)
    assert prune(world.connection, holds_drives=lambda folder: folder == str(real)) == 0
    assert prune(world.connection) == 1


def test_part_of_a_root_lists_no_link_that_the_whole_leaves_out(world: World) -> None:
    world.paint("all/a.bmp", 90)
    (world.photos / "album").mkdir()
    (world.photos / "album" / "a.bmp").symlink_to("../all/a.bmp")
    world.index()
    before = world.shown()
    assert set(before) == {"Photos/all/a.bmp"}
    assert counts(world.index(world.photos / "album")) == {}
    assert world.shown() == before


def test_copies_that_move_together_keep_their_own_words(world: World) -> None:
    for name in ("a.bmp", "z.bmp"):
        world.paint(f"old/{name}", 90)
    world.index()
    world.edit("old/z.bmp", "the last one")
    shutil.copytree(world.photos / "old", world.photos / "new", copy_function=shutil.copyfile)
    shutil.rmtree(world.photos / "old")
    assert counts(world.index()) == {"moved": 2}
    assert world.shown() == {"Photos/new/a.bmp": "shade 90", "Photos/new/z.bmp": "the last one"}


def test_a_name_that_is_taken_again_between_two_runs(world: World) -> None:
    def paint(shade: int, year: int) -> Path:
        path = world.photos / "DSC1.jpg"
        path.parent.mkdir(exist_ok=True)
        data = Image.Exif()
        data.get_ifd(0x8769)[0x9003] = f"{year}:07:04 12:00:00"
        Image.new("L", (9, 9), shade).save(path, "JPEG", exif=data)
        return path

    path = paint(90, 2019)
    world.index()
    world.edit("DSC1.jpg", "Mia on the steps")
    path.rename(path.with_name("Mia.jpg"))
    paint(200, 2024)
    world.index()
    assert world.shown() == {
        "Photos/DSC1.jpg": "shade 200",
        "Photos/Mia.jpg": "Mia on the steps",
    }


def test_a_rename_brings_no_words_of_a_copy_that_was_deleted_before(world: World) -> None:
    first = world.paint("a.bmp", 90)
    world.index()
    shutil.copy(first, world.photos / "b.bmp")
    world.index()
    world.edit("a.bmp", "words of the first")
    first.unlink()
    world.index()
    (world.photos / "b.bmp").rename(world.photos / "c.bmp")
    assert counts(world.index()) == {"moved": 1}
    assert world.shown() == {"Photos/c.bmp": "shade 90"}
    assert world.edits() == ["words of the first"]
