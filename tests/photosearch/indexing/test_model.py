"""The model of a job: what is taken in each run, what is said of a change, what is remembered."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from captioner.describe.description import PARTS
from captioner.describe.model_folder import read_fingerprints, shipped_model
from photosearch.errors import MissingModelError, ModelError, UsageError
from photosearch.indexing.config import DescribeOptions, IndexOptions
from photosearch.indexing.job import Job
from photosearch.indexing.model import Folders
from photosearch.library import Library
from photosearch.store import database
from photosearch.store.library_model import remembered
from tests.fakes import FakeDescriber

MakeFolder = Callable[[str], Path]


@pytest.fixture
def model(tmp_path: Path) -> MakeFolder:
    """Makes the folder of a model, of which nobody needs more than the fingerprints."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        settings = {"name": name, "fingerprints": {part: f"{part} {name}" for part in PARTS}}
        (folder / "config.json").write_text(json.dumps(settings))
        return folder

    return make


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A library with a photo that another model described."""
    folder = tmp_path / "Photos"
    folder.mkdir()
    Image.new("RGB", (20, 10), "red").save(folder / "red.png")
    Library(tmp_path / "l.db").index([folder], load=FakeDescriber, workers=0)
    return str(tmp_path / "l.db")


@pytest.fixture
def connection(path: str) -> Iterator[sqlite3.Connection]:
    with closing(database.open_for_writing(path)) as connection:
        yield connection


def folders(path: str, named: Path | None, said: list[str]) -> Folders:
    return Folders(path, named, DescribeOptions(), said.append)


def test_a_change_of_model_is_told_and_remembered_once(
    connection: sqlite3.Connection, path: str, model: MakeFolder
) -> None:
    said: list[str] = []
    one = model("one")
    models = folders(path, one, said)
    assert models.choose(connection, upgrade=False).fingerprints == read_fingerprints(one)
    assert remembered(connection) is None  # not before the model is loaded
    (line,) = said
    assert str(one) in line and "1 photo that another model described" in line
    assert "by words only" in line and "photosearch index --upgrade" in line
    models.settle(connection)
    assert remembered(connection) == str(one)
    for again in (models, folders(path, one, said), folders(path, None, said)):
        assert again.choose(connection, upgrade=False).fingerprints == read_fingerprints(one)
    assert said == [line]


def test_an_upgrade_says_what_it_replaces_and_what_stays(
    connection: sqlite3.Connection, path: str, model: MakeFolder
) -> None:
    said: list[str] = []
    folders(path, model("one"), said).choose(connection, upgrade=True)
    (line,) = said
    assert "1 photo anew" in line and "captions that you wrote stay" in line


def test_nothing_is_told_of_a_model_that_made_all_vectors(
    connection: sqlite3.Connection, path: str, model: MakeFolder
) -> None:
    one = model("one")
    settings = {"fingerprints": FakeDescriber().fingerprints}
    (one / "config.json").write_text(json.dumps(settings))
    said: list[str] = []
    folders(path, one, said).choose(connection, upgrade=False)
    assert said == []


def test_a_watch_follows_what_another_process_chooses(
    connection: sqlite3.Connection, path: str, model: MakeFolder
) -> None:
    said: list[str] = []
    watching = folders(path, None, said)
    before = watching.choose(connection, upgrade=False)
    watching.settle(connection)
    assert before.fingerprints == read_fingerprints(shipped_model())
    assert watching.choose(connection, upgrade=False) is before  # it is loaded once
    one = model("one")
    other = folders(path, one, said)
    other.choose(connection, upgrade=False)
    other.settle(connection)
    after = watching.choose(connection, upgrade=False)
    watching.settle(connection)
    assert after.fingerprints == read_fingerprints(one)
    assert remembered(connection) == str(one)


def test_a_watch_goes_on_while_the_drive_of_its_model_is_gone(
    connection: sqlite3.Connection, path: str, model: MakeFolder, tmp_path: Path
) -> None:
    one = model("one")
    first = folders(path, one, [])
    first.choose(connection, upgrade=False)
    first.settle(connection)
    watching = folders(path, None, [])
    before = watching.choose(connection, upgrade=False)
    watching.settle(connection)
    shutil.move(one, tmp_path / "unplugged")
    assert watching.choose(connection, upgrade=False) is before
    with pytest.raises(MissingModelError):
        folders(path, None, []).choose(connection, upgrade=False)


def test_a_model_that_cannot_be_loaded_is_not_remembered(path: str, model: MakeFolder) -> None:
    broken = model("broken")
    folder = Path(path).with_name("Photos")
    Image.new("RGB", (20, 10), "blue").save(folder / "blue.png")
    with pytest.raises(ModelError):
        Library(path, model=broken).index([folder], workers=0, engine="onnx")
    with closing(database.open_for_reading(path)) as connection:
        assert remembered(connection) is None


def test_a_folder_without_a_model_makes_no_library(tmp_path: Path) -> None:
    (tmp_path / "Photos").mkdir()
    library = Library(tmp_path / "new.db", model=tmp_path / "nowhere")
    for work in (library.index, library.watch):
        with pytest.raises(ModelError, match=r"no model in .*nowhere: there is no such folder"):
            work([tmp_path / "Photos"])
    assert not (tmp_path / "new.db").exists()


def test_a_folder_and_a_describer_of_ones_own_are_too_much(tmp_path: Path) -> None:
    library = Library(tmp_path / "l.db", model="shipped")
    with pytest.raises(UsageError, match="it can't go with load"):
        library.index([tmp_path], load=FakeDescriber)


def test_two_libraries_have_models_of_their_own(
    path: str, model: MakeFolder, tmp_path: Path
) -> None:
    second = str(tmp_path / "m.db")
    shutil.copyfile(path, second)
    for db, name in ((path, "one"), (second, "two")):
        work = Job(db, IndexOptions(workers=0), folders(db, model(name), []))
        assert work.run([str(tmp_path / "Photos")]).unchanged == 1
    for db, name in ((path, "one"), (second, "two")):
        assert Library(db).stats()["model_folder"] == str(tmp_path / name)
