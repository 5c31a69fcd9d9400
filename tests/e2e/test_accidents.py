"""Accidents: the power fails, the disk is full, a process is killed, the file is damaged."""

import contextlib
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photosearch.indexing.observer import Silent
from photosearch.library import Library
from photosearch.search.query import Query
from photosearch.search.searcher import Searcher
from photosearch.store import database

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits files, kills processes")

Run = Callable[..., subprocess.CompletedProcess[str]]
SCRIPT = Path(__file__).with_name("describing.py")
PHOTOS, BATCH, KILLS = 160, 4, 40


def describer() -> Any:
    specification = importlib.util.spec_from_file_location("describing", SCRIPT)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.BATCH == BATCH
    return module


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("accidents") / "photos"
    folder.mkdir()
    for number in range(PHOTOS):
        Image.new("L", (8, 6), number).save(folder / f"{number:03}.png")
    return folder


def contents(db: Path) -> dict[str, list[Any]]:
    """What a library tells of photos, without times and numbers that a run makes up."""
    queries = {
        "photos": "SELECT path, size, mtime_ns, width, height, missing_since FROM photos",
        "captions": "SELECT path, rank, text FROM captions JOIN photos ON id = photo_id",
        "tags": "SELECT path, rank, text FROM tags JOIN photos ON id = photo_id",
        "vectors": "SELECT path, vector FROM vectors JOIN photos ON id = photo_id",
        "search": "SELECT path, caption, folder FROM search JOIN photos ON id = photo_id",
        "failures": "SELECT path, reason FROM failures",
        "roots": "SELECT path FROM roots",
    }
    with contextlib.closing(sqlite3.connect(db)) as connection:
        return {name: sorted(connection.execute(query)) for name, query in queries.items()}


def check(db: Path) -> int:
    """Open a library as any command does; return how many photos are there, each complete."""
    with contextlib.closing(database.open_for_writing(str(db))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute(
            "INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)"
        )
        connection.rollback()
        found = Searcher(connection, lambda: None).find(Query("photo", None))
        numbers = {
            len(found),
            *(
                connection.execute(query).fetchone()[0]
                for query in (
                    "SELECT count(*) FROM photos", "SELECT count(*) FROM search",
                    "SELECT count(*) FROM captions WHERE rank = 0",
                    "SELECT count(*) FROM captions WHERE rank = 1",
                    "SELECT count(*) FROM tags", "SELECT count(*) FROM vectors",
                    "SELECT coalesce(sum(captioned), 0) FROM runs",
                )
            ),
        }  # fmt: skip
        assert len(numbers) == 1, numbers
        number: int = numbers.pop()
        return number


# The power fails


def taken_while_indexing(photos: Path, folder: Path, base: int) -> tuple[Path, int]:
    """Copy a library and its log in the middle of indexing, `base` photos being in the file."""
    teller, db, copy = describer().Teller, folder / "l.db", folder / "copy.db"
    if base:
        some = folder / "photos"
        some.mkdir()
        for number in range(base):
            Image.new("L", (6, 8), number).save(some / f"{number:03}.png")
        Library(db).index([some], load=teller, workers=0, batch_size=BATCH)
        assert not Path(f"{db}-wal").exists()

    class Copying(Silent):
        written = 0

        def advance(self, photos: int) -> None:  # nothing is written meanwhile
            self.written += 1
            if self.written == 15:
                for ending in ("", "-wal"):
                    shutil.copyfile(f"{db}{ending}", f"{copy}{ending}")

    library = Library(db)
    library.index([photos], load=teller, workers=0, batch_size=BATCH, observer=Copying())
    return copy, base + 15 * BATCH


@pytest.mark.parametrize("base", [0, 8])
@pytest.mark.parametrize("tail", ["cut", "noise"])
def test_a_log_cut_anywhere_leaves_whole_batches(
    photos: Path, tmp_path: Path, tail: str, base: int
) -> None:
    copy, most = taken_while_indexing(photos, tmp_path, base)
    content, log = copy.read_bytes(), Path(f"{copy}-wal").read_bytes()
    chance = random.Random(base)
    cuts = [0, len(log), *(chance.randrange(len(log)) for _ in range(58))]
    seen = set()
    for cut in cuts:
        for file in tmp_path.glob("torn.db*"):
            file.unlink()
        (tmp_path / "torn.db").write_bytes(content)
        rest = chance.randbytes(len(log) - cut) if tail == "noise" else b""
        (tmp_path / "torn.db-wal").write_bytes(log[:cut] + rest)
        number = check(tmp_path / "torn.db")
        assert number % BATCH == 0 and base <= number <= most
        seen.add(number)
    assert {base, most} <= seen and len(seen) > 5


# The disk is full


def limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize(
    "sizes", [(200_000,), pytest.param((0, 4096, 50_000, 400_000), marks=pytest.mark.slow)]
)
def test_a_full_disk_is_told_and_the_same_command_goes_on(
    run: Run, tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3000):  # what can't be read is written down, and needs no model
        (folder / f"{number:04}{'x' * 50}.jpg").symlink_to("nowhere")
    expected = run("index", folder, db=tmp_path / "undisturbed.db")
    assert expected.returncode == 0
    ends = set()
    for size in sizes:
        db = tmp_path / f"{size}.db"
        done = run("index", folder, db=db, preexec_fn=limited(size))
        last = done.stderr.splitlines()[-1]
        assert (done.returncode, done.stdout) == (3, ""), done.stderr
        assert "the same command goes on" in last and "Traceback" not in done.stderr
        ends.add(check(db))
        again = run("index", folder, db=db)
        assert again.returncode == 0
        assert contents(db) == contents(tmp_path / "undisturbed.db")
    assert ends == {0}


def test_a_disk_that_fills_while_photos_are_written(photos: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(photos)]
    for size in (600_000, 1_000_000):
        db = tmp_path / f"{size}.db"
        options: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "timeout": 60}
        done = subprocess.run([*command, str(db)], preexec_fn=limited(size), **options)
        assert done.returncode == 1 and "sqlite3.OperationalError" in done.stderr
        number = check(db)
        assert number % BATCH == 0 and 0 < number < PHOTOS
        done = subprocess.run([*command, str(db)], **options)
        assert (done.returncode, done.stdout) == (0, f"{PHOTOS - number}\n")
    first, second = (contents(tmp_path / f"{size}.db") for size in (600_000, 1_000_000))
    assert first == second and check(db) == PHOTOS


