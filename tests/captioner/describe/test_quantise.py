import numpy as np
import pytest

from captioner.describe.quantise import dequantise, quantise


@pytest.mark.parametrize("dimension", [32, 256, 512])
def test_cosines_stay_as_they_are(dimension: int) -> None:
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(200, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = dequantise(quantise(vectors))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    assert np.abs(found @ found.T - vectors @ vectors.T).max() < 0.01
    assert quantise(vectors).dtype == np.int8


def test_what_is_out_of_range_is_clipped_and_nothing_is_divided_by_zero() -> None:
    one = np.zeros((1, 64))
    one[0, 3] = 1.0
    assert quantise(one).max() == 127
    np.testing.assert_allclose(dequantise(quantise(-one))[0, 3], -1)
    assert np.isfinite(dequantise(np.zeros((1, 64), np.int8))).all()
