"""How long it takes to bring a library of the last schema up to date, and to read metadata again.

    python benchmarks/migration_speed.py [--photos 100000] [--kills 5] [--folder PHOTOS]

Makes a library of schema 6 with made-up photos that people wrote words about. Then it measures
opening the library for writing, which migrates it; kills that with SIGKILL at random times, and
looks whether the library holds what it held; and measures dating all photos anew. With a folder, it
reads the metadata of its photos without pixels, and decodes the same photos, by processes as
`index` does.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from photosearch.files.file import File
from photosearch.files.walk import walk
from photosearch.indexing.config import IndexOptions
from photosearch.indexing.workers import decode_all, read_all
from photosearch.photo.metadata import read_metadata
from photosearch.store import database, dates, schema
from photosearch.store.settings import write_setting

LAST_SCHEMA = 6
SEED = 20261127
WORDS = (
    "a dog runs on the beach with two children near an old red boat while the sun goes down "
    "behind white houses and green hills people walk along wooden street snow mountain lake"
).split()
OPEN = "import sys; from photosearch.store import database; database.open_for_writing(sys.argv[1])"
IMAGE_SIZE = 224  # pixels, as the captioner wants


def rows(count: int) -> Iterator[dict[str, list[Any]]]:
    """Yield the rows of a photo, by table, in the order of the columns of schema 6."""
    dice = random.Random(SEED)
    for number in range(1, count + 1):
        folder = f"/photos/{2005 + number // 6000}/{number // 500:04}"
        path = f"{folder}/IMG_{number:06}.jpg"
        said = [" ".join(dice.choices(WORDS, k=11)) for _ in range(3)]
        title, keywords = " ".join(dice.choices(WORDS, k=3)), "\n".join(dice.sample(WORDS, 4))
        is_named = number % 4 == 0
        taken_from = ("exif", "exif", "exif", "xmp", "name", "file")[number % 6]
        yield {
            "photos": [number, path.encode(), None, path, 4_000_000 + number, 10**18 + number,
                       number, "JPEG", 4000, 3000, dice.randbytes(32), "2019-07-04T12:00:00",
                       taken_from, "Canon EOS 5D", "EF24-70mm f/2.8L USM", 48.85, 2.29, None, 0, 0,
                       1, 1, None],
            "captions": [[number, rank, text, -10.0, 12, 1, 0.8, None]
                         for rank, text in enumerate(said)],
            "tags": [[number, rank, tag, "", 0.7, 1]
                     for rank, tag in enumerate(dice.sample(WORDS, 5))],
            "vectors": [number, 1, dice.randbytes(256), 0.1],
            "words": [number, 1, dice.randbytes(600)],
            "user_metadata": [number, title, "", "", keywords, None] if is_named else [],
            "search": [number, said[0], "\n".join(said[1:]), "\n".join(dice.sample(WORDS, 5)), "",
                       "Canon EOS 5D", folder[1:], f"IMG_{number:06}.jpg",
                       title if is_named else "", "", keywords if is_named else "", "generated"],
        }  # fmt: skip


def make(path: Path, count: int) -> None:
    """Make a library of the last schema."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        schema.migrate(connection, LAST_SCHEMA)
        connection.execute("INSERT INTO models VALUES (1, 'made up', 'x', '2026', 'captions')")
        connection.execute("INSERT INTO runs VALUES (1, '2026', '2026', 1, 0, 0)")
        for photo in rows(count):
            for table, values in photo.items():
                several = values if values and isinstance(values[0], list) else [values]
                for each in filter(None, several):
                    marks = ", ".join("?" * len(each))
                    connection.execute(f"INSERT INTO {table} VALUES ({marks})", each)


def content(path: Path) -> str:
    """A hash of the library's photos, captions, user metadata and edits."""
    digest = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for query in (
            "SELECT id, path, display, size, mtime_ns, content_hash, taken_at FROM photos",
            "SELECT * FROM captions",
            "SELECT photo_id, title, keywords FROM user_metadata",
            "SELECT photo_id, caption, folder FROM search",
        ):
            for row in connection.execute(query):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def kill(master: Path, folder: Path, times: int, whole: float) -> None:
    """Kill migrations at random times, and look at what they leave."""
    expected, dice = content(master), random.Random(SEED)
    for _ in range(times):
        library = folder / "killed.db"
        for ending in database.ENDINGS:
            Path(f"{library}{ending}").unlink(missing_ok=True)
        shutil.copyfile(master, library)
        process = subprocess.Popen([sys.executable, "-c", OPEN, str(library)])
        after = dice.uniform(0.2, whole)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = content(library) == expected
        version = version_of(library)
        database.open_for_writing(str(library)).close()
        kept = kept and content(library) == expected
        said = "nothing is lost" if kept else "SOMETHING IS LOST"
        print(f"killed after {after:.1f} s: schema {version}, {said}", flush=True)


def read(folder: Path) -> None:
    """Read the metadata of a folder's photos, and decode the same photos."""
    files = [found for found in walk(str(folder)) if isinstance(found, File)]
    config = IndexOptions()
    for name, outcomes in _ways(files, config):
        next(outcomes)  # the processes have started
        started = time.perf_counter()
        done = sum(1 for _ in outcomes)
        speed = done / (time.perf_counter() - started)
        print(f"{name}: {speed:.0f} photos/s, {config.workers} processes, {done} photos")


def _ways(
    files: list[File], config: IndexOptions
) -> Iterable[tuple[str, Iterator[tuple[File, object]]]]:
    known = [_with_hash(file) for file in files]
    yield "metadata alone", read_all(known, read_metadata, config)
    yield "metadata and hash", read_all(files, read_metadata, config)
    yield "decoded", decode_all(files, IMAGE_SIZE, config)


def _with_hash(file: File) -> File:
    return File(file.path, file.size, file.mtime_ns, file.inode, content_hash=b"known")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        master, library = folder / "master.db", folder / "library.db"
        make(master, options.photos)
        shutil.copyfile(master, library)
        size = os.path.getsize(master) / 1e6
        started = time.perf_counter()
        with contextlib.closing(database.open_for_writing(str(library))) as connection:
            whole = time.perf_counter() - started
            print(f"migration of {options.photos:,} photos, {size:.0f} MB: {whole:.1f} s")
            kept = content(library) == content(master)
            print("nothing is lost" if kept else "SOMETHING IS LOST")
            for _ in range(2):
                write_setting(connection, "dates_rule", None)
                started = time.perf_counter()
                changed = dates.follow_rule(connection)
                seconds = time.perf_counter() - started
                print(f"all dated anew: {seconds:.1f} s, {changed:,} have another date")
        kill(master, folder, options.kills, whole)
    if options.folder is not None:
        read(options.folder)


if __name__ == "__main__":
    main()
