"""The price of the threshold of `find`: queries for absent things against recall.

python benchmarks/absence.py LIBRARY...              # needs PHOTOSEARCH_DATA
python benchmarks/absence.py LIBRARY --write MODEL_FOLDER   # set the model's threshold by it
python benchmarks/absence.py --link FOLDER           # make a large folder to index and measure

Each LIBRARY holds photos of the data folders, under their names there. Present queries are
captions of its Flickr8k dev photos. Absent ones are captions, by people, of other photos
(`text/coco.tsv.gz`) that name one of `THINGS` which no caption of any photo in the library
names. The same for things alone, a word each: present is one that three photos or more have.
The threshold written is the score that every second absent caption reaches. `--link` puts
links into a folder, to all photos of the data folders, training photos too, whose captions
name none of the things that no caption of a Flickr8k dev photo names.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from captioner.training.data import read_captions
from photosearch import Library
from photosearch.search import query
from photosearch.search.stems import Stemmer

SEED = 20261122
SHARES = (0.1, 0.25, 0.5)  # of the absent queries that still find something
WRITTEN_SHARE = 0.5  # of absent queries that reach the threshold that `--write` sets
# What the annotators of COCO were asked to mark, where one word says it.
THINGS = (
    "bicycle car motorcycle airplane bus train truck boat hydrant bench bird cat dog horse sheep "
    "cow elephant bear zebra giraffe backpack umbrella tie suitcase frisbee skis snowboard kite "
    "bat glove skateboard surfboard tennis bottle wine cup fork knife spoon bowl banana apple "
    "sandwich orange broccoli carrot pizza donut cake chair couch bed toilet tv laptop mouse "
    "remote keyboard phone microwave oven toaster sink refrigerator book clock vase scissors "
    "toothbrush"
).split()
MANY = 3  # photos that show a thing, or it is too rare to be looked for


def absent_captions(data: Path, absent: Sequence[str], stemmer: Stemmer, count: int) -> list[str]:
    """Return captions of other photos that name one of the things."""
    with gzip.open(data / "text" / "coco.tsv.gz", "rt", encoding="utf-8") as lines:
        captions = [line.rstrip("\n").partition("\t")[2] for line in lines]
    wanted = {stem for one in stemmer.stems(absent) for stem in one}
    stems = stemmer.stems([" ".join(query.words(caption)) for caption in captions])
    fitting = [caption for caption, one in zip(captions, stems, strict=True) if wanted & set(one)]
    return random.Random(SEED).sample(fitting, min(count, len(fitting)))


def shown(photos: Iterable[Sequence[str]], stemmer: Stemmer) -> dict[str, int]:
    """Return of how many photos a caption names each thing; a photo is all its captions."""
    said = stemmer.stems([" ".join(captions) for captions in photos])
    counts = Counter(stem for one in said for stem in set(one))
    return {thing: counts[stemmer.stems([thing])[0][0]] for thing in THINGS}


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
    parser.add_argument("libraries", type=Path, nargs="*")
    parser.add_argument("--link", type=Path, metavar="FOLDER")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHOTOSEARCH_DATA"))
    parser.add_argument("--queries", type=int, default=1000, help="of each kind")
    parser.add_argument("--write", type=Path, help="model folder that gets the threshold")
    options = parser.parse_args()
    if options.data is None:
        parser.error("set PHOTOSEARCH_DATA or give --data")
    data = Path(options.data)
    captions: dict[str, list[str]] = {}
    places: dict[str, Path] = {}
    for folder in ("flickr8k", "coco", "travel"):
        said = read_captions(data / folder / "captions.tsv")
        captions |= said
        places |= {name: data / folder / "images" / name for name in said}
    dev = set((data / "flickr8k" / "splits" / "dev.txt").read_text(encoding="utf-8").split())
    stemmer = Stemmer()
    if options.link:
        lacking = {
            thing for thing, n in shown([captions[name] for name in dev], stemmer).items() if not n
        }
        options.link.mkdir(parents=True, exist_ok=True)
        for name, place in places.items():
            counts = shown([captions[name]], stemmer)
            if place.is_file() and not any(counts[thing] for thing in lacking):
                (options.link / name).symlink_to(place.resolve())
    for path in options.libraries:
        with Library(path) as library:
            rows = library.searcher().connection.execute(
                "SELECT path FROM photos WHERE missing_since IS NULL"
            )
            names = [os.path.basename(os.fsdecode(row[0])) for row in rows]
            counts = shown([captions.get(name, ()) for name in names], stemmer)
            absent = [thing for thing, count in counts.items() if not count]
            present = [thing for thing, count in counts.items() if count >= MANY]
            pairs = [(text, name) for name in names if name in dev for text in captions[name]]
            asked = random.Random(SEED).sample(pairs, min(options.queries, len(pairs)))
            others = absent_captions(data, absent, stemmer, options.queries)
            scores, first, best = look(library, asked, others)
            _, things, _ = look(library, [(thing, "") for thing in present], [])
            _, _, nothings = look(library, [], absent)
            meaning = library.searcher().meaning()
            assert meaning is not None
            shipped = meaning.weights.min_score
        print(f"{len(names):,} photos; {len(asked):,} captions of them, {len(others):,} of others")
        print(f"  things alone: {len(present)} present; absent: {', '.join(absent)}")
        thresholds = {f"{share:.0%} of absent": np.quantile(best, 1 - share) for share in SHARES}
        for what, least in {**thresholds, "none": 0.0, "the model's": shipped}.items():
            print(
                f"  {what:>13}: threshold {least:.3f}, R@10 "
                f"{100 * ((scores > 0) & (scores >= least)).mean():.1f}, find something: "
                f"present captions {_share(first, least)}, absent {_share(best, least)}; "
                f"present things {_share(things, least)}, absent {_share(nothings, least)}"
            )
        if options.write:
            file = options.write / "config.json"
            settings = json.loads(file.read_text(encoding="utf-8"))
            settings["ranking"]["min_score"] = round(float(np.quantile(best, 1 - WRITTEN_SHARE)), 3)
            file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def _share(scores: np.ndarray, least: float) -> str:
    return f"{100 * (scores >= least).mean():.0f} %"


if __name__ == "__main__":
    main()
