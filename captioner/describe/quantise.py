"""Quantisation: unit vectors as int8, in a quarter of the room of float32.

Cosines change by about 0.001.
"""

from __future__ import annotations

import numpy as np

# A coordinate of a unit vector in d dimensions is about 1 / sqrt(d). The int8 range ends at RANGE
# times that number. Larger coordinates (1 in 15,000) are clipped.
RANGE = 4.0


def scale(dimension: int) -> float:
    """Return the factor by which coordinates are multiplied."""
    return float(127 / RANGE * np.sqrt(dimension))


def quantise(vectors: np.ndarray) -> np.ndarray:
    """Return unit vectors, float (..., D), as int8 (..., D)."""
    scaled = np.round(vectors * scale(vectors.shape[-1]))
    return np.clip(scaled, -127, 127).astype(np.int8)


def dequantise(vectors: np.ndarray) -> np.ndarray:
    """Return int8 vectors, (..., D), as unit vectors, float32 (..., D)."""
    floats = vectors.astype(np.float32)
    length = np.linalg.norm(floats, axis=-1, keepdims=True)
    return np.asarray(floats / np.maximum(length, 1e-9), np.float32)
