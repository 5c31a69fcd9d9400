"""Fit the thresholds of the two groups of `find`, and the weight of a library's size.

python -m benchmarks.tune_groups FOLDER --model MODEL           # needs PHOTOSEARCH_DATA
python -m benchmarks.tune_groups FOLDER --model MODEL --write   # into MODEL's config.json

To be run after `benchmarks/tune_ranking.py`: other weights give other scores. FOLDER keeps the
libraries of `benchmarks.libraries`, of 100, 1,000 and 10,000 photos, and one of coco-dev; the first
run indexes them. Half of the queries are captions by people, half are one to four neighbouring
words of a caption. A photo is right for a query if the query is from its caption, or if its
captions hold at least two thirds of the query's words in any form: people don't write down all
that they see, so more photos are right than this count says.

- `sure` is the lowest score at which at least `RIGHT` of the sure photos are right, in every
  library, for captions and for short queries.
- `min_score` is the highest score that hides at most `HIDDEN` of the right photos among the first
  ten, in every library, for captions and for short queries.
- `size` is the weight, out of `WEIGHTS`, with which most of the right photos are sure, on average
  over the libraries and the kinds of queries.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.libraries import SEED, SIZES, choose, open_library, read_photos, stems_of
from captioner.describe.model_folder import CONFIG, shipped_model
from captioner.training.data import find_data, read_split
from photosearch import Library
from photosearch.search import fusion, query
from photosearch.search.stems import Stemmer

# Of the sure photos, by their captions; by eye more are right, see docs/measured/everyday.md.
RIGHT = 0.5
HIDDEN = 0.005  # of the right photos among the first ten
HELD = 2 / 3  # of a query's words, in the captions of a right photo
LONGEST = 4  # words of a short query
SHOWN = 20  # photos at most, as `find` shows by default
FEWEST = 30  # photos, or a share of them says nothing
STEPS = np.arange(1, 100) / 100  # thresholds that are tried
WEIGHTS = np.arange(0, 21) / 10  # weights of the size that are tried
TINY = 1e-9  # the least distance of a score from 0 and 1, so that it has odds


@dataclass(frozen=True)
class Judged:
    """The photos shown for all queries of a kind in one library, without a threshold."""

    odds: np.ndarray  # logarithms, without the term of the library's size, (n,)
    right: np.ndarray  # bool (n,)
    ranks: np.ndarray  # from 0, (n,)
    queries: int
    tenfolds: float  # see `fusion.tenfolds`

    def scores(self, size: float) -> np.ndarray:
        """Return the scores with a weight of the size, (n,)."""
        return fusion.probability(self.odds - size * self.tenfolds)


@dataclass(frozen=True)
class Thresholds:
    """What is fitted, see `fusion.Weights`."""

    size: float
    sure: float
    least: float


def make_queries(
    captions: Mapping[str, Sequence[str]], names: Sequence[str], count: int
) -> dict[str, list[tuple[str, str]]]:
    """Return whole captions, and one to four neighbouring words of a caption, with their photos."""
    chance = random.Random(SEED)
    pairs = [(text, name) for name in sorted(names) for text in captions[name]]
    short = []
    for text, name in chance.choices(pairs, k=count):
        words = query.words(text)
        size = min(chance.randint(1, LONGEST), len(words))
        start = chance.randrange(len(words) - size + 1)
        short.append((" ".join(words[start : start + size]), name))
    return {"captions": chance.sample(pairs, min(count, len(pairs))), "one to four words": short}


def judge(
    library: Library, queries: Sequence[tuple[str, str]], captions: Mapping[str, Sequence[str]]
) -> Judged:
    """Search without a threshold, and judge each photo by its captions."""
    names = sorted(captions)
    texts = [text for text, _ in queries] + [" ".join(captions[name]) for name in names]
    stems = stems_of(texts, Stemmer())
    held = dict(zip(names, stems[len(queries) :], strict=True))
    meaning = library.searcher().meaning()
    assert meaning is not None
    tenfolds = fusion.tenfolds(len(meaning.vectors.photos))
    scores, right, ranks = [], [], []
    for (text, own), wanted in zip(queries, stems, strict=False):
        for rank, result in enumerate(library.find(text, SHOWN, min_score=0.0)):
            name = os.path.basename(result.path)
            scores.append(result.score)
            right.append(name == own or len(wanted & held[name]) >= HELD * len(wanted))
            ranks.append(rank)
    clipped = np.clip(scores, TINY, 1 - TINY)
    odds = np.log(clipped / (1 - clipped)) + meaning.weights.size * tenfolds
    return Judged(odds, np.array(right), np.array(ranks), len(queries), tenfolds)


def fit(judged: Sequence[Judged]) -> Thresholds:
    """Return the weight of the size with which most right photos are sure, and the thresholds."""
    tried = []
    for size in WEIGHTS:
        scores = [each.scores(size) for each in judged]
        sure = fit_sure(scores, judged)
        found = [
            (some >= sure)[each.right].mean() for some, each in zip(scores, judged, strict=True)
        ]
        tried.append((float(np.mean(found)), float(size), sure))
    _, size, sure = max(tried)
    least = fit_least([each.scores(size) for each in judged], judged)
    return Thresholds(size, sure, float(f"{least:.2g}"))


def fit_sure(scores: Sequence[np.ndarray], judged: Sequence[Judged]) -> float:
    """Return the lowest score at which enough of the sure photos are right, everywhere."""
    for step in STEPS:
        chosen = [each.right[some >= step] for some, each in zip(scores, judged, strict=True)]
        if all(right.mean() >= RIGHT for right in chosen if len(right) >= FEWEST):
            return float(step)
    return 1.0


def fit_least(scores: Sequence[np.ndarray], judged: Sequence[Judged]) -> float:
    """Return the highest score that hides few of the right photos among the first ten."""
    pairs = zip(scores, judged, strict=True)
    found = [some[each.right & (each.ranks < 10)] for some, each in pairs]
    return float(min(np.quantile(some, HIDDEN, method="lower") for some in found))


def write(folder: Path, fitted: Thresholds) -> None:
    """Write the thresholds and the weight of the size into a model's config.json."""
    file = folder / CONFIG
    settings = json.loads(file.read_text(encoding="utf-8"))
    thresholds = {"size": fitted.size, "sure": fitted.sure, "min_score": fitted.least}
    settings["ranking"] = {**settings.get("ranking", {}), **thresholds}
    file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def table(judged: Mapping[tuple[str, str], Judged], fitted: Thresholds) -> list[str]:
    """Return what both groups show, as lines of a Markdown table."""
    lines = [
        f"size {fitted.size:.1f}, sure {fitted.sure:.2f}, min_score {fitted.least:.2g}",
        "",
        "| library | queries | sure photos a query | right | perhaps a query | right |",
        "|---|---|---|---|---|---|",
    ]
    for (pool, kind), each in judged.items():
        scores, row = each.scores(fitted.size), [pool, kind]
        for chosen in (scores >= fitted.sure, (scores < fitted.sure) & (scores >= fitted.least)):
            share = f"{100 * each.right[chosen].mean():.0f} %" if chosen.any() else ""
            row += [f"{chosen.sum() / each.queries:.1f}", share]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="where the libraries are kept")
    parser.add_argument("--model", type=Path, help="a model folder; by default the shipped model")
    parser.add_argument("--queries", type=int, default=500, help="of each kind")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="photos")
    parser.add_argument("--write", action="store_true", help="write the thresholds into the model")
    options = parser.parse_args()
    photos = read_photos()
    pools = {f"{size:,} photos": choose(photos, size) for size in options.sizes}
    (coco,) = find_data(["coco"])
    pools["coco-dev"] = [image.name for image in read_split(coco, "dev").images]
    judged: dict[tuple[str, str], Judged] = {}
    for pool, names in pools.items():
        captions = {name: photos.captions[name] for name in names}
        # Queries are about photos that no training saw.
        asked = names if pool == "coco-dev" else sorted(set(names) & set(photos.dev))
        with open_library(options.folder, options.model, photos, names) as library:
            for kind, queries in make_queries(captions, asked, options.queries).items():
                judged[pool, kind] = judge(library, queries, captions)
    fitted = fit([*judged.values()])
    print("\n".join(table(judged, fitted)))
    if options.write:
        write(options.model or shipped_model(), fitted)


if __name__ == "__main__":
    main()
