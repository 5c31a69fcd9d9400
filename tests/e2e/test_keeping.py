"""Looking after a library by the commands."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch.files.ignore import NAME

Run = Callable[..., Any]


@pytest.fixture
def db(run: Run, tmp_path: Path) -> Path:
    """A library of a folder with another one in it."""
    for number, name in enumerate(("a.png", "in/b.png", "in/c.png")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no photo")
    db = tmp_path / "photosearch.db"
    assert run("index", tmp_path / "photos", db=db).returncode == 0
    return db


@pytest.mark.slow
def test_photos_are_forgotten(run: Run, db: Path) -> None:
    photos = db.parent / "photos"
    done = run("forget", photos / "in", db=db)
    assert (done.returncode, done.stderr) == (
        0,
        f"2 photos forgotten\nit lies in {photos}, where the next index finds it again: "
        f"a {NAME} there keeps it out\n",
    )
    (photos / "a.png").unlink()
    assert "1 gone and hidden" in run("index", db=db, env={"COLUMNS": "200"}).stdout
    assert run("prune", "--dry-run", db=db).stderr == "1 photo would be forgotten\n"
    assert run("prune", db=db).stderr == "1 photo forgotten\n"
    done = run("forget", photos, db=db)
    assert (done.returncode, done.stderr) == (0, "2 photos forgotten\n")
    done = run("forget", photos, db=db)
    assert done.returncode == 2
    assert done.stderr == f"photosearch: {photos} is not in the library\n"


def test_a_deleted_working_folder_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    gone, photosearch = tmp_path / "gone", str(Path(sys.executable).with_name("photosearch"))
    command = 'rmdir "$PWD" && exec "$@"'
    for arguments in (["find", "red"], ["index", str(tmp_path), "--db", f"{tmp_path}/x.db"]):
        gone.mkdir()
        done = subprocess.run(
            ["sh", "-c", command, "sh", photosearch, *arguments],
            cwd=gone, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 3
        assert done.stderr == (
            "photosearch: the current folder is gone: change to another one first\n"
        )
