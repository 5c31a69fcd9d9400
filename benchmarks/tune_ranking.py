"""Fit the weights of the fused ranking.

python benchmarks/tune_ranking.py LIBRARY --data flickr8k       # needs PHOTOSEARCH_DATA
python benchmarks/tune_ranking.py LIBRARY --data flickr8k --write MODEL_FOLDER

LIBRARY holds the dev photos of the data folder, as `photosearch evaluate --db LIBRARY`
leaves it. Queries are people's captions of these photos, whole and as one to three of their
words. The weight of hubness and the ratio of words to meaning are chosen from the lists `HUBNESS`
and `RATIOS`, by nDCG@10 over all queries; words and meaning together are then scaled to maximise
the likelihood of the conditional logit (McFadden 1974) that a photo meant is taken out of all
of them; bias is fitted so that the score of a photo among the first 20 is the probability
that it matches. `own`, the weight of words that a person wrote, is set by hand: the data has
none.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from captioner.training.data import Split, find_data, read_split
from photosearch import Library
from photosearch.search import fusion, query
from photosearch.search.meaning import Comparison
from photosearch.search.stems import Stemmer
from photosearch.search.wording import word_scores

SEED = 20261122
SHOWN = 20
HUBNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
RATIOS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)


@dataclass
class Case:
    """A query with what each photo of the library has for it."""

    meaning: Comparison
    words: np.ndarray  # float32 (N,)
    right: np.ndarray  # bool (N,)
    whole: bool  # a whole caption, not some words of it


def make_queries(split: Split, count: int) -> list[tuple[str, set[str], bool]]:
    """Return queries, each with the names of the photos that it fits, and if it is whole.

    A whole caption fits its photo. Single words fit every photo of which one caption, by a
    person, holds them all.
    """
    chance, stemmer = random.Random(SEED), Stemmer()
    names = [image.name for image in split.images]
    stems = {
        name: [set(one) for one in stemmer.stems(captions)]
        for name, captions in zip(names, split.captions, strict=True)
    }
    queries: list[tuple[str, set[str], bool]] = []
    while len(queries) < count:
        place = chance.randrange(len(names))
        text = chance.choice(split.captions[place])
        words = query.words(text)
        if len(queries) % 2 == 0:
            queries.append((text, {names[place]}, True))
            continue
        size = min(len(words), chance.randint(1, 3))
        short = " ".join(chance.sample(words, size))
        wanted = set(stemmer.stems([short])[0])
        fitting = {name for name in names if any(wanted <= one for one in stems[name])}
        queries.append((short, fitting, False))
    return queries


def cases(
    library: Library, queries: Sequence[tuple[str, set[str], bool]]
) -> dict[float, list[Case]]:
    """Compare every photo of a library with every query, for each weight of hubness."""
    searcher = library.searcher()
    meaning = searcher.meaning()
    assert meaning is not None
    ways = {
        weight: replace(meaning, weights=replace(meaning.weights, hubness=weight))
        for weight in HUBNESS
    }
    photos = meaning.vectors.photos
    rows = searcher.connection.execute("SELECT id, path FROM photos")
    paths = {number: os.path.basename(os.fsdecode(path)) for number, path in rows}
    names = [paths[number] for number in photos.tolist()]
    found: dict[float, list[Case]] = {weight: [] for weight in HUBNESS}
    for text, fitting, whole in queries:
        right = np.array([name in fitting for name in names])
        if right.any():
            asked = query.Query(text)
            words, _ = word_scores(searcher.connection, searcher.stemmer, photos, asked)
            vector = meaning.sentence(text)
            for weight, way in ways.items():
                found[weight].append(Case(way.near_sentence(vector), words, right, whole))
    return found


def fit(found: Sequence[Case], ratio: float) -> float:
    """Return the weight of meaning by the conditional logit, that of words being ratio times it."""
    mixed = np.stack([case.meaning.values + ratio * case.words for case in found])
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
        parts = {"meaning": case.meaning.values, "words": case.words}
        baselines = {"meaning": case.meaning.baseline}
        all_odds = fusion.log_odds(parts, replace(weights, bias=0.0), baselines, len(case.words))
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


def ndcg(found: Sequence[Case], words: float) -> float:
    """Return the mean nDCG@10 (Järvelin and Kekäläinen 2002), a photo fitting or not."""
    discounts = 1 / np.log2(np.arange(2, 12))
    gains = []
    for case in found:
        first = np.argsort(-(case.meaning.values + words * case.words), kind="stable")[:10]
        ideal = discounts[: min(10, int(case.right.sum()))].sum()
        gains.append((discounts[: len(first)] * case.right[first]).sum() / ideal)
    return float(np.mean(gains))


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
    scores = {
        (hubness, ratio): ndcg(each, ratio) for hubness, each in found.items() for ratio in RATIOS
    }
    for (hubness, ratio), score in scores.items():
        kinds = [[c for c in found[hubness] if c.whole is whole] for whole in (True, False)]
        whole, some = (ndcg(kind, ratio) for kind in kinds)
        print(
            f"hubness {hubness:.2f}, words / meaning {ratio:.1f}: nDCG@10 {100 * score:.1f} "
            f"(whole captions {100 * whole:.1f}, some words {100 * some:.1f})"
        )
    hubness, ratio = max(scores, key=lambda pair: scores[pair])
    chosen = found[hubness]
    meaning = fit(chosen, ratio)
    words = ratio * meaning
    print(f"taken: hubness {hubness:.2f}, meaning {meaning:.3f}, words {words:.3f}")
    weights = fusion.Weights(meaning=meaning, like=meaning, words=words, hubness=hubness)
    weights = replace(weights, bias=fit_bias(chosen, weights))
    print(f"bias {weights.bias:.3f}")
    if options.write:
        file = options.write / "config.json"
        settings = json.loads(file.read_text(encoding="utf-8"))
        rounded = {
            "bias": round(weights.bias, 3),
            "meaning": round(meaning, 3),
            "like": round(meaning, 3),
            "words": round(words, 3),
            "hubness": hubness,
        }
        settings["ranking"] = {**settings.get("ranking", {}), **rounded}
        file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
