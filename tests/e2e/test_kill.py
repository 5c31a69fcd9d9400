"""Indexing runs that are killed or interrupted: nothing breaks, nothing is lost."""

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

Run = Callable[..., subprocess.CompletedProcess[str]]
PHOTOS, BATCH, KILLS = 208, 8, 10
OPTIONS = ("--device", "cpu", "--batch-size", str(BATCH), "--workers", "1", "--threads", "2")
HINT = "stopped: all finished batches are kept, the same command goes on"

# What must come out the same, without numbers and times that a run makes up.
TABLES = {
    "photos": """
        SELECT path, display, size, mtime_ns, inode, format, width, height, taken_at, camera,
               lens, latitude, longitude, missing_since FROM photos ORDER BY path""",
    "captions": """
        SELECT path, rank, text, log_probability, tokens, fingerprint FROM captions
        JOIN photos ON photos.id = photo_id JOIN models ON models.id = model_id
        ORDER BY path, rank""",
    "search": """
        SELECT path, caption, alternatives, tags, place, search.camera, folder, filename
        FROM search JOIN photos ON photos.id = photo_id ORDER BY path""",
    "failures": "SELECT path, display, size, mtime_ns, reason FROM failures ORDER BY path",
    "roots": "SELECT path, display FROM roots ORDER BY path",
    "found": """
        SELECT path FROM search_fts JOIN photos ON photos.id = search_fts.rowid
        WHERE search_fts MATCH 'man OR dog OR photos' ORDER BY path""",
}


@dataclass
class Pace:
    """How an undisturbed run went: its library, and when batches were written, in seconds."""

    db: Path
    first: float  # from the start to the first batch
    batch: float  # from one batch to the next


class Indexing:
    """An `index` command at work, in a process group of its own."""

    def __init__(self, photos: Path, db: Path, environment: dict[str, str]) -> None:
        program = Path(sys.executable).parent / "photosearch"
        command: list[str | Path] = [program, "index", photos, "--db", db, *OPTIONS]
        self.db = db
        self.process = subprocess.Popen(
            command, cwd=db.parent, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8",
        )  # fmt: skip

    def wait_for(self, photos: int) -> int:
        """Wait until so many photos are written; return how many are."""
        end = time.monotonic() + 300
        while (written := count(self.db)) < photos and self.process.poll() is None:
            assert time.monotonic() < end, f"{written} photos after 300 s"
            time.sleep(0.01)
        return written

    def children(self) -> dict[int, str]:
        """Processes that this one started and that still live: when each started, by number."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (state := stat_of(int(entry.name))):
                _, parent, started = state
                if parent == self.process.pid:
                    found[int(entry.name)] = started
        return found

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit code and what was written."""
        out, err = self.process.communicate(timeout=300)
        return self.process.returncode, out, err


