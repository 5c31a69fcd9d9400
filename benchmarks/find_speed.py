"""How long `find` takes in a large library, and how much memory, beside other ways.

python benchmarks/find_speed.py         # Linux; 100,000 photos; needs PHOTOSEARCH_DATA
python benchmarks/find_speed.py --photos 1000000

The photos are made up; their captions are people's, three of the five that a photo has
in `text/*.tsv.gz`, as a beam of three would give; two words of a caption stand for tags;
vectors are random; likeliest words are those of photos of all kinds. Queries: whole captions,
and pairs of words that stand in one caption.

A cold process is the command, typed, on 1,000 photos and on the large library; beside it
`Library.find` alone in a process of its own, and what that spends its time on, in order.

Beside it, on the same texts and queries, each in a process of its own: rank-bm25 alone and
bm25s, over all of a photo's text, split at white space; and what search programs on CLIP
do: load all vectors (512 numbers, float32), one matrix product, sort. They don't turn the
query into a vector, and fetch nothing but row numbers.
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
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from captioner.describe.model_folder import BACKGROUND, read_settings, shipped_model
from captioner.describe.quantise import quantise
from photosearch import Library
from photosearch.files.file import File
from photosearch.photo.exif import Exif
from photosearch.search import query
from photosearch.store import database
from photosearch.store.descriptions import use_models
from photosearch.store.photos import Photo, write_batch
from photosearch.store.runs import finish_run, start_run

SEED = 20261122
CLIP_DIMENSION = 512
SMALL = 1000  # photos of the small library
# Run in a process of its own: each line that begins a phase ends the one before it.
PHASES = """
import os, time
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does
times = [("", time.perf_counter())]
def lap(name):
    times.append((name, time.perf_counter()))
import sys
path, text = sys.argv[1:]
from photosearch.library import Library
lap("import the library")
import numpy
lap("import numpy")
import photosearch.search.searcher
lap("import the search")
import onnxruntime
lap("import onnxruntime")
from captioner.describe.sentence_encoder import SentenceEncoder
encoder = SentenceEncoder.load()
lap("open the text tower")
library = Library(path, load_encoder=lambda: encoder)
meaning = library.searcher().meaning()
lap("read the vectors")
encoder.encode([text])
lap("encode the sentence")
library.find(text, min_score=0.0)
lap("search, sentence again included")
import json
print(json.dumps({b: 1000 * (t - s) for (a, s), (b, t) in zip(times, times[1:])}))
"""
ALONE = """
import os, sys
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
from photosearch.library import Library
Library(sys.argv[1]).find(sys.argv[2], min_score=0.0)
"""
PAIRS, WHOLE = "pairs of words", "whole captions"


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
    """Make a library of a number of photos; if captions run out, they start again, turned by 1."""
    settings = read_settings(shipped_model())
    background = np.load(shipped_model() / BACKGROUND)
    dimension = background["vectors"].shape[1]
    likeliest = [
        ids.astype("<u2").tobytes() + codes.tobytes()
        for ids, codes in zip(background["word_ids"], background["word_codes"], strict=True)
    ]
    chance = np.random.default_rng(SEED)
    connection = database.open_for_writing(path)
    run = start_run(connection)
    models = use_models(connection, run, settings["name"], settings["fingerprints"])
    for start in range(0, photos, 1000):
        numbers = range(start, min(start + 1000, photos))
        vectors = chance.normal(size=(len(numbers), dimension))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        rows = quantise(vectors)
        batch = [
            photo(n, captions, rows[n - start].tobytes(), likeliest[n % len(likeliest)])
            for n in numbers
        ]
        write_batch(connection, run, models, batch, [])
    finish_run(connection, run)
    connection.close()


def texts_of(number: int, captions: list[list[str]]) -> tuple[list[str], list[str]]:
    """Return captions and tags of a photo by its number."""
    turn, place = divmod(number, len(captions))
    own = captions[place]
    chosen = [own[(turn + k) % len(own)].lower() for k in range(min(3, len(own)))]
    return chosen, query.words(own[-1])[:2]


def photo(number: int, captions: list[list[str]], vector: bytes, words: bytes) -> Photo:
    """Make a photo by its number."""
    # Not at the top: the measured processes must not import torch.
    from captioner.describe.description import Caption, Description, Tag

    said, tags = texts_of(number, captions)
    path = f"/photos/{2010 + number % 15}/{number % 12 + 1:02}/IMG_{number:06}.jpg"
    file = File(path, 4_000_000, number, number)
    data = Exif(camera="Canon EOS 5D" if number % 3 else "Apple iPhone 12")
    description = Description(
        [Caption(text, -10.0, 11) for text in said],
        [Tag(tag, 0.7, True) for tag in tags],
        vector,
        number % 100 / 1000,
        words,
    )
    return Photo(file, "/photos", "JPEG", 4000, 3000, data, description)


def make_queries(captions: list[list[str]], count: int) -> dict[str, list[str]]:
    """Return whole captions and pairs of words of one caption, seeded."""
    chance = random.Random(SEED)
    whole = [chance.choice(chance.choice(captions)) for _ in range(count)]
    pairs: list[str] = []
    while len(pairs) < count:
        words = query.words(chance.choice(chance.choice(captions)))
        if len(words) >= 2:
            pairs.append(" ".join(chance.sample(words, 2)))
    return {PAIRS: pairs, WHOLE: whole}


def timed(find: Callable[[str], object], queries: list[str]) -> list[float]:
    """Return milliseconds of each query, after one that isn't counted."""
    find(queries[0])
    times = []
    for text in queries:
        started = time.perf_counter()
        find(text)
        times.append(1000 * (time.perf_counter() - started))
    return times


