"""Lessons: what the heads learn from in each step, drawn from photos with captions or classes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from captioner.errors import DataError
from captioner.training.heads import Batch, HeadsRecipe
from captioner.training.retrieval import tokens_of
from captioner.training.short_queries import holding, short_query, words_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Takes the numbers of photos and of their views; returns their grids, float16 (n, R, C).
Look = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Told:
    """What is told of a photo."""

    texts: tuple[str, ...]  # its captions, or its classes
    classes_of: str | None = None  # the folder whose classes the texts are; None: captions


class Lessons:
    """Draws batches; each epoch shows each photo once."""

    def __init__(
        self,
        photos: Sequence[Told],
        numbers: dict[str, int],
        tokenizer: Tokenizer,
        recipe: HeadsRecipe,
        views: int,
    ) -> None:
        """Read what is told of the photos.

        Args:
            photos: of the training.
            numbers: the word that each form belongs to.
            tokenizer: of the sentence encoder.
            recipe: sizes and seed.
            views: how many views there are of each photo.

        Raises:
            DataError: the captioned photos are fewer than a step takes.
        """
        self.photos = photos
        self.numbers = numbers
        self.tokenizer = tokenizer
        self.recipe = recipe
        self.views = views
        self.shown = words_of([photo.texts for photo in photos], numbers)  # (N, W)
        self.captioned = np.flatnonzero([photo.classes_of is None for photo in photos])
        self.classed = np.flatnonzero([photo.classes_of is not None for photo in photos])
        if len(self.captioned) < recipe.photos:
            raise DataError(
                f"{len(self.captioned)} captioned photos are fewer than a step's {recipe.photos}"
            )
        # A class says nothing of other sets' words: a photo of a church may show a dog.
        folders = {photo.classes_of for photo in photos}
        self.known = {
            folder: self.shown[[p.classes_of == folder for p in photos]].any(0)
            if folder is not None
            else np.ones(self.shown.shape[1], bool)
            for folder in folders
        }

    def __len__(self) -> int:
        return len(self.captioned) // self.recipe.photos

    def epoch(self, number: int, look: Look) -> Iterator[Batch]:
        """Yield the batches of an epoch; the same number gives the same batches."""
        chance = np.random.default_rng([self.recipe.seed, number])
        captioned, classed = chance.permutation(self.captioned), chance.permutation(self.classed)
        share = len(classed) // len(self)
        for step in range(len(self)):
            some = captioned[step * self.recipe.photos : (step + 1) * self.recipe.photos]
            others = classed[step * share : (step + 1) * share]
            yield self._batch(some, others, look, chance)

    def tell(self, photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which words photos show, and which words are told of, bool (n, W) each."""
        told = [self.known[self.photos[photo].classes_of] for photo in photos]
        return self.shown[photos], np.stack(told)

    def _batch(
        self, captioned: np.ndarray, classed: np.ndarray, look: Look, chance: np.random.Generator
    ) -> Batch:
        both = np.concatenate([captioned, classed])
        grid = look(both, chance.integers(self.views, size=len(both)))
        captions = [self._draw(photo, chance) for photo in captioned]
        owners, short = self._ask(captions, chance)
        named = [self._draw(photo, chance) for photo in classed]
        words = [[self.numbers[w] for w in name.split() if w in self.numbers] for name in named]
        said = [
            f"a photo of a {name}" if chance.random() < self.recipe.said_classes else name
            for name in named
        ]
        shown, _ = self.tell(both)
        members = holding(words, shown)
        same = np.array([[name == other for other in named] for name in named], bool)
        members[:, len(captioned) :] |= same.reshape(len(named), len(named))
        return Batch(
            torch.from_numpy(grid).float(),
            tokens_of(self.tokenizer, captions),
            tokens_of(self.tokenizer, [text for text, _ in short]),
            torch.from_numpy(owners),
            torch.from_numpy(holding([w for _, w in short], shown[: len(captioned)])),
            tokens_of(self.tokenizer, said),
            torch.from_numpy(members),
        )

    def _ask(
        self, captions: Sequence[str], chance: np.random.Generator
    ) -> tuple[np.ndarray, list[tuple[str, list[int]]]]:
        """Return short queries with their words, and the place of the caption of each."""
        count = round(self.recipe.short_share * len(captions))
        places = chance.permutation(len(captions))[:count]
        drawn = [short_query(captions[place], self.numbers, chance) for place in places]
        asks = [bool(text) for text, _ in drawn]
        return places[asks], list(itertools.compress(drawn, asks))

    def _draw(self, photo: int, chance: np.random.Generator) -> str:
        """Return one of the texts of a photo; of labels joined by "and", one to three."""
        texts = self.photos[photo].texts
        text = texts[int(chance.integers(len(texts)))]
        if self.photos[photo].classes_of is None or " and " not in text:
            return text
        labels = text.split(" and ")
        count = int(chance.integers(1, min(3, len(labels)) + 1))
        return " ".join(labels[place] for place in sorted(chance.permutation(len(labels))[:count]))
