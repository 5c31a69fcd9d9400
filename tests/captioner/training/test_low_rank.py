"""Layers of low rank."""

import numpy as np
import pytest

from captioner.training.low_rank import factor


def parts(rank: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(0)
    mixing = random.normal(size=(20, 20)) * np.linspace(0.1, 3, 20)
    features = (random.normal(size=(500, 20)) @ mixing + random.normal(size=20)).astype(np.float32)
    weight = random.normal(size=(8, 20)).astype(np.float32)
    bias = random.normal(size=8).astype(np.float32)
    return features, weight, bias, *factor(weight, bias, features, rank)


def test_a_full_rank_loses_nothing() -> None:
    features, weight, bias, down, up, moved = parts(rank=50)
    assert (down.shape, up.shape, moved.shape) == ((8, 20), (8, 8), (8,))
    outputs = features @ weight.T + bias
    assert features @ down.T @ up.T + moved == pytest.approx(outputs, abs=1e-2)


def test_a_lower_rank_is_nearest_on_the_features() -> None:
    """Nearer than the weight's own decomposition, which doesn't know the features."""
    features, weight, bias, down, up, moved = parts(rank=3)
    outputs = features @ weight.T + bias
    found = features @ down.T @ up.T + moved
    assert found.mean(0) == pytest.approx(outputs.mean(0), abs=1e-2)
    left, sizes, right = np.linalg.svd(weight, full_matrices=False)
    plain = features @ ((left[:, :3] * sizes[:3]) @ right[:3]).T
    plain += (outputs - plain).mean(0)
    assert ((found - outputs) ** 2).sum() < ((plain - outputs) ** 2).sum()
    centred = outputs - outputs.mean(0)
    best = (np.linalg.svd(centred, compute_uv=False)[3:] ** 2).sum()
    assert ((found - outputs) ** 2).sum() == pytest.approx(best, rel=1e-2)