def test_a_library_where_nothing_can_be_written_is_3(
    photos: Path, run: Run, mortal: dict[str, Any], tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    db = closed / "l.db"
    Library(db).index([photos], load=describer().Teller, workers=0)
    closed.chmod(0o555)
    for file, commands in (
        (db, [("index", photos), ("doctor",), ("doctor", "--salvage", closed / "new.db")]),
        (closed / "none.db", [("index", photos)]),
        (closed / "below" / "none.db", [("index", photos)]),
    ):
        for command in commands:
            done = run(*command, db=file, **mortal)
            assert (done.returncode, done.stdout) == (3, ""), command
            assert len(done.stderr.splitlines()) == 1 and "closed" in done.stderr
    assert [path.name for path in closed.iterdir() if path.name != "l.db-lock"] == ["l.db"]
    closed.chmod(0o755)
    assert check(db) == PHOTOS


# A process is killed


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_at_forty_random_moments(photos: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(photos)]
    started = time.monotonic()
    undisturbed = tmp_path / "undisturbed.db"
    assert subprocess.run([*command, str(undisturbed)], check=True, capture_output=True)
    whole = time.monotonic() - started
    chance, db, before, killed, grown = random.Random(40), tmp_path / "l.db", 0, 0, 0
    while killed < KILLS:
        process = subprocess.Popen([*command, str(db)], stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, whole))
        process.kill()
        if process.wait() != -signal.SIGKILL:  # it was done: once more from nothing
            assert process.returncode == 0 and contents(db) == contents(undisturbed)
            for file in tmp_path.glob("l.db*"):
                file.unlink()
            before = 0
            continue
        killed += 1
        scratch = tmp_path / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        for ending in ("", "-wal", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{db}{ending}", scratch / f"l.db{ending}")
        after = check(scratch / "l.db")
        assert after % BATCH == 0 and before <= after <= PHOTOS
        grown += after > before
        before = after
    assert grown > KILLS // 5
    subprocess.run([*command, str(db)], check=True, capture_output=True)
    assert contents(db) == contents(undisturbed) and check(db) == PHOTOS


# The file is damaged


@pytest.mark.slow
def test_doctor_from_looking_to_the_salvaged_library(
    photos: Path, run: Run, tmp_path: Path
) -> None:
    db, new = tmp_path / "l.db", tmp_path / "new.db"
    library = Library(db)
    library.index([photos], load=describer().Teller, workers=0)
    library.edit(photos / "007.png", "words of mine")
    library.close()
    done = run("doctor", "--check", db=db)
    sound = f"healthy: {PHOTOS} photos, {PHOTOS} described by another model, "  # by the Teller
    assert done.returncode == 0 and done.stdout.startswith(sound)
    assert re.fullmatch(r"the model \S+ is sound: .*\n", done.stderr)
    with contextlib.closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE search SET caption = 'wrong' WHERE photo_id = 3")
    done = run("doctor", "--check", db=db)
    assert done.returncode == 3 and done.stdout.startswith("wrong: 1 search row (")
    record = json.loads(run("doctor", "--json", db=db).stdout)
    assert (record["state"], record["rows"], record["photos"]) == ("repaired", 1, PHOTOS)
    assert run("doctor", db=db).stdout.startswith(sound)

    content = db.read_bytes()
    with contextlib.closing(sqlite3.connect(db)) as connection:
        (page,) = connection.execute(
            "SELECT max(pageno) - 1 FROM dbstat WHERE name = 'photos' AND pagetype = 'leaf'"
        ).fetchone()
    db.write_bytes(content[: page * 4096] + os.urandom(4096) + content[(page + 1) * 4096 :])
    damaged = db.read_bytes()
    done = run("doctor", db=db)
    assert done.returncode == 3 and len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith("damaged: ") and "--salvage" in done.stdout
    done = run("doctor", "--salvage", new, db=db)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"salvaged into {new}: {PHOTOS} photos, 1 of your captions, ")
    assert db.read_bytes() == damaged
    assert run("doctor", db=new).returncode == 0
    assert "007.png" in run("find", "--ranker", "fts5", "words of mine", db=new).stdout
    done = run("doctor", "--salvage", new, db=db)
    assert done.returncode == 2 and "is there already" in done.stderr
    assert run("doctor", "--check", "--salvage", new, db=db).returncode == 2
    db.write_bytes(os.urandom(5000))
    for options in ((), ("--salvage", tmp_path / "other.db")):
        done = run("doctor", *options, db=db)
        assert (done.returncode, done.stdout) == (3, "") and done.stderr.count("\n") == 1
