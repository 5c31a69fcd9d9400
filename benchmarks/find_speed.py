"""How long `find` takes in a library of 100,000 photos, and how much memory.

python benchmarks/find_speed.py                  # needs PHOTOSEARCH_DATA
python benchmarks/find_speed.py --photos 10000

The photos are made up; their captions are people's, three of the five that a photo has
in `text/*.tsv.gz`, as a beam of three would give. Queries: whole captions, and pairs
of words that stand in one caption.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from photosearch import Library, database, query, store
from photosearch.metadata import Metadata
from photosearch.walk import File

SEED = 20261122


@dataclass(frozen=True)
class Caption:
    """A caption as the store takes it."""

    text: str
    log_probability: float = -10.0
    tokens: int = 11


def read_captions(data: Path) -> list[list[str]]:
    """Return the captions of each photo in the data folder's text."""
    photos: dict[str, list[str]] = {}
    for file in sorted((data / "text").glob("*.tsv.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                name, _, caption = line.rstrip("\n").partition("\t")
                photos.setdefault(f"{file.name}/{name}", []).append(caption)
    return list(photos.values())


def build(path: str, captions: list[list[str]], photos: int) -> None:
    """Make a library of so many photos; those past the captions start again, turned by one."""
    connection = database.open_for_writing(path)
    run = store.start_run(connection)
    model = store.use_model(connection, run, "people", "people")
    for start in range(0, photos, 1000):
        batch = [photo(number, captions) for number in range(start, min(start + 1000, photos))]
        store.write_batch(connection, run, model, batch, [])
    store.finish_run(connection, run)
    connection.close()


def photo(number: int, captions: list[list[str]]) -> store.Photo:
    """Make photo number so-and-so."""
    turn, place = divmod(number, len(captions))
    own = captions[place]
    chosen = [own[(turn + k) % len(own)] for k in range(min(3, len(own)))]
    path = f"/photos/{2010 + number % 15}/{number % 12 + 1:02}/IMG_{number:06}.jpg"
    file = File(path, 4_000_000, number, number)
    data = Metadata(taken_at=None, camera="Canon EOS 5D" if number % 3 else "Apple iPhone 12")
    return store.Photo(
        file, "/photos", "JPEG", 4000, 3000, data, [Caption(text.lower()) for text in chosen]
    )


def make_queries(captions: list[list[str]], count: int) -> dict[str, list[str]]:
    """Return whole captions and pairs of words of one caption, seeded."""
    chance = random.Random(SEED)
    whole = [chance.choice(chance.choice(captions)) for _ in range(count)]
    pairs: list[str] = []
    while len(pairs) < count:
        words = query.words(chance.choice(chance.choice(captions)))
        if len(words) >= 2:
            pairs.append(" ".join(chance.sample(words, 2)))
    return {"pairs of words": pairs, "whole captions": whole}


def in_process(library: Library, queries: list[str]) -> list[float]:
    """Return milliseconds of each query."""
    times = []
    for text in queries:
        started = time.perf_counter()
        library.find(text)
        times.append(1000 * (time.perf_counter() - started))
    return times


def cold(path: str, queries: list[str]) -> Iterator[tuple[float, float]]:
    """Yield milliseconds and peak megabytes of the command as a new process, for each query."""
    command = str(Path(sys.executable).parent / "photosearch")
    for text in queries:
        started = time.perf_counter()
        process = subprocess.Popen([command, "find", "--db", path, text], stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        yield 1000 * (time.perf_counter() - started), usage.ru_maxrss / 1024


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--cold", type=int, default=20, help="cold processes of each kind")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    captions = read_captions(Path(options.data))
    figures: dict[str, float] = {"photos": options.photos}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "photosearch.db"))
        started = time.perf_counter()
        build(path, captions, options.photos)
        figures["build s"] = time.perf_counter() - started
        figures["file MB"] = database.file_size(path) / 1e6
        for kind, queries in make_queries(captions, options.queries).items():
            with Library(path) as library:
                library.find(queries[0])
                times = in_process(library, queries)
            figures[f"{kind}, in process, median ms"] = statistics.median(times)
            figures[f"{kind}, in process, 95th percentile ms"] = percentile(times, 0.95)
            processes = list(cold(path, queries[: options.cold]))
            figures[f"{kind}, cold process, median ms"] = statistics.median(
                milliseconds for milliseconds, _ in processes
            )
            figures[f"{kind}, cold process, peak MB"] = max(memory for _, memory in processes)
    for name, value in figures.items():
        print(f"{name:<45} {value:>10,.1f}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