def prepare_photosearch(path: str, texts: list[str]) -> Callable[[str], object]:
    """Return `Library.find`, without a threshold: all 20 results are fetched."""
    library = Library(path)
    return lambda text: library.find(text, min_score=0.0)


def prepare_rank_bm25(path: str, texts: list[str]) -> Callable[[str], object]:
    """Return rank-bm25 over all texts."""
    from rank_bm25 import BM25Okapi

    model = BM25Okapi([text.split() for text in texts])
    return lambda text: np.argsort(-model.get_scores(text.lower().split()))[:20]


def prepare_bm25s(path: str, texts: list[str]) -> Callable[[str], object]:
    """Return bm25s over all texts."""
    import bm25s

    model = bm25s.BM25()
    model.index([text.split() for text in texts], show_progress=False)
    return lambda text: model.retrieve([text.lower().split()], k=20, show_progress=False)


def prepare_clip_scan(path: str, texts: list[str]) -> Callable[[str], object]:
    """Return a scan of float32 vectors."""
    chance = np.random.default_rng(SEED)
    vectors = chance.standard_normal((len(texts), CLIP_DIMENSION), np.float32)
    asked = chance.standard_normal(CLIP_DIMENSION, np.float32)
    return lambda text: np.argsort(-(vectors @ asked))[:20]


PREPARE = {
    "photosearch": prepare_photosearch,
    "rank-bm25": prepare_rank_bm25,
    "bm25s": prepare_bm25s,
    "CLIP-style scan": prepare_clip_scan,
}


def measure(name: str, path: str, data: Path, photos: int, count: int) -> dict[str, float]:
    """Return the figures of one way in this process."""
    captions = read_captions(data)
    texts = []
    if name not in ("photosearch",):
        for number in range(photos):
            said, tags = texts_of(number, captions)
            texts.append(" ".join([*said, *tags]))
    queries = make_queries(captions, count)
    del captions
    started = time.perf_counter()
    find = PREPARE[name](path, texts)
    find(queries[PAIRS][0])
    figures = {"load s": time.perf_counter() - started}
    for kind, chosen in queries.items():
        times = timed(find, chosen)
        figures[f"{kind}, median ms"] = statistics.median(times)
        figures[f"{kind}, 95th percentile ms"] = percentile(times, 0.95)
    figures["peak MB, benchmark included"] = peak(Path("/proc/self/status").read_text())
    return figures


