"""The model of a library: which folder it is, and what is remembered when things move."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from captioner.describe.model_folder import shipped_model
from photosearch.errors import MissingModelError
from photosearch.store.library_model import (
    SHIPPED,
    model_folder,
    named_folder,
    remember,
    remembered,
)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "drive" / "mine"
    folder.mkdir(parents=True)
    return folder


def test_named_comes_before_remembered_before_shipped(
    library: sqlite3.Connection, mine: Path, tmp_path: Path
) -> None:
    db = str(tmp_path / "l.db")
    assert model_folder(library, db) == shipped_model()
    assert model_folder(library, db, mine) == mine
    remember(library, db, mine)
    assert model_folder(library, db) == mine
    other = tmp_path / "other"
    assert model_folder(library, db, other) == other  # it need not exist: loading tells
    assert model_folder(library, db) == mine  # to name a folder is not to remember it


@pytest.mark.parametrize("typed", ["mine", "./mine/", "../drive/mine", "~/mine"])
def test_a_folder_may_be_relative_or_in_the_home_folder(
    library: sqlite3.Connection, mine: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.chdir(mine.parent)
    monkeypatch.setenv("HOME", str(mine.parent))
    folder = named_folder(typed)
    assert folder == mine
    remember(library, "l.db", folder)
    monkeypatch.chdir("/")
    monkeypatch.setenv("HOME", "/")
    assert model_folder(library, str(mine.parent / "l.db")) == mine


def test_the_shipped_model_is_never_pinned(
    library: sqlite3.Connection, mine: Path, tmp_path: Path
) -> None:
    """An update may put it elsewhere."""
    db = str(tmp_path / "l.db")
    for folder in (named_folder(SHIPPED), shipped_model(), shipped_model() / ".." / "default"):
        remember(library, db, mine)
        remember(library, db, folder)
        assert remembered(library) is None
        assert model_folder(library, db) == shipped_model()


def test_a_folder_beside_the_library_moves_with_it(
    library: sqlite3.Connection, mine: Path, tmp_path: Path
) -> None:
    remember(library, str(mine.parent / "l.db"), mine)
    os.rename(mine.parent, tmp_path / "elsewhere")
    assert model_folder(library, str(tmp_path / "elsewhere" / "l.db")) == (
        tmp_path / "elsewhere" / "mine"
    )


def test_the_library_alone_may_move(
    library: sqlite3.Connection, mine: Path, tmp_path: Path
) -> None:
    remember(library, str(mine.parent / "l.db"), mine)
    assert model_folder(library, str(tmp_path / "elsewhere" / "l.db")) == mine


def test_a_folder_that_is_gone_is_told_in_one_line(
    library: sqlite3.Connection, mine: Path, tmp_path: Path
) -> None:
    db = str(tmp_path / "far" / "l.db")
    remember(library, db, mine)
    shutil.move(mine, tmp_path / "moved")
    with pytest.raises(MissingModelError) as caught:
        model_folder(library, db)
    message = str(caught.value)
    assert str(mine) in message and "photosearch index --model FOLDER" in message
    assert "\n" not in message
    assert model_folder(library, db, tmp_path / "moved") == tmp_path / "moved"
    shutil.move(tmp_path / "moved", mine)  # the drive is plugged in again
    assert model_folder(library, db) == mine


def test_a_name_need_not_be_text(library: sqlite3.Connection, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"mod\xe8le")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this system has only UTF-8 names")
    remember(library, str(tmp_path / "l.db"), folder)
    assert model_folder(library, str(tmp_path / "l.db")) == folder


@pytest.mark.parametrize("stored", ["'{bad'", "'[]'", "'[3]'", "'{}'", "CAST(x'5bff5d' AS TEXT)"])
def test_a_damaged_note_of_the_model_is_told(
    library: sqlite3.Connection, mine: Path, tmp_path: Path, stored: str
) -> None:
    """It isn't taken for the shipped model, which would describe new photos with other vectors."""
    db = str(tmp_path / "l.db")
    library.execute(f"INSERT INTO settings VALUES ('model', {stored})")
    with pytest.raises(MissingModelError, match="note of its model is damaged"):
        model_folder(library, db)
    assert remembered(library) is None
    remember(library, db, mine)
    assert model_folder(library, db) == mine