def stat_of(process: int) -> tuple[str, int, str] | None:
    """State, parent and start time of a process; None when there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return fields[0], int(fields[1]), fields[19]


def lives(process: int, started: str) -> bool:
    state = stat_of(process)
    return state is not None and state[2] == started and state[0] not in "ZX"


def are_gone(processes: dict[int, str]) -> bool:
    """Tell whether processes end within some seconds."""
    end = time.monotonic() + 15
    while any(lives(*process) for process in processes.items()):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def count(db: Path) -> int:
    """How many photos are written for good, as another process sees it."""
    try:
        with contextlib.closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as reader:
            found: int = reader.execute("SELECT count(*) FROM photos").fetchone()[0]
            return found
    except sqlite3.OperationalError:  # not there yet, or without tables
        return 0


def contents(db: Path) -> dict[str, list[tuple[Any, ...]]]:
    with contextlib.closing(sqlite3.connect(db)) as reader:
        return {name: reader.execute(query).fetchall() for name, query in TABLES.items()}


def check(db: Path, scratch: Path) -> int:
    """Check a copy of a library after a kill; return how many photos it has.

    A copy with its log, so that the next run meets the file as the kill left it.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for ending in ("", "-wal", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{db}{ending}", scratch / f"copy.db{ending}")
    if not (scratch / "copy.db").exists():
        return 0
    with contextlib.closing(sqlite3.connect(scratch / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        if "photos" not in tables:
            return 0
        # With rank 1 the index is compared to the rows it was made from, too.
        copy.execute("INSERT INTO search_fts (search_fts, rank) VALUES ('integrity-check', 1)")
        numbers = {
            copy.execute(query).fetchone()[0]
            for query in (
                "SELECT count(*) FROM photos",
                "SELECT count(*) FROM search",
                "SELECT count(*) FROM captions WHERE rank = 0",
                "SELECT coalesce(sum(captioned), 0) FROM runs",
            )
        }
        assert len(numbers) == 1, numbers
        number: int = numbers.pop()
        return number


@pytest.fixture(scope="module")
def photos(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill") / "photos"
    folder.mkdir()
    for photo in sorted((data_dir / "flickr8k" / "images").iterdir())[:PHOTOS]:
        shutil.copy2(photo, folder / photo.name)
    assert len(list(folder.iterdir())) == PHOTOS
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    photos: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Pace:
    folder = tmp_path_factory.mktemp("undisturbed")
    db = folder / "l.db"
    # The first run of all reads the model from the disk, which takes longer than later runs.
    Indexing(next(photos.iterdir()), folder / "first.db", environment).finish()
    started = time.monotonic()
    indexing = Indexing(photos, db, environment)
    written = indexing.wait_for(1)
    first = time.monotonic() - started
    code, out, err = indexing.finish()
    batch = (time.monotonic() - started - first) / (PHOTOS / BATCH - 1)
    assert 0 < written < PHOTOS
    assert (code, err.splitlines()[0]) == (0, f"{PHOTOS} photos to caption")
    assert out.startswith(f"{PHOTOS} photos captioned in ")
    return Pace(db, first, batch)


@pytest.fixture
def start(photos: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[Any]:
    """Start indexing into the same library again and again; ends what a test leaves behind."""
    begun: list[Indexing] = []

    def start() -> Indexing:
        begun.append(Indexing(photos, tmp_path / "l.db", environment))
        return begun[-1]

    yield start
    for indexing in begun:
        if indexing.process.poll() is None:
            indexing.process.kill()
        indexing.process.communicate()


def test_kills_at_random_moments_leave_whole_batches(
    undisturbed: Pace, start: Callable[[], Indexing], tmp_path: Path
) -> None:
    chance = random.Random(20)
    before, workers_seen = 0, 0
    # Some kills while the command starts, the others within the two batches after one was
    # written: never so many that the photos could come to their end.
    moments = [0, 0, 0, *(chance.randint(1, 2) for _ in range(KILLS - 3))]
    assert sum(moments) + KILLS < PHOTOS // BATCH
    chance.shuffle(moments)
    for batches in moments:
        indexing = start()
        if batches:
            indexing.wait_for(before + BATCH * batches)
            time.sleep(chance.uniform(0, undisturbed.batch))
        else:
            time.sleep(chance.uniform(0, undisturbed.first))
        children = indexing.children()
        written = count(indexing.db)
        indexing.process.kill()
        code, _, err = indexing.finish()
        assert code == -signal.SIGKILL, err  # it was not at its end
        after = check(indexing.db, tmp_path / "scratch")
        # What was written stays, in whole batches. At most the one batch being written at
        # the kill comes on top: all others are either seen before it, or weren't begun.
        assert after % BATCH == 0
        assert max(before, written) <= after <= written + BATCH
        before = after
        workers_seen += len(children) > 0
        assert are_gone(children)
    assert workers_seen >= KILLS // 2 and 0 < before < PHOTOS

    code, out, err = start().finish()
    assert (code, err.splitlines()[0]) == (0, f"{PHOTOS - before} photos to caption")
    assert "skipping" not in err
    assert out.startswith(f"{PHOTOS - before} photos captioned in ")
    assert out.endswith(f", {before} unchanged\n")
    assert check(tmp_path / "l.db", tmp_path / "scratch") == PHOTOS
    disturbed, expected = contents(tmp_path / "l.db"), contents(undisturbed.db)
    for name, rows in expected.items():
        assert disturbed[name] == rows, name  # texts, and log-probabilities to the last bit
    assert len(expected["photos"]) == len(expected["found"]) == PHOTOS


def test_interrupts_keep_whole_batches_and_searching_goes_on(
    undisturbed: Pace, start: Callable[[], Indexing], run: Run, tmp_path: Path
) -> None:
    before = 0
    for number, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
        indexing = start()
        written = indexing.wait_for(before + BATCH)
        found = run("find", "photos", "-0", "-n", "999", db=indexing.db)
        assert (found.returncode, found.stderr) == (0, "")
        assert written <= found.stdout.count("\0") <= count(indexing.db)
        assert found.stdout.count("\0") % BATCH == 0
        assert indexing.process.poll() is None  # all that while it was at work
        children = indexing.children()
        assert children
        if number == signal.SIGINT:  # Ctrl-C: a terminal sends it to the workers, too
            os.killpg(indexing.process.pid, number)
        else:
            indexing.process.send_signal(number)
        ended, out, err = indexing.finish()
        assert (ended, out) == (code, "")
        # Only its own lines: no traceback, also not from a worker.
        first, *progress, last = err.splitlines()
        assert first == f"{PHOTOS - before} photos to caption" and last == HINT
        assert all(re.fullmatch(r"\d+ of \d+ photos, .* left", line) for line in progress)
        assert are_gone(children)
        before = check(indexing.db, tmp_path / "scratch")
        assert before % BATCH == 0 and before >= written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupts_while_the_captioner_loads(
    undisturbed: Pace, start: Callable[[], Indexing], tmp_path: Path, number: signal.Signals
) -> None:
    indexing = start()
    assert indexing.process.stderr is not None
    assert indexing.process.stderr.readline() == f"{PHOTOS} photos to caption\n"
    time.sleep(random.Random(number).uniform(0, 0.2))  # a first batch is written after 0.5 s
    os.killpg(indexing.process.pid, number)
    code, out, err = indexing.finish()
    assert (code, out, err) == (128 + number, "", f"{HINT}\n")
    assert check(tmp_path / "l.db", tmp_path / "scratch") == 0
