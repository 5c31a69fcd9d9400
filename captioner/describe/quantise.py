"""Unit vectors as bytes: a quarter of the room, and the cosine changes by about 0.001."""

from __future__ import annotations

import numpy as np

# A coordinate of a unit vector in d dimensions is about 1 / sqrt(d). The int8 range ends at RANGE
# times that; what lies beyond (1 in 15,000) is clipped.
RANGE = 4.0


def scale(dimension: int) -> float:
    """Return what a coordinate is multiplied by."""
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
