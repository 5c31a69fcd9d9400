"""What a person gets wrong: one line says what to do, and nothing is lost."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch import Library

Run = Callable[..., Any]


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("Pictuers",), 3)])
def test_a_mistyped_folder_makes_no_library(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    db = tmp_path / "new" / "photosearch.db"
    done = run("index", *arguments, db=db)
    assert done.returncode == code
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert not db.parent.exists()


def test_an_empty_library_says_so(run: Run, tmp_path: Path) -> None:
    db = tmp_path / "photosearch.db"
    assert run("index", tmp_path, db=db).returncode == 0
    done = run("find", "dog", db=db)
    assert done.returncode == 1
    assert done.stderr == (
        "no photos match: the library is empty, photosearch index FOLDER fills it\n"
    )


@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_export_does_not_overwrite_the_library(tmp_path: Path, ending: str) -> None:
    library = Library(tmp_path / "photosearch.db")
    library.index([tmp_path])
    library.find("dog")
    before = (tmp_path / "photosearch.db").read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(f"{library.path}{ending}")
    for target in (f"{library.path}{ending}", link):
        with pytest.raises(ValueError, match="name a CSV file"):
            library.export(target)
    assert (tmp_path / "photosearch.db").read_bytes() == before
    assert library.export(tmp_path / "photosearch.db.csv") == 0


def test_export_does_not_overwrite_a_photo(run: Run, tmp_path: Path) -> None:
    photo = tmp_path / "photo.PNG"
    Image.new("RGB", (4, 4)).save(photo)
    before = photo.read_bytes()
    assert run("index", tmp_path / "photo.PNG", db=tmp_path / "photosearch.db").returncode == 0
    done = run("export", photo, db=tmp_path / "photosearch.db")
    assert done.returncode == 2
    assert done.stderr == f"photosearch: {photo} is a photo or the library: name a CSV file\n"
    assert photo.read_bytes() == before


def test_a_folder_is_no_library(run: Run, tmp_path: Path) -> None:
    done = run("stats", "--db", tmp_path)
    assert done.returncode == 3
    assert done.stderr == f"photosearch: {tmp_path} is a folder, not a library\n"


@pytest.mark.slow
def test_find_takes_the_short_form_of_a_number(run: Run, tmp_path: Path) -> None:
    db = tmp_path / "photosearch.db"
    for number in range(3):
        Image.new("RGB", (4, 4)).save(tmp_path / f"zebra{number}.png")
        (tmp_path / f"zebra {number}.png").hardlink_to(tmp_path / f"zebra{number}.png")
    assert run("index", tmp_path, db=db).returncode == 0
    done = run("find", "zebra", "--json", "-n2", db=db)
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 2


def test_find_tells_what_it_takes_as_a_word(run: Run, tmp_path: Path) -> None:
    db = tmp_path / "photosearch.db"
    assert run("index", tmp_path, db=db).returncode == 0
    done = run("find", "--jsn", "dog", db=db)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "--jsn is no option of find: it is searched as a word"


@pytest.mark.parametrize("other", ["--paths", "-0"])
def test_find_prints_in_one_form(run: Run, tmp_path: Path, other: str) -> None:
    done = run("find", "dog", "--json", other, db=tmp_path / "photosearch.db")
    assert done.returncode == 2
    assert done.stderr == "photosearch: choose one: --json, or --paths or -0\n"


@pytest.mark.parametrize("module", ["typer", "numpy"])  # at the start, and within the command
@pytest.mark.parametrize("way", ["interrupted", "interrupted in compiled code", "broken"])
def test_an_interrupt_while_modules_are_imported_is_silent(
    library: Any, module: str, way: str
) -> None:
    code = f"""if True:
        import signal, sys
        from photosearch.cli import main
        class Importer:
            def find_spec(self, name, path=None, target=None):
                if name == "{module}":
                    try:
                        if "{way}" != "broken":
                            signal.raise_signal(signal.SIGINT)
                    except KeyboardInterrupt:
                        if "{way}" == "interrupted":
                            raise
                    raise ImportError("initialization failed")
        sys.meta_path.insert(0, Importer())
        main()"""
    command = [sys.executable, "-c", code, "find", "dog", "--db", str(library.db)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if way != "broken":
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    else:
        assert done.returncode == (1 if module == "typer" else 4)
        assert "initialization failed" in done.stderr
