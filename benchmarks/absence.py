"""What `find` shows of present and of absent things: the sure group and the group under "perhaps".

python -m benchmarks.absence FOLDER                 # needs PHOTOSEARCH_DATA
python -m benchmarks.absence FOLDER --model MODEL   # a model folder

FOLDER keeps the libraries of `benchmarks.libraries`, of 100, 1,000 and 10,000 photos; the first run
indexes them. Present queries are captions of Flickr8k dev photos in the library. Absent queries are
captions, by people, of other photos (`text/coco.tsv.gz`) that name a thing which no caption of a
photo in the library names. The things alone are searched, too, a word each: a present thing is one
that three photos or more have.

The table: R@10 is the percent of present captions whose photo is among the first ten. The other
cells: percent of the queries that show a photo, and photos shown for a query on average.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.libraries import SEED, SIZES, Photos, choose, counts, open_library, read_photos
from captioner.training.data import ENVIRONMENT
from photosearch import Library
from photosearch.search import query
from photosearch.search.stems import Stemmer

MANY = 3  # photos that show a thing, or it is too rare to be looked for
SHOWN = 20  # photos at most, as `find` shows by default
KINDS = ("present captions", "present things", "absent captions", "absent things")
HEAD = f"""| photos | group | R@10 | {" | ".join(KINDS)} |
|---|---|---|---|---|---|---|"""

Queries = Sequence[tuple[str, str]]  # each text with the file name of its photo, "" if it has none


def absent_captions(absent: Sequence[str], stemmer: Stemmer, count: int) -> list[str]:
    """Return captions of other photos that name one of the things."""
    file = Path(os.environ[ENVIRONMENT]) / "text" / "coco.tsv.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        captions = [line.rstrip("\n").partition("\t")[2] for line in lines]
    wanted = {stem for one in stemmer.stems(absent) for stem in one}
    stems = stemmer.stems([" ".join(query.words(caption)) for caption in captions])
    fitting = [caption for caption, one in zip(captions, stems, strict=True) if wanted & set(one)]
    return random.Random(SEED).sample(fitting, min(count, len(fitting)))


def queries_for(photos: Photos, names: Sequence[str], count: int) -> tuple[Queries, ...]:
    """Return the queries for a library of some photos, of each of `KINDS`."""
    stemmer = Stemmer()
    named = counts([photos.captions[name] for name in names], stemmer)
    absent = [thing for thing, number in named.items() if not number]
    present = [thing for thing, number in named.items() if number >= MANY]
    of_dev = set(names) & set(photos.dev)
    pairs = [(text, name) for name in sorted(of_dev) for text in photos.captions[name]]
    asked = random.Random(SEED).sample(pairs, min(count, len(pairs)))
    others = absent_captions(absent, stemmer, count)
    return asked, *([(text, "") for text in some] for some in (present, others, absent))


def look(library: Library, queries: Queries) -> np.ndarray:
    """Search, and return what is shown.

    Returns:
        Of each query the number of sure photos, the number of all photos, and the rank of its own
        photo, from 1, infinite if that isn't shown; (q, 3).
    """
    rows = []
    for text, name in queries:
        hits = library.find(text, SHOWN)
        shown = [os.path.basename(result.path) for result in hits]
        rank = shown.index(name) + 1.0 if name in shown else math.inf
        rows.append((len(hits.sure), len(hits), rank))
    return np.array(rows, float).reshape(-1, 3)


def lines(photos: int, found: Sequence[np.ndarray]) -> list[str]:
    """Return two lines of the table.

    Args:
        photos: in the library.
        found: what `look` returned for each of `KINDS`.
    """
    rows = []
    for group, column in (("sure", 0), ("sure and perhaps", 1)):
        ranks = found[0][:, 2]
        recall = ((ranks <= 10) & (ranks <= found[0][:, column])).mean()
        shown = [each[:, column] for each in found]
        cells = [f"{100 * (n > 0).mean():.0f} %, {n.mean():.1f}" if len(n) else "" for n in shown]
        rows.append(f"| {photos:,} | {group} | {100 * recall:.1f} | {' | '.join(cells)} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="where the libraries are kept")
    parser.add_argument("--model", type=Path, help="a model folder; by default the shipped model")
    parser.add_argument("--queries", type=int, default=1000, help="of each kind, at most")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="photos")
    options = parser.parse_args()
    photos = read_photos()
    print(HEAD)
    for size in options.sizes:
        names = choose(photos, size)
        with open_library(options.folder, options.model, photos, names) as library:
            kinds = queries_for(photos, names, options.queries)
            found = [look(library, queries) for queries in kinds]
        print("\n".join(lines(len(names), found)), flush=True)


if __name__ == "__main__":
    main()
