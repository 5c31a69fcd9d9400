"""Fitting the ranking: what helps gets weight, what is set by hand keeps its place."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tune_ranking import HUBNESS, OWN, Case, ndcg, scale, tune, write
from photosearch.search.fusion import Weights
from photosearch.search.results import PartKind


def made(helps: PartKind, seed: int, queries: int = 60, photos: int = 40) -> list[Case]:
    """Queries for which one part is higher by 3 for the right photo; the rest is chance."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(queries):
        parts = {
            kind: chance.normal(size=photos).astype(np.float32)
            for kind in (PartKind.MEANING, PartKind.SEEN, PartKind.WORDS)
        }
        right = np.zeros(photos, bool)
        right[chance.integers(photos)] = True
        parts[helps][right] += 3
        baselines = {PartKind.MEANING: 2.0, PartKind.SEEN: 2.0}
        found.append(Case(parts, baselines, right, number % 2 == 0))
    return found


def test_the_part_that_helps_gets_the_weight() -> None:
    for helps in (PartKind.SEEN, PartKind.WORDS):
        weights = tune({hubness: made(helps, 1) for hubness in HUBNESS})
        assert getattr(weights, helps) > 0.5 * weights.meaning > 0
        assert ndcg(made(helps, 2), weights) > ndcg(made(helps, 2), Weights(seen=0.0, words=0.0))
    weights = tune({hubness: made(PartKind.MEANING, 1) for hubness in HUBNESS})
    assert weights.meaning > max(weights.seen, weights.words)


def test_the_scale_changes_no_rank_and_grows_with_what_is_sure() -> None:
    start = Weights(meaning=1.0, seen=0.5, words=0.0)
    some = made(PartKind.MEANING, 3)
    scaled = scale(some, start)
    assert ndcg(some, scaled) == pytest.approx(ndcg(some, start))
    assert scaled.seen == pytest.approx(0.5 * scaled.meaning)
    nothing = scale(made(PartKind.WORDS, 3), start)  # of no use here
    assert nothing.meaning < 0.5 * scaled.meaning


def test_what_is_set_by_hand_follows_the_fitted_weights() -> None:
    weights = tune({hubness: made(PartKind.MEANING, 4) for hubness in HUBNESS})
    assert weights.own == pytest.approx(sum(OWN[k] * getattr(weights, k) for k in OWN))
    hand = Weights()
    # A photo that is alike scores as it did.
    assert weights.bias - weights.like * weights.like_bar == pytest.approx(
        hand.bias - hand.like * hand.like_bar
    )


def test_thresholds_and_all_other_settings_stay(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"name": "toy", "ranking": {"min_score": 0.1, "meaning": 9.0}}))
    write(Weights(meaning=1.25, seen=0.5), tmp_path)
    settings = json.loads(file.read_text())
    assert settings["name"] == "toy"
    assert settings["ranking"]["min_score"] == 0.1
    assert Weights(**settings["ranking"]) == Weights(min_score=0.1, meaning=1.25, seen=0.5)
