"""Small things: what leaves the program can be read on every system."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from photosearch.library import Library
from tests.fakes import FakeDescriber
from tests.metadata.packets import alt, bag, packet, simple
from tests.metadata.pictures import picture

_COMMAND = Path(sys.executable).parent / "photosearch"
_TITLE = "東京旅行 🎂 Łódź"
_STORY = "We took the last tram to the old harbour"

# Systems whose pipes aren't UTF-8 by themselves.
_SYSTEMS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library, whose photo has a title in several scripts."""
    home = tmp_path_factory.mktemp("small")
    (home / "photos").mkdir()
    said = alt("dc:title", _TITLE) + alt("Iptc4xmpCore:ExtDescrAccessibility", _STORY)
    said += bag("Iptc4xmpExt:PersonInImage", "Ann Lee") + simple("photoshop:City", "Oslo")
    xmp = packet(said, 'photoshop:DateCreated="1965-07"').encode()
    (home / "photos" / "旅行.jpg").write_bytes(picture("jpeg", 1, xmp))
    with Library(home / "library.db") as library:
        library.index([str(home / "photos")], load=FakeDescriber, workers=0)
    return home


def _run(home: Path, *words: str, env: Mapping[str, str]) -> bytes:
    command = [str(_COMMAND), *words, "--db", str(home / "library.db")]
    environment = {**os.environ, **env, "HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


@pytest.mark.parametrize("system", _SYSTEMS, ids=lambda system: f"small/json/{system}")
def test_json_on_a_pipe_is_utf_8(system: str, home: Path) -> None:
    raw = _run(home, "find", "--ranker", "bm25+", "--json", "wall", env=_SYSTEMS[system])
    (found,) = json.loads(raw.decode("utf-8"))
    assert (found["caption"], Path(found["path"]).name) == (_TITLE, "旅行.jpg")


@pytest.mark.parametrize(
    "text",
    [_STORY, "Ann Lee", "Oslo", "1965-07", "created"],
    ids=lambda text: f"small/shown/{text}",
)
def test_what_was_written_is_shown(text: str, home: Path) -> None:
    raw = _run(home, "find", "--ranker", "bm25+", "--json", "wall", env={})
    (found,) = json.loads(raw)
    assert text in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize("system", ["latin-1", "C"], ids=lambda system: f"small/export/{system}")
def test_csv_on_a_pipe_is_utf_8(system: str, home: Path) -> None:
    raw = _run(home, "export", "-", env=_SYSTEMS[system])
    assert _TITLE in raw.decode("utf-8")


@pytest.mark.parametrize("excel", [True, False], ids=["small/export/excel", "small/export/plain"])
def test_csv_for_excel_begins_with_a_byte_order_mark(excel: bool, home: Path) -> None:
    options = ["--excel"] if excel else []
    _run(home, "export", str(home / "out.csv"), *options, env={})
    raw = (home / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") is excel
    assert raw.decode("utf-8-sig").startswith("path,")


def _has_photos(library: Path) -> bool:
    """Return whether an indexing run has written photos."""
    if not library.exists():
        return False
    with contextlib.closing(sqlite3.connect(library)) as connection:
        try:
            return bool(connection.execute("SELECT count(*) FROM photos").fetchone()[0])
        except sqlite3.OperationalError:  # it is being made
            return False


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.02, 0.1, 0.19], ids=lambda gap: f"small/interrupted/{gap}")
def test_a_second_interrupt_ends_without_a_dump(gap: float, tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"{number}.jpg").write_bytes(picture("jpeg", number))
    library = tmp_path / "library.db"
    command = [str(_COMMAND), "index", str(tmp_path), "--db", str(library), "--batch-size", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not _has_photos(library):
        time.sleep(0.05)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(gap)
    _, err = process.communicate(timeout=60)
    assert process.returncode > 0, err.decode()  # ended by itself, not by a signal
    assert b"Fatal Python error" not in err
    assert b"Traceback" not in err
