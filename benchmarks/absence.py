"""What the threshold of `find` costs: queries for what isn't there against recall.

python benchmarks/absence.py LIBRARY...              # needs PHOTOSEARCH_DATA
python benchmarks/absence.py LIBRARY --write MODEL_FOLDER   # set the model's threshold by it

Each LIBRARY holds photos of the data folders, under their names there. Present queries are
captions of its Flickr8k dev photos. Absent ones are captions, by people, of other photos
(`text/coco.tsv.gz`) that name something that no caption of any photo in the library names.
The threshold written is the score that every second absent query reaches.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.data import read_captions
from photosearch import Library, query
from photosearch.stems import Stemmer

SEED = 20261122
SHARES = (0.1, 0.25, 0.5, 0.75)  # of the absent queries that still find something
WRITTEN = "50% of absent"
SEEN = 50  # captions in which a word must stand, or it is a name or a slip of the pen


def absent_queries(data: Path, said: set[str], stemmer: Stemmer, count: int) -> list[str]:
    """Return captions of other photos that hold a word which isn't in `said`."""
    with gzip.open(data / "text" / "coco.tsv.gz", "rt", encoding="utf-8") as lines:
        captions = [line.rstrip("\n").partition("\t")[2] for line in lines]
    stems = stemmer.stems([" ".join(query.words(caption)) for caption in captions])
    seen: dict[str, int] = {}
    for one in stems:
        for stem in set(one):
            seen[stem] = seen.get(stem, 0) + 1
    fitting = [
        caption
        for caption, one in zip(captions, stems, strict=True)
        if any(stem not in said and seen[stem] >= SEEN for stem in one)
    ]
    return random.Random(SEED).sample(fitting, min(count, len(fitting)))


def look(
    library: Library, present: Sequence[tuple[str, str]], absent: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Search without a threshold.

    Returns:
        Of present queries the score of their photo, 0 if it isn't among the first ten,
        (p,), and the best score, (p,); of absent ones the best score, (a,).
    """
    found, first = [], []
    for text, name in present:
        results = library.find(text, 10, min_score=0.0)
        found.append(next((r.score for r in results if os.path.basename(r.path) == name), 0.0))
        first.append(max((result.score for result in results), default=0.0))
    best = [max((r.score for r in library.find(text, 1, min_score=0.0)), default=0.0)
            for text in absent]  # fmt: skip
    return np.array(found), np.array(first), np.array(best)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("libraries", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--queries", type=int, default=1000, help="of each kind")
    parser.add_argument("--write", type=Path, help="model folder that gets the threshold")
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    data = Path(options.data)
    captions: dict[str, list[str]] = {}
    for folder in ("flickr8k", "coco", "travel"):
        captions |= read_captions(data / folder / "captions.tsv")
    dev = set((data / "flickr8k" / "splits" / "dev.txt").read_text(encoding="utf-8").split())
    stemmer = Stemmer()
    for path in options.libraries:
        with Library(path) as library:
            rows = library.searcher().connection.execute("SELECT path FROM photos")
            names = [os.path.basename(os.fsdecode(row[0])) for row in rows]
            texts = [text for name in names for text in captions.get(name, ())]
            said = {stem for one in stemmer.stems(texts) for stem in one}
            absent = absent_queries(data, said, stemmer, options.queries)
            pairs = [(text, name) for name in names if name in dev for text in captions[name]]
            present = random.Random(SEED).sample(pairs, min(options.queries, len(pairs)))
            scores, first, best = look(library, present, absent)
            meaning = library.searcher().meaning()
            assert meaning is not None
            shipped = meaning.weights.min_score
        print(f"{len(names):,} photos, {len(present):,} present and {len(absent):,} absent queries")
        thresholds = {f"{share:.0%} of absent": np.quantile(best, 1 - share) for share in SHARES}
        for what, least in {**thresholds, "none": 0.0, "the model's": shipped}.items():
            print(
                f"  {what:>13}: threshold {least:.3f}, R@10 "
                f"{100 * ((scores > 0) & (scores >= least)).mean():.1f}, present queries that "
                f"find nothing {100 * (first < least).mean():.1f} %, absent ones that find "
                f"something {100 * (best >= least).mean():.1f} %"
            )
        if options.write:
            file = options.write / "config.json"
            settings = json.loads(file.read_text(encoding="utf-8"))
            settings["ranking"]["min_score"] = round(float(thresholds[WRITTEN]), 3)
            file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