def peak(status: str) -> float:
    """Return the most memory in MB that a process had, from its /proc/PID/status.

    getrusage would include the memory of the process that started it.
    """
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return float(line.split()[1]) / 1024


def cold(arguments: list[str], queries: list[str]) -> Iterator[float]:
    """Yield the milliseconds of a new process, for each query as its last argument."""
    for text in queries:
        started = time.perf_counter()
        subprocess.run([*arguments, text], stdout=subprocess.DEVNULL, check=True)
        yield 1000 * (time.perf_counter() - started)


def cold_figures(path: str, captions: list[list[str]], count: int) -> dict[str, float]:
    """Return the figures of cold processes on a library."""
    command = str(Path(sys.executable).parent / "photosearch")
    find = [command, "find", "--db", path, "--min-score", "0"]
    figures: dict[str, float] = {}
    queries = make_queries(captions, count)
    for kind, texts in queries.items():
        figures[f"{kind}, median ms"] = statistics.median(cold(find, texts))
    texts = queries[PAIRS]
    alone = [sys.executable, "-c", ALONE, path]
    figures["of which Library.find alone, median ms"] = statistics.median(cold(alone, texts))
    bare = [sys.executable, "-c", "pass"]
    figures["of which python alone, median ms"] = statistics.median(cold(bare, texts))
    laps: dict[str, list[float]] = {}
    for text in texts:
        arguments = [sys.executable, "-c", PHASES, path, text]
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
        for name, value in json.loads(done.stdout).items():
            laps.setdefault(name, []).append(value)
    figures |= {f"  {name}, median ms": statistics.median(some) for name, some in laps.items()}
    figures["peak MB"] = cold_memory(path, texts[0])
    return figures


def cold_memory(path: str, text: str) -> float:
    """Return the most memory in MB that such a process has."""
    code = """if True:
        import atexit, sys
        from photosearch.cli import main
        atexit.register(lambda: sys.stderr.write(open("/proc/self/status").read()))
        main()"""
    arguments = [sys.executable, "-c", code, "find", "--db", path, "--min-score", "0", text]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return peak(done.stderr)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--slow-queries", type=int, default=20, help="of the other ways")
    parser.add_argument("--cold", type=int, default=20, help="cold processes of each kind")
    parser.add_argument("--only-cold", action="store_true", help="leave out all but cold processes")
    parser.add_argument("--db", type=Path, help="keep the library here, and use it if it is there")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--only", choices=PREPARE, help=argparse.SUPPRESS)  # in a process
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    data = Path(options.data)
    if options.only:
        path = str(options.db)
        count = options.queries if options.only == "photosearch" else options.slow_queries
        print(json.dumps(measure(options.only, path, data, options.photos, count)))
        return
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(options.db or Path(folder, "photosearch.db"))
        captions = read_captions(data)
        made: dict[str, float] = {"photos": options.photos}
        if not os.path.exists(path):
            started = time.perf_counter()
            build(path, captions, options.photos)
            made["build s"] = time.perf_counter() - started
        made["file MB"] = database.file_size(path) / 1e6
        figures["library"] = made
        small = str(Path(folder, "small.db"))
        build(small, captions, SMALL)
        sizes = {SMALL: small, options.photos: path}
        processes = {
            f"cold process, {photos:,} photos": cold_figures(file, captions, options.cold)
            for photos, file in sizes.items()
        }
        del captions
        for name in PREPARE if not options.only_cold else ():
            arguments = [sys.executable, __file__, "--only", name, "--db", path]
            arguments += ["--data", str(data), "--photos", str(options.photos)]
            arguments += ["--queries", str(options.queries)]
            arguments += ["--slow-queries", str(options.slow_queries)]
            done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=False)
            lines = done.stdout.splitlines()
            figures[name] = json.loads(lines[-1]) if done.returncode == 0 else {}
        figures |= processes
    for name, values in figures.items():
        print(name)
        for what, value in values.items():
            print(f"  {what:<40} {value:>12,.1f}")
        if not values:
            print("  failed")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
