"""The losses of the heads, compared with naive loops."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from captioner.networks.text_tower import WIDTH, TextTower
from captioner.training.heads import (
    PART,
    HeadsRecipe,
    encode,
    masked,
    text_losses,
)
from captioner.training.retrieval import pad


class Bag(nn.Module):
    """A sentence encoder whose tokens know nothing of each other."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, WIDTH)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=self.embedding(input_ids))


@dataclass(frozen=True)
class Right:
    """Which photos are right for the texts of a step."""

    sizes: tuple[int, int, int]
    owners: Tensor
    asked: Tensor
    members: Tensor


def cross_entropy(row: Tensor, right: set[int], own: int) -> float:
    """The cross-entropy of an answer over all photos but the other right answers."""
    left = [float(row[place]) for place in range(len(row)) if place == own or place not in right]
    return math.log(sum(math.exp(value) for value in left)) - float(row[own])


@given(seed=st.integers(0, 999), queries=st.integers(1, 6), photos=st.integers(1, 6))
def test_other_right_photos_are_left_out_of_the_sum(seed: int, queries: int, photos: int) -> None:
    torch.manual_seed(seed)
    logits = torch.randn(queries, photos)
    owners = torch.randint(photos, (queries,))
    right = torch.rand(queries, photos) < 0.5  # whether or not the owner is among them
    naive = [
        cross_entropy(row, set(some.nonzero()[:, 0].tolist()), int(own))
        for row, some, own in zip(logits, right, owners, strict=True)
    ]
    found = masked(logits, owners, right)
    assert float(found) == pytest.approx(np.mean(naive), abs=1e-5)


def vectors(count: int) -> Tensor:
    return functional.normalize(torch.randn(count, 8), dim=-1)


def test_each_loss_has_its_weight_and_its_photos() -> None:
    torch.manual_seed(0)
    photos, texts = vectors(5), vectors(3 + 2 + 2)  # three captioned photos, two with a class
    right = Right(
        (3, 2, 2),
        torch.tensor([2, 0]),
        torch.tensor([[True, False, True], [True, False, False]]),
        torch.tensor([[False, True, False, True, True], [False, False, False, True, True]]),
    )
    recipe = HeadsRecipe(label_smoothing=0.0, short_weight=0.25, class_weight=0.75)
    scale = torch.tensor(20.0)
    found = text_losses(scale, photos, texts, right, recipe)
    logits = 20 * texts @ photos.T
    captions, queries, classes = logits[:3, :3], logits[3:5, :3], logits[5:]
    both = [cross_entropy(way[n], set(), n) for way in (captions, captions.T) for n in range(3)]
    short = [cross_entropy(queries[0], {0, 2}, 2), cross_entropy(queries[1], {0}, 0)]
    named = [cross_entropy(classes[0], {1, 3, 4}, 3), cross_entropy(classes[1], {3, 4}, 4)]
    assert {name: float(loss) for name, loss in found.items()} == pytest.approx(
        {
            "captions": np.mean(both),
            "short": 0.25 * np.mean(short),
            "classes": 0.75 * np.mean(named),
        },
        rel=1e-4,
    )


def test_without_short_queries_and_classes_captions_are_all() -> None:
    none = torch.zeros(0, 3, dtype=torch.bool)
    right = Right((3, 0, 0), torch.zeros(0, dtype=torch.long), none, none)
    found = text_losses(torch.tensor(20.0), vectors(3), vectors(3), right, HeadsRecipe())
    assert found.keys() == {"captions"} and bool(found["captions"].isfinite())


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 99))
def test_sentences_keep_their_places(seed: int) -> None:
    """They go through the tower by length, in parts."""
    chance = np.random.default_rng(seed)
    torch.manual_seed(0)
    tower = TextTower(Bag(), 16).eval()
    tokens = [chance.integers(1, 30, int(chance.integers(1, 9))).tolist() for _ in range(PART + 20)]
    with torch.inference_mode():
        found = encode(tower, tokens)
        single = torch.cat([tower(*pad([each])) for each in tokens])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, single, atol=0.02, rtol=0)  # parts go through in bfloat16
