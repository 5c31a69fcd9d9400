"""Low rank: a linear layer as a product of two smaller layers."""

from __future__ import annotations

import numpy as np


def factor(
    weight: np.ndarray, bias: np.ndarray, features: np.ndarray, rank: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the layers of low rank whose outputs on features are nearest to those of a layer.

    The nearest by least squares on the features themselves, not on the weight: with S the
    features' covariance, the singular value decomposition of `weight @ S^(1/2)` is cut off (Eckart
    and Young, "The approximation of one matrix by another of lower rank", 1936). The mean of each
    output over the features stays the same.

    Args:
        weight: of the layer, (W, F).
        bias: of the layer, (W,).
        features: inputs of the kind that the layer will see, (N, F).
        rank: of the product; at most the smaller side of the weight counts.

    Returns:
        down, (rank, F), up, (W, rank), and the new bias, (W,), all float32:
        `up @ (down @ x) + bias` stands for `weight @ x + bias`.
    """
    rank = min(rank, *weight.shape)
    weight = weight.astype(np.float64)
    mean = features.mean(axis=0, dtype=np.float64)
    centred = (features - mean.astype(np.float32)).astype(np.float32)
    covariance = (centred.T @ centred).astype(np.float64) / len(features)
    values, vectors = np.linalg.eigh(covariance)
    # Directions in which the features don't vary keep a little weight: so the root has an inverse.
    spread = np.sqrt(np.maximum(values, 1e-6 * values.max()))
    left, sizes, right = np.linalg.svd(weight @ (vectors * spread), full_matrices=False)
    root = np.sqrt(sizes[:rank])
    down = (root[:, None] * right[:rank] / spread) @ vectors.T
    up = left[:, :rank] * root
    moved = bias + (weight - up @ down) @ mean
    return down.astype(np.float32), up.astype(np.float32), moved.astype(np.float32)
