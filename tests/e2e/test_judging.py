"""By which people judge and mend what the model says: evaluate, edit, find --like."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch.store import database
from photosearch.store.photos import set_missing

Run = Callable[..., subprocess.CompletedProcess[str]]

SAID = {"chelsea.png": "a cat looks at the camera", "coffee.png": "a cup of coffee on a table",
        "rocket.jpg": "a rocket is launched"}  # fmt: skip


@pytest.fixture
def captions(tmp_path: Path, library: Any) -> Path:
    """A captions file; the photos that it names are the demo's."""
    file = tmp_path / "captions.tsv"
    file.write_text("".join(f"{name}\t{text}\n" for name, text in SAID.items()), encoding="utf-8")
    return file


@pytest.mark.slow
def test_evaluate_indexes_searches_and_tells(
    run: Run, captions: Path, library: Any, tmp_path: Path
) -> None:
    db = tmp_path / "kept.db"
    options = ("--photos", library.photos, "--captions", captions, "--db", db)
    done = run("evaluate", *options, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"vector", "BM25+, all text", "vector and all text (find)"} <= found.keys()
    fused = found["vector and all text (find)"]
    assert fused["recall"] == {"1": 1.0, "5": 1.0, "10": 1.0}
    assert (fused["median_rank"], fused["nothing"]) == (1.0, 0.0)
    stats = json.loads(run("stats", "--json", db=db).stdout)
    assert stats["photos"] == len(SAID)  # the other photos of the folder stay out
    # The library is kept: the second time nothing is indexed, and some photos are enough.
    names = tmp_path / "names.txt"
    names.write_text("chelsea.png\nrocket.jpg\n", encoding="utf-8")
    done = run("evaluate", *options, "--names", names)
    assert done.returncode == 0, done.stderr
    first, head, rule, *lines = done.stdout.splitlines()
    assert first == "2 photos, 2 queries, 0 single words"
    assert head.startswith("| | R@1 |") and set(rule) <= set("|-")
    assert len(lines) == len(found)


def test_evaluate_usage_errors(run: Run, captions: Path, library: Any, tmp_path: Path) -> None:
    for photos, file, message in [
        (tmp_path, captions, "chelsea.png is not there, but has captions"),
        (library.photos, tmp_path / "nowhere.tsv", "nowhere.tsv"),
        (library.photos, library.photos / "chelsea.png", "chelsea.png"),
    ]:
        done = run("evaluate", "--photos", photos, "--captions", file)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert message in done.stderr
        assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_edited_caption_is_found_shown_exported_and_taken_back(
    run: Run, library: Any, tmp_path: Path
) -> None:
    db = tmp_path / "edited.db"
    shutil.copyfile(library.db, db)
    photo = library.photos / "rocket.jpg"
    before = photo.read_bytes()
    (generated,) = caption_of(run, db, photo)
    done = run("edit", photo, "Grandpa's Saturn at Houston", db=db)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{photo} has your caption now\n"
    (result,) = json.loads(run("find", "grandpa saturn", "--min-score=0.9", "--json", db=db).stdout)
    assert (result["path"], result["caption"]) == (str(photo), "Grandpa's Saturn at Houston")
    assert result["parts"]["own"]["value"] == 1.0
    csv = run("export", "-", "--query", "grandpa", db=db).stdout
    assert "Grandpa's Saturn at Houston" in csv
    assert run("edit", photo, db=db).returncode == 0
    without = json.loads(run("find", "grandpa", "--json", db=db).stdout)
    assert not any(result["parts"]["own"]["value"] for result in without)
    assert caption_of(run, db, photo) == [generated]
    assert photo.read_bytes() == before


def caption_of(run: Run, db: Path, photo: Path) -> list[str]:
    found = json.loads(run("find", "rocket", "--json", "--min-score", "0", db=db).stdout)
    return [result["caption"] for result in found if result["path"] == str(photo)]


def test_what_is_not_in_the_library_cannot_be_edited(
    run: Run, library: Any, tmp_path: Path
) -> None:
    db = tmp_path / "edited.db"
    shutil.copyfile(library.db, db)
    before = db.read_bytes()
    for arguments in [(tmp_path / "nowhere.jpg", "a dog"), (library.photos / "rocket.jpg", "  ")]:
        done = run("edit", *arguments, db=db)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert db.read_bytes() == before


@pytest.mark.slow
def test_what_is_like_a_photo_outside_the_library_is_found(
    run: Run, library: Any, tmp_path: Path
) -> None:
    with Image.open(library.photos / "chelsea.png") as image:
        image.crop((20, 10, 440, 290)).save(tmp_path / "crop.jpg")
    done = run("find", "--like", tmp_path / "crop.jpg", "--json", db=library.db)
    assert done.returncode == 0, done.stderr
    first, *_ = json.loads(done.stdout)
    assert first["path"] == str(library.photos / "chelsea.png")
    assert set(first["parts"]) == {"like"}
    both = run("find", "--like", tmp_path / "crop.jpg", "--json", "a cat", db=library.db)
    assert set(json.loads(both.stdout)[0]["parts"]) == {"like", "meaning", "seen", "words", "own"}


def test_what_cannot_be_looked_at_is_like_nothing(run: Run, library: Any, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    for path, message in [("nowhere.jpg", "no photo at"), ("text.jpg", "text.jpg")]:
        done = run("find", "--like", tmp_path / path, db=library.db)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert message in done.stderr and done.stderr.count("\n") == 1


def test_where_all_photos_are_gone_the_library_is_not_called_empty(
    run: Run, library: Any, tmp_path: Path
) -> None:
    db = tmp_path / "gone.db"
    shutil.copyfile(library.db, db)
    connection = database.open_for_writing(str(db))
    paths = [os.fsdecode(path) for (path,) in connection.execute("SELECT path FROM photos")]
    set_missing(connection, paths)
    connection.close()
    done = run("find", "cat", db=db)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no photos match: all photos of the library are gone")
