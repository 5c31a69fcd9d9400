"""Fusion: a logistic regression, whatever the numbers."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from photosearch.search.fusion import (
    SIZE,
    Weights,
    contributions,
    log_odds,
    probability,
    standardise,
)

NAMES = ("meaning", "like", "words", "own")
anything = st.floats(allow_nan=False)
numbers = st.floats(-100, 100)


@given(st.lists(anything, min_size=1))
def test_probabilities_grow_with_the_odds_and_never_overflow(odds: list[float]) -> None:
    ordered = np.array(sorted(odds))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        probabilities = probability(ordered)
    assert np.isfinite(probabilities).all()
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@given(st.floats(-30, 30))
def test_a_probability_is_the_logistic_function(odds: float) -> None:
    expected = 1 / (1 + math.exp(-odds))
    assert float(probability(np.array(odds))) == pytest.approx(expected, abs=1e-12)
    opposite = float(probability(np.array(-odds)))
    assert float(probability(np.array(odds))) + opposite == pytest.approx(1)


def test_the_odds_told_apart_by_a_hair_are_told_apart() -> None:
    odds = np.linspace(-15, 15, 10_001)
    assert (np.diff(probability(odds)) > 0).all()


@given(
    values=arrays.arrays(np.float32, (4, 5), elements=st.floats(-100, 100, width=32)),
    names=st.sets(st.sampled_from(NAMES), min_size=1),
    weights=st.builds(
        Weights, bias=numbers, meaning=numbers, like=numbers, words=numbers, own=numbers
    ),
)
def test_contributions_sum_to_the_odds(
    values: np.ndarray, names: set[str], weights: Weights
) -> None:
    parts = {name: row for name, row in zip(NAMES, values, strict=True) if name in names}
    added = contributions(parts, weights)
    assert set(added) == names
    odds = log_odds(parts, weights, {}, SIZE)
    total = np.sum([row.astype(np.float64) for row in added.values()], axis=0) + weights.bias
    np.testing.assert_allclose(odds, total, rtol=1e-4, atol=1e-2)
    for photo in range(5):
        naive = weights.bias + sum(
            asdict(weights)[name] * float(row[photo]) for name, row in parts.items()
        )
        assert float(odds[photo]) == pytest.approx(naive, rel=1e-4, abs=1e-2)


def test_a_part_that_is_nothing_adds_nothing() -> None:
    some = {"words": np.array([0.5, 0.25])}
    with_zeros = some | {"own": np.zeros(2), "like": np.zeros(2)}
    weights = Weights()
    np.testing.assert_array_equal(
        log_odds(some, weights, {}, SIZE), log_odds(with_zeros, weights, {}, SIZE)
    )


@given(best=st.floats(-10, 10), weight=numbers)
def test_the_bar_lowers_all_alike(best: float, weight: float) -> None:
    parts = {"meaning": np.array([1.0, 2.0]), "words": np.array([0.5, 0.0])}
    weights = Weights(meaning=weight)
    lowered = log_odds(parts, weights, {"meaning": best}, SIZE)
    expected = log_odds(parts, weights, {}, SIZE) - weight * best
    np.testing.assert_allclose(lowered, expected, atol=1e-9)  # the terms may cancel each other


@given(photos=st.integers(100, 10**7), size=st.floats(0, 3))
def test_each_tenfold_of_photos_raises_the_bar(photos: int, size: float) -> None:
    parts, weights = {"meaning": np.array([1.0, 2.0])}, Weights(size=size)
    before = log_odds(parts, weights, {}, photos)
    np.testing.assert_allclose(log_odds(parts, weights, {}, 10 * photos), before - size)
    for few in (0, 1, 99):
        small = log_odds(parts, weights, {}, few)
        np.testing.assert_array_equal(small, log_odds(parts, weights, {}, 100))


def test_every_weight_of_a_part_and_the_bias_count() -> None:
    parts = {name: np.ones(1) for name in NAMES}
    before = float(log_odds(parts, Weights(), {}, SIZE)[0])
    for name in (*NAMES, "bias"):
        changed = Weights(**{name: getattr(Weights(), name) + 0.75})
        assert float(log_odds(parts, changed, {}, SIZE)[0]) == pytest.approx(before + 0.75)
    assert float(log_odds(parts, Weights(min_score=0.9), {}, SIZE)[0]) == before


samples = arrays.arrays(np.float64, st.integers(2, 20), elements=st.floats(-1, 1))


@given(background=samples, shift=st.floats(-1, 1), stretch=st.floats(0.1, 2))
def test_how_a_query_is_put_changes_no_deviation(
    background: np.ndarray, shift: float, stretch: float
) -> None:
    if background.std() < 1e-3:
        return
    cosines = np.linspace(-1, 1, 7)
    before, best_before = standardise(cosines, background)
    after, best_after = standardise(stretch * cosines + shift, stretch * background + shift)
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-6)
    assert best_after == pytest.approx(best_before, rel=1e-6, abs=1e-6)
    assert (np.diff(before) > 0).all()
    itself, best = standardise(background, background)
    assert best == pytest.approx(sum(sorted(itself)[-3:]) / min(3, len(itself)))
    assert itself.mean() == pytest.approx(0, abs=1e-6)
    assert itself.std() == pytest.approx(1)


def test_a_background_of_equals_gives_finite_deviations() -> None:
    deviations, best = standardise(np.array([0.1, 0.2]), np.full(5, 0.1))
    assert best == pytest.approx(0, abs=1e-6)
    assert np.isfinite(deviations).all()
    assert deviations[0] == pytest.approx(0)
    assert deviations[1] > 0
    assert standardise(np.empty(0), np.array([0.1, 0.2]))[0].shape == (0,)
