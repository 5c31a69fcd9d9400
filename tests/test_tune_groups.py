"""The thresholds of the two groups: fitted as counting says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.tune_groups import FEWEST, HIDDEN, RIGHT, STEPS, Judged, fit, fit_least, fit_sure
from photosearch.search import fusion


def judged(seed: int, tenfolds: float = 0.0, size: float = 0.0) -> Judged:
    """Photos whose scores are the probability that they are right, but for the term of the size."""
    chance = np.random.default_rng(seed)
    odds = chance.uniform(-6, 3, 4000)
    right = chance.random(4000) < fusion.probability(odds)
    return Judged(odds + size * tenfolds, right, np.tile(np.arange(20), 200), 200, tenfolds)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_the_sure_are_right_often_enough_and_no_more_is_asked(seed: int) -> None:
    samples = [judged(seed), judged(seed + 1)]
    scores = [each.scores(0.0) for each in samples]
    sure = fit_sure(scores, samples)

    def shares(least: float) -> list[float]:
        groups = [each.right[some >= least] for each, some in zip(samples, scores, strict=True)]
        return [float(right.mean()) for right in groups if len(right) >= FEWEST]

    assert min(shares(sure)) >= RIGHT
    assert all(min(shares(step)) < RIGHT for step in STEPS if step < sure)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_few_right_photos_are_hidden(seed: int) -> None:
    samples = [judged(seed), judged(seed + 1)]
    scores = [each.scores(0.0) for each in samples]
    least = fit_least(scores, samples)
    hidden = [
        float((some[each.right & (each.ranks < 10)] < least).mean())
        for some, each in zip(scores, samples, strict=True)
    ]
    assert max(hidden) <= HIDDEN


def test_the_weight_of_the_size_is_found_again() -> None:
    samples = [judged(number, tenfolds, 0.8) for number, tenfolds in enumerate((-1.0, 0.0, 1.0))]
    fitted = fit(samples)
    assert fitted.size == pytest.approx(0.8, abs=0.25)
    assert 0 < fitted.least < fitted.sure < 1
