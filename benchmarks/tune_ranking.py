"""Fit the weights of the fused ranking, and the threshold below which nothing is shown.

python benchmarks/tune_ranking.py LIBRARY --data flickr8k       # needs PHOTOSEARCH_DATA
python benchmarks/tune_ranking.py LIBRARY --data flickr8k --write MODEL_FOLDER

LIBRARY holds the dev photos of the data folder, as `photosearch evaluate --db LIBRARY`
leaves it. Queries are people's captions of these photos, whole and as one to three of their
words. The ratio of words to meaning is the one of a short list with the highest sum of R@1,
R@5 and R@10; both together are then scaled to maximise the likelihood of the conditional
logit (McFadden 1974) that the photo meant is taken out of all of them; bias is fitted so that
the score of a photo among the first 20 is the probability that it matches. `own`, the weight
of words that a person wrote, is set by hand: the data has none.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from captioner.data import Split, find_data, read_split
from photosearch import Library, fusion, query
from photosearch.stems import Stemmer

SEED = 20261122
SHOWN = 20
RATIOS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)


@dataclasses.dataclass
class Case:
    """A query with what each photo of the library has for it."""

    meaning: np.ndarray  # float32 (N,)
    words: np.ndarray  # float32 (N,)
    right: np.ndarray  # bool (N,)


def make_queries(split: Split, count: int) -> list[tuple[str, set[str]]]:
    """Return queries, each with the names of the photos that it fits.

    A whole caption fits its photo. Single words fit every photo of which one caption, by a
    person, holds them all.
    """
    chance, stemmer = random.Random(SEED), Stemmer()
    names = [image.name for image in split.images]
    stems = {
        name: [set(one) for one in stemmer.stems(captions)]
        for name, captions in zip(names, split.captions, strict=True)
    }
    queries: list[tuple[str, set[str]]] = []
    while len(queries) < count:
        place = chance.randrange(len(names))
        text = chance.choice(split.captions[place])
        words = query.words(text)
        if len(queries) % 2 == 0:
            queries.append((text, {names[place]}))
            continue
        size = min(len(words), chance.randint(1, 3))
        short = " ".join(chance.sample(words, size))
        wanted = set(stemmer.stems([short])[0])
        fitting = {name for name in names if any(wanted <= one for one in stems[name])}
        queries.append((short, fitting))
    return queries


def cases(library: Library, queries: Sequence[tuple[str, set[str]]]) -> list[Case]:
    """Look at every photo of a library for every query."""
    searcher = library.searcher()
    meaning = searcher.meaning()
    assert meaning is not None
    photos = meaning.vectors.photos
    rows = searcher.connection.execute("SELECT id, path FROM photos")
    paths = {number: os.path.basename(os.fsdecode(path)) for number, path in rows}
    names = [paths[number] for number in photos.tolist()]
    found = []
    for text, fitting in queries:
        words, _ = searcher.word_shares(photos.tolist(), query.words(text), None)
        right = np.array([name in fitting for name in names])
        if right.any():
            found.append(Case(meaning.deviations(meaning.sentence(text)), words, right))
    return found


def fit(found: Sequence[Case], ratio: float) -> float:
    """Return the weight of meaning by the conditional logit, that of words being ratio times it."""
    mixed = np.stack([case.meaning + ratio * case.words for case in found])
    scores = torch.from_numpy(mixed).float()  # (Q, N)
    right = torch.from_numpy(np.stack([case.right for case in found])).float()
    weight = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        chosen = (weight * scores).log_softmax(1) * right
        value = -(chosen.sum(1) / right.sum(1)).mean()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return float(weight.detach())


def fit_bias(found: Sequence[Case], weights: fusion.Weights) -> float:
    """Return the bias with which the mean score of the photos shown is the share that fit."""
    odds, right = [], []
    for case in found:
        parts = {"meaning": case.meaning, "words": case.words}
        all_odds = fusion.log_odds(parts, dataclasses.replace(weights, bias=0.0))
        first = np.argsort(-all_odds)[:SHOWN]
        odds.append(all_odds[first])
        right.append(case.right[first])
    shown, share = np.concatenate(odds), float(np.concatenate(right).mean())
    low, high = -60.0, 60.0
    for _ in range(60):
        middle = (low + high) / 2
        if fusion.probability(shown + middle).mean() < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def recall(found: Sequence[Case], words: float) -> list[float]:
    """Return R@1, 5 and 10 of queries that fit one photo, in percent."""
    ranks = []
    for case in found:
        if case.right.sum() == 1:
            score = case.meaning + words * case.words
            ranks.append((score > score[case.right]).sum())
    return [round(100 * float((np.array(ranks) < k).mean()), 1) for k in (1, 5, 10)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("library", type=Path)
    parser.add_argument("--data", required=True, help="data folder whose dev photos it holds")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--write", type=Path, help="model folder that gets the weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    (folder,) = find_data([options.data])
    split = read_split(folder, "dev")
    with Library(options.library) as library:
        found = cases(library, make_queries(split, options.queries))
    recalls = {ratio: recall(found, ratio) for ratio in RATIOS}
    for ratio, each in recalls.items():
        print(f"words / meaning {ratio:4.2f}: R@1, 5, 10 {each}")
    best = max(RATIOS, key=lambda ratio: sum(recalls[ratio]))
    meaning = fit(found, best)
    words = best * meaning
    print(f"taken: meaning {meaning:.3f}, words {words:.3f}")
    weights = fusion.Weights(meaning=meaning, like=meaning, words=words)
    weights = dataclasses.replace(weights, bias=fit_bias(found, weights))
    print(f"bias {weights.bias:.3f}")
    if options.write:
        file = options.write / "config.json"
        settings = json.loads(file.read_text(encoding="utf-8"))
        rounded = {
            "bias": round(weights.bias, 3),
            "meaning": round(meaning, 3),
            "like": round(meaning, 3),
            "words": round(words, 3),
        }
        settings["ranking"] = {**settings.get("ranking", {}), **rounded}
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
