"""How long `photosearch index` takes over a library in which nothing has changed.

    python benchmarks/rescan_speed.py [--photos 100000]

Makes that many small files in folders of 500 and a library that knows them, then runs the
command three times as a process, and beside it the least that any program must do: list the
folders and ask for every file's size and time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from captioner.describe.description import PARTS, Caption, Description
from captioner.describe.model_folder import read_settings, shipped_model
from photosearch.files.file import File
from photosearch.photo.dates import DateSource
from photosearch.photo.exif import Exif
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.roots import add_roots
from photosearch.store.runs import finish_run, start_run

FOLDER = 500  # files in one
RUNS = 3


def make(photos: Path, count: int) -> None:
    for number in range(count):
        folder = photos / f"{2005 + number // FOLDER // 12}" / f"{number // FOLDER:04}"
        if number % FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:06}.jpg").write_bytes(b"%d" % number)


def remember(library: Path, photos: Path) -> None:
    """Write the files into a library as `index` would, with made-up descriptions."""
    connection = database.open_for_writing(str(library))
    add_roots(connection, [str(photos)])
    run = start_run(connection)
    fingerprints = read_settings(shipped_model())["fingerprints"]
    models = use_models(connection, run, "benchmark", {part: fingerprints[part] for part in PARTS})
    caption = Caption("a dog runs on the beach", -6.0, 7)
    description = Description([caption] * 3, [], bytes(256), 0.1)
    batch = []
    for folder, _, names in os.walk(photos):
        for name in names:
            path = os.path.join(folder, name)
            status = os.stat(path)
            file = File(path, status.st_size, status.st_mtime_ns, status.st_ino)
            data = Exif({DateSource.EXIF: "2019-07-04T12:00:00"})
            content = hashlib.sha256(path.encode()).digest()
            batch.append(
                Photo(file, str(photos), "JPEG", 4000, 3000, data, description, None, content)
            )
    write_batch(connection, run, models, batch, [])
    finish_run(connection, run)
    connection.close()


def content(library: Path) -> str:
    """A hash of all that a library holds, but for its list of runs."""
    connection = sqlite3.connect(library)
    digest = hashlib.sha256()
    for line in connection.iterdump():
        if not line.startswith('INSERT INTO "runs"'):
            digest.update(line.encode())
    connection.close()
    return digest.hexdigest()


def least(photos: Path) -> float:
    """Seconds to list the folders and look at each file."""
    started = time.perf_counter()
    waiting = [str(photos)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    entry.stat()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos, library = Path(folder) / "Pictures", Path(folder) / "photosearch.db"
        make(photos, options.photos)
        remember(library, photos)
        before = content(library)
        script = Path(sys.executable).with_name("photosearch")
        command = [str(script), "index", str(photos), "--db", str(library)]
        for _ in range(RUNS):
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds = time.perf_counter() - started
            bare = least(photos)
            print(f"index: {seconds:.2f} s; listing and looking alone: {bare:.2f} s")
        print(done.stdout.strip())
        print("the library is", "unchanged" if content(library) == before else "CHANGED")


if __name__ == "__main__":
    main()
