"""Retrieval: how often sentences find their photos, by the vectors of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from captioner.networks.embedding import PhotoTower
from captioner.networks.text_tower import TextTower

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PART = 50  # sentences or photos that go through a tower together


def tokens_of(tokenizer: Tokenizer, sentences: Sequence[str]) -> list[list[int]]:
    """Return the tokens of sentences."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(sentences))]


def pad(captions: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return tokens and mask of captions of unequal length, int64 (B, T) each."""
    ids = torch.zeros(len(captions), max(map(len, captions)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, caption in enumerate(captions):
        ids[row, : len(caption)] = torch.tensor(caption)
        mask[row, : len(caption)] = 1
    return ids, mask


@torch.inference_mode()
def photo_vectors(tower: PhotoTower, grids: np.ndarray) -> np.ndarray:
    """Return the vectors of encoded photos, (n, R, C) to (n, D)."""
    tower.eval()
    parts = [grids[start : start + PART] for start in range(0, len(grids), PART)]
    return np.concatenate([tower(torch.from_numpy(part).float()).numpy() for part in parts])


@torch.inference_mode()
def sentence_vectors(tower: TextTower, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the vectors of sentences, (n, D); sentences of like length go together."""
    order = sorted(range(len(tokens)), key=lambda n: len(tokens[n]))
    vectors: dict[int, np.ndarray] = {}
    for start in range(0, len(order), 128):
        part = order[start : start + 128]
        found = tower.eval()(*pad([tokens[n] for n in part])).numpy()
        vectors |= dict(zip(part, found, strict=True))
    return np.stack([vectors[n] for n in range(len(tokens))])


def caption_recalls(
    vectors: np.ndarray, tower: TextTower, tokens: Sequence[Sequence[list[int]]]
) -> dict[str, float]:
    """Return how often captions find their photos; see `recalls`.

    Args:
        vectors: of the photos, (n, D).
        tower: turns captions into vectors.
        tokens: of the captions of each photo.
    """
    return recalls(
        vectors,
        sentence_vectors(tower, [caption for photo in tokens for caption in photo]),
        np.repeat(np.arange(len(tokens)), [len(photo) for photo in tokens]),
    )


def recalls(photos: np.ndarray, sentences: np.ndarray, owners: np.ndarray) -> dict[str, float]:
    """Return how often a sentence finds its photo among the first 1, 5 and 10.

    Args:
        photos: unit vectors, (n, D).
        sentences: unit vectors, (m, D).
        owners: the index of each sentence's photo, (m,).

    Returns:
        R@1, R@5, R@10, 0 to 1.
    """
    cosines = sentences @ photos.T  # (m, n)
    own = cosines[np.arange(len(owners)), owners]
    ranks = (cosines > own[:, None]).sum(1)
    return {f"R@{k}": round(float((ranks < k).mean()), 4) for k in (1, 5, 10)}
