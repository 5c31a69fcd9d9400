"""The joint embedding in training on encoded photos: both towers, the trunk frozen."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from captioner.networks.bfloat16 import is_faster
from captioner.networks.embedding import PhotoTower
from captioner.networks.text_tower import TextTower
from captioner.training.retrieval import pad
from captioner.training.train_words import WordsRecipe

PART = 256  # sentences that go through the text tower together: fewer are slower on processors


@dataclass(frozen=True)
class HeadsRecipe:
    """The recipe."""

    epochs: int = 8
    photos: int = 384  # captioned photos a step, each with one of its captions
    towers_rate: float = 3e-4  # learning rates at their peaks
    text_rate: float = 3e-5
    warm_up: float = 0.08  # share of all steps
    weight_decay: float = 0.05
    text_decay: float = 0.01
    label_smoothing: float = 0.05
    short_share: float = 0.5  # of the captioned photos, with a short query
    short_weight: float = 0.5  # of the loss of short queries
    class_weight: float = 0.5  # of the loss of classes
    said_classes: float = 0.5  # share of the classes asked for as "a photo of a"
    most_scale: float = 100.0  # of the cosines
    clip: float = 1.0  # norm of the gradient
    average: float = 0.99  # decay of the running average of the weights that is kept
    max_tokens: int = 32  # of a training caption
    seed: int = 1
    words: WordsRecipe = field(default_factory=WordsRecipe)


class Heads(nn.Module):
    """The networks in training."""

    def __init__(self, photos: PhotoTower, sentences: TextTower, scale: float) -> None:
        super().__init__()
        self.photos = photos
        self.sentences = sentences
        # Word vectors stay: the gradients of 30,000 rows would take a third of a step.
        sentences.bert.embeddings.requires_grad_(False)
        self.scale = nn.Parameter(torch.tensor(math.log(scale)))


class Answers(Protocol):
    """Which photos of a step are right for its texts: B captions, S short queries, C classes."""

    @property
    def sizes(self) -> Sequence[int]:
        """B, S and C."""

    @property
    def owners(self) -> Tensor:
        """The photo of each short query, int64 (S,)."""

    @property
    def asked(self) -> Tensor:
        """Photos that show the words of each short query, bool (S, B)."""

    @property
    def members(self) -> Tensor:
        """Photos that show each class, bool (C, B + C)."""


@dataclass(frozen=True)
class Batch:
    """The photos of a step: B captioned photos, then C photos with a class; and their texts."""

    grid: Tensor  # (B + C, R, C)
    captions: list[list[int]]  # tokens of a caption of each captioned photo, (B)
    queries: list[list[int]]  # tokens of short queries, (S)
    owners: Tensor  # the photo of each short query, int64 (S,)
    asked: Tensor  # photos that show the words of each short query, bool (S, B)
    classes: list[list[int]]  # tokens of the class of each photo with a class, (C)
    members: Tensor  # photos that show each class, bool (C, B + C)

    @property
    def sizes(self) -> Sequence[int]:
        """B, S and C."""
        return len(self.captions), len(self.queries), len(self.classes)


def losses(heads: Heads, batch: Batch, recipe: HeadsRecipe) -> dict[str, Tensor]:
    """Return the losses of a batch, by name, each with its weight."""
    vectors = heads.photos(batch.grid)  # (B + C, D)
    texts = encode(heads.sentences, [*batch.captions, *batch.queries, *batch.classes])
    return text_losses(heads.scale.exp(), vectors, texts, batch, recipe)


def text_losses(
    scale: Tensor, vectors: Tensor, texts: Tensor, answers: Answers, recipe: HeadsRecipe
) -> dict[str, Tensor]:
    """Return the losses of captions, short queries and classes, by name, each with its weight.

    Captions: cross-entropy both ways (InfoNCE, van den Oord et al. 2018,
    https://arxiv.org/abs/1807.03748). Short queries and classes: cross-entropy over the photos. A
    photo that shows the same words is no wrong answer: it is left out of the sum.

    Args:
        scale: of the cosines.
        vectors: of the photos, float32 (B + C, D).
        texts: vectors of captions, short queries and classes, float32 (B + S + C, D).
        answers: which photos are right.
        recipe: the weights of the losses.
    """
    captions, queries, classes = torch.split(texts, list(answers.sizes))
    captioned = vectors[: len(captions)]
    own = torch.arange(len(captions), device=texts.device)
    logits = scale * captions @ captioned.T
    ways = [
        functional.cross_entropy(way, own, label_smoothing=recipe.label_smoothing)
        for way in (logits, logits.T)
    ]
    found = {"captions": (ways[0] + ways[1]) / 2}
    if len(queries):
        short = masked(scale * queries @ captioned.T, answers.owners, answers.asked)
        found["short"] = recipe.short_weight * short
    if len(classes):
        owners = torch.arange(len(captions), len(vectors), device=texts.device)
        named = masked(scale * classes @ vectors.T, owners, answers.members)
        found["classes"] = recipe.class_weight * named
    return found


def masked(logits: Tensor, owners: Tensor, right: Tensor) -> Tensor:
    """Return the cross-entropy of queries over photos, other right answers left out.

    Args:
        logits: of queries and photos, (Q, N).
        owners: the photo of each query, (Q,).
        right: whether a photo is an answer to a query, bool (Q, N).
    """
    rows = torch.arange(len(owners), device=owners.device)
    wrong = ~right
    wrong[rows, owners] = True  # the query's own photo stays in the sum
    return functional.cross_entropy(logits.masked_fill(~wrong, -torch.inf), owners)


def encode(tower: TextTower, tokens: Sequence[list[int]]) -> Tensor:
    """Return the vectors of sentences, (n, D); sentences of like length go through together."""
    order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
    parts = [order[start : start + PART] for start in range(0, len(order), PART)]
    with torch.autocast("cpu", torch.bfloat16, enabled=_bfloat16_is_faster()):
        found = torch.cat([tower(*pad([tokens[place] for place in part])) for part in parts])
    back = torch.empty(len(order), dtype=torch.long)
    back[order] = torch.arange(len(order))
    return found.float()[back]


@functools.cache
def _bfloat16_is_faster() -> bool:
    return is_faster(torch.device("cpu"))


def make_optimizer(heads: Heads, recipe: HeadsRecipe) -> torch.optim.AdamW:
    """Return AdamW, with a peak rate (`peak`) for each network."""
    bert = [p for p in heads.sentences.bert.parameters() if p.requires_grad]
    tower = [*heads.sentences.mlp.parameters(), *heads.sentences.skip.parameters()]
    towers = [*heads.photos.parameters(), *tower]
    kinds: list[tuple[list[nn.Parameter], float, float]] = [
        (towers, recipe.towers_rate, recipe.weight_decay),
        (bert, recipe.text_rate, recipe.text_decay),
        ([heads.scale], recipe.towers_rate, 0.0),
    ]
    return torch.optim.AdamW(
        [{"params": some, "peak": peak, "weight_decay": decay} for some, peak, decay in kinds],
        lr=recipe.towers_rate,
        betas=(0.9, 0.98),
    )


def averaged(heads: Heads) -> Heads:
    """Return a copy for the running average."""
    return copy.deepcopy(heads).eval()


def step(
    heads: Heads, batch: Batch, optimizer: torch.optim.Optimizer, recipe: HeadsRecipe
) -> dict[str, float]:
    """Learn from a batch; return the losses by name."""
    found = losses(heads.train(), batch, recipe)
    optimizer.zero_grad()
    torch.stack(list(found.values())).sum().backward()  # type: ignore[no-untyped-call]
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], recipe.clip)
    optimizer.step()
    with torch.no_grad():
        heads.scale.clamp_(max=math.log(recipe.most_scale))
    return {name: float(value.detach()) for name, value in found.items()}
