"""Fit the weights of the fused ranking.

python benchmarks/tune_ranking.py LIBRARY... --data NAME...       # needs PHOTOSEARCH_DATA
python benchmarks/tune_ranking.py LIBRARY... --data NAME... --model FOLDER --write

Each LIBRARY holds the dev photos of one data folder, described by the model, as
`photosearch evaluate --db LIBRARY` leaves it. Queries are people's captions of these photos: one in
four whole, the others as one to three of their words, as people type them. The weight of hubness
and the ratios of seen and words to meaning are chosen from the lists `HUBNESS`, `SEEN` and `WORDS`,
by nDCG@10 over all queries; all three weights together are then scaled to maximise the likelihood
of the conditional logit (McFadden 1974) that a photo meant is taken out of all of them. (If the
ratios were fitted by that likelihood, too, it would be better, but the ranking worse.) The bias is
fitted so that the score of a photo among the first 20 is the probability that it matches.

The data has no words that a person wrote: `own` is set by hand, by `OWN`. It has no pairs of alike
photos: `like` and `like_bar` keep their defaults, but for the bias.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from captioner.describe.model_folder import CONFIG, shipped_model
from captioner.training.data import Split, find_data, read_split
from photosearch import Library
from photosearch.search import fusion, query
from photosearch.search.fusion import Weights
from photosearch.search.results import PartKind
from photosearch.search.stems import Stemmer
from photosearch.search.vectors import best
from photosearch.search.wording import word_scores

SEED = 20261122
SHOWN = 20
HUBNESS = (0.0, 0.25, 0.5, 0.75)
SEEN = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.2)
WORDS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
OWN = {PartKind.MEANING: 11.0, PartKind.SEEN: 9.0}  # what a person's words make up for, see `tune`
WHOLE = 0.25  # share of the queries that are whole captions
LENGTHS = {1: 0.45, 2: 0.35, 3: 0.2}  # how often a short query has so many words
FITTED = (PartKind.MEANING, PartKind.SEEN, PartKind.WORDS)


@dataclass(frozen=True)
class Asked:
    """A query, and what is right for it."""

    text: str
    names: frozenset[str]  # of the photos that it fits
    whole: bool  # a whole caption, not some words of it


@dataclass(frozen=True)
class Case:
    """A query with what each photo of the library has for it."""

    parts: dict[PartKind, np.ndarray]  # of all of FITTED, float32 (N,) each
    baselines: dict[PartKind, float]
    right: np.ndarray  # bool (N,)
    whole: bool


def make_queries(split: Split, count: int) -> list[Asked]:
    """Return queries.

    A whole caption fits its photo. Single words fit every photo of which one caption, by a person,
    holds them all.
    """
    chance, stemmer = random.Random(SEED), Stemmer()
    names = [image.name for image in split.images]
    stems = {
        name: [set(one) for one in stemmer.stems(captions)]
        for name, captions in zip(names, split.captions, strict=True)
    }
    queries: list[Asked] = []
    while len(queries) < count:
        place = chance.randrange(len(names))
        text = chance.choice(split.captions[place])
        if chance.random() < WHOLE:
            queries.append(Asked(text, frozenset({names[place]}), True))
            continue
        words = query.words(text)
        (length,) = chance.choices([*LENGTHS], [*LENGTHS.values()])
        short = " ".join(chance.sample(words, min(len(words), length)))
        wanted = set(stemmer.stems([short])[0])
        fitting = frozenset(name for name in names if any(wanted <= one for one in stems[name]))
        if fitting:
            queries.append(Asked(short, fitting, False))
    return queries


def cases(library: Library, queries: Sequence[Asked]) -> dict[float, list[Case]]:
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
    nothing = np.zeros(len(photos), np.float32), 0.0
    found: dict[float, list[Case]] = {weight: [] for weight in HUBNESS}
    for each in queries:
        asked = query.Query(each.text)
        words, _ = word_scores(searcher.connection, searcher.stemmer, photos, asked)
        likely = meaning.seen.compare(asked.words) if meaning.seen else None
        seen, surest = likely or nothing
        vector = meaning.sentence(each.text)
        right = np.array([name in each.names for name in names])
        for weight, way in ways.items():
            near = way.near_sentence(vector)
            parts = {PartKind.MEANING: near.values, PartKind.SEEN: seen, PartKind.WORDS: words}
            baselines = {PartKind.MEANING: near.baseline, PartKind.SEEN: surest}
            found[weight].append(Case(parts, baselines, right, each.whole))
    return found


def scale(found: Sequence[Case], weights: Weights) -> Weights:
    """Return weights of FITTED times a factor, that of the conditional logit."""
    sizes = sorted({len(case.right) for case in found})  # of one library, or of equal ones
    groups = [[case for case in found if len(case.right) == size] for size in sizes]
    tensors = []
    for group in groups:
        scores = torch.from_numpy(np.stack([mixed(case, weights) for case in group])).float()
        right = torch.from_numpy(np.stack([case.right for case in group])).float()  # (Q, N)
        tensors.append((scores, right / right.sum(1, keepdim=True)))
    factor = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.LBFGS([factor], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        likelihoods = [((factor * each).log_softmax(1) * right).sum() for each, right in tensors]
        value = -torch.stack(likelihoods).sum() / len(found)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return replace(weights, **{k: float(factor.detach()) * getattr(weights, k) for k in FITTED})


def fit_bias(found: Sequence[Case], weights: Weights) -> float:
    """Return the bias with which the mean score of the photos shown is the share that fit."""
    odds, right = [], []
    for case in found:
        all_odds = log_odds(case, replace(weights, bias=0.0))
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


def log_odds(case: Case, weights: Weights) -> np.ndarray:
    return fusion.log_odds(case.parts, weights, case.baselines, len(case.right))


def mixed(case: Case, weights: Weights) -> np.ndarray:
    """Return the sum of the weighted parts, (N,): photos rank by it as by the score."""
    return np.asarray(sum(getattr(weights, kind) * case.parts[kind] for kind in FITTED))


def ndcg(found: Sequence[Case], weights: Weights) -> float:
    """Return the mean nDCG@10 (Järvelin and Kekäläinen 2002), a photo fitting or not."""
    discounts = 1 / np.log2(np.arange(2, 12))
    gains = []
    for case in found:
        first = best(mixed(case, weights), 10)
        ideal = discounts[: min(10, int(case.right.sum()))].sum()
        gains.append((discounts[: len(first)] * case.right[first]).sum() / ideal)
    return float(np.mean(gains))


def tune(found: dict[float, list[Case]]) -> Weights:
    """Return the fitted weights, see `cases` for what is fitted on."""
    tried = [
        Weights(meaning=1.0, seen=seen, words=words, hubness=hubness)
        for hubness, seen, words in itertools.product(HUBNESS, SEEN, WORDS)
    ]
    scores = [ndcg(found[weights.hubness], weights) for weights in tried]
    for place in np.argsort(scores)[-10:]:
        weights = tried[place]
        some = found[weights.hubness]
        kinds = [[case for case in some if case.whole is whole] for whole in (True, False)]
        whole, short = (100 * ndcg(kind, weights) for kind in kinds)
        print(
            f"hubness {weights.hubness:.2f}, seen {weights.seen:.2f}, words {weights.words:.1f}: "
            f"nDCG@10 {100 * scores[place]:.1f} (whole captions {whole:.1f}, words {short:.1f})"
        )
    chosen = tried[int(np.argmax(scores))]
    scaled = scale(found[chosen.hubness], chosen)
    bias, by_hand = fit_bias(found[chosen.hubness], scaled), Weights()
    like_bar = by_hand.like_bar + (bias - by_hand.bias) / by_hand.like
    # If a person wrote the whole query, that makes up for a photo that shows nothing of it.
    own = sum(value * getattr(scaled, kind) for kind, value in OWN.items())
    return replace(scaled, bias=bias, own=own, like_bar=like_bar)


def write(weights: Weights, folder: Path) -> None:
    """Write fitted weights into a model's config.json; thresholds stay as they are."""
    file = folder / CONFIG
    settings = json.loads(file.read_text(encoding="utf-8"))
    names = ("bias", "meaning", "seen", "like", "like_bar", "words", "own", "hubness")
    rounded = {name: round(float(getattr(weights, name)), 3) for name in names}
    settings["ranking"] = {**settings.get("ranking", {}), **rounded}
    file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("libraries", type=Path, nargs="+", metavar="LIBRARY")
    parser.add_argument("--data", required=True, nargs="+", help="data folder of each library")
    parser.add_argument("--queries", type=int, default=1000, help="for each library")
    parser.add_argument("--model", type=Path, default=shipped_model())
    parser.add_argument("--write", action="store_true", help="write the weights into the model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[float, list[Case]] = {weight: [] for weight in HUBNESS}
    for path, folder in zip(options.libraries, find_data(options.data), strict=True):
        queries = make_queries(read_split(folder, "dev"), options.queries)
        with Library(path, model=options.model) as library:
            for weight, some in cases(library, queries).items():
                found[weight] += some
    weights = tune(found)
    print(f"taken: {weights}")
    if options.write:
        write(weights, options.model)


if __name__ == "__main__":
    main()
