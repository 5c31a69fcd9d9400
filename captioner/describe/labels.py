"""Labels: the names of the outputs of a model's classifiers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from captioner.describe.model_folder import (
    CLASSES,
    WORDS,
    has_file,
    read_file,
    reading,
    shipped_model,
)


@dataclass(frozen=True)
class Label:
    """The name of a classifier's output, and how far the output is trusted."""

    name: str  # "golden retriever"
    parents: tuple[str, ...] = ()  # from near to far: "retriever", "dog", "animal"
    synonyms: tuple[str, ...] = ()  # what else people type
    # If the output is sure on an everyday photo: how often the photo shows the thing (`trust`),
    # and how often it shows the parents. "unicycle" is mostly sure on bicycles and skaters.
    trust: float = 1.0
    parents_trust: float = 1.0
    # For words learnt from captions: the thing's names in captions, "dog" and "puppy". A photo
    # shows the thing if any of its captions holds any of these words.
    forms: tuple[str, ...] = ()

    @property
    def chain(self) -> tuple[str, ...]:
        """The name, then the parents."""
        return (self.name, *self.parents)


class Labels:
    """The labels of one classifier, in the order of its outputs, and their texts as matrices.

    Attributes:
        labels: One for each output.
        texts: Names and parents, each once.
        column: By text, its index in `texts`.
        weights: The weight of each label for each text, 0 to 1, float32 (labels, texts).
    """

    def __init__(self, labels: Sequence[Label]) -> None:
        self.labels = tuple(labels)
        self.texts = tuple(dict.fromkeys(text for label in labels for text in label.chain))
        self.column = {text: place for place, text in enumerate(self.texts)}
        self.weights = np.zeros((len(self.labels), len(self.texts)), np.float32)
        for row, label in enumerate(self.labels):
            for height, text in enumerate(label.chain):
                trust = label.parents_trust if height else label.trust
                self.weights[row, self.column[text]] = trust

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        """Read a table of a model folder, with a label on each line.

        A line holds, with TABs between them: name, parents, synonyms, trust in the name, trust in
        the parents, and perhaps forms. Parents and synonyms are separated by commas, forms by
        spaces.

        Raises:
            ModelError: the file is missing or damaged.
        """
        content = read_file(folder, name)
        with reading(folder, name):
            return cls([_label(*line.split("\t")) for line in content.decode().splitlines()])

    @cached_property
    def implies(self) -> np.ndarray:
        """Whether the first text implies the second, bool (texts, texts): a dog is an animal.

        That is so if all labels of the first text are labels of the second. If two texts have the
        same labels ("groom" and "wedding"), the text nearer to the name implies the other.
        """
        height = np.zeros(len(self.texts))  # how far a text is from the names, in the chains
        for label in self.labels:
            for step, text in enumerate(label.chain):
                height[self.column[text]] = max(height[self.column[text]], step)
        member = (self.weights > 0).astype(np.float32)
        size = member.sum(axis=0)
        inside = member.T @ member == size[:, None]
        narrower = (size[:, None] < size) | (height[:, None] < height)
        both: np.ndarray = inside & narrower
        return both

    def implied(self, text: str) -> list[str]:
        """Return all other texts that a text implies, the narrowest meaning first."""
        if text not in self.column:
            return []
        columns = np.flatnonzero(self.implies[self.column[text]])
        size = np.count_nonzero(self.weights, axis=0)[columns]
        return [self.texts[column] for column in columns[np.argsort(size, kind="stable")]]


class TagLabels:
    """The labels of a model's two classifiers.

    Attributes:
        classes: The classes of ImageNet.
        words: Words learnt from captions that ImageNet lacks: "people", "street".
    """

    def __init__(self, classes: Labels, words: Labels) -> None:
        self.classes = classes
        self.words = words
        self._synonyms: dict[str, tuple[str, ...]] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the labels of a model folder.

        A model of version 0.1.0 has no tables: the shipped tables fit it.

        Raises:
            ModelError: the folder holds no model, or a file is damaged.
        """
        tables = (
            Labels.read(folder if has_file(folder, name) else shipped_model(), name)
            for name in (CLASSES, WORDS)
        )
        return cls(*tables)

    def implies(self, text: str, other: str) -> bool:
        """Tell whether, by any of the two tables, whatever is a text is another text too."""
        return any(
            bool(table.implies[table.column[text], table.column[other]])
            for table in (self.classes, self.words)
            if text in table.column and other in table.column
        )

    def synonyms(self, text: str) -> tuple[str, ...]:
        """Return the synonyms of a text: of its labels, then all texts that it implies.

        Both tables are read, whichever classifier found the text: perhaps only the other
        classifier's table says that a zebra is an animal.
        """
        if text not in self._synonyms:
            tables = (self.classes, self.words)
            labels = [label for table in tables for label in table.labels if label.name == text]
            found = [synonym for label in labels for synonym in label.synonyms]
            for table in tables:
                found += table.implied(text)
            self._synonyms[text] = tuple(dict.fromkeys(found))
        return self._synonyms[text]


def copy_labels(folder: Path) -> None:
    """If a model folder has no labels, copy the shipped model's labels into it."""
    for name in (CLASSES, WORDS):
        if not (folder / name).exists():
            shutil.copy(shipped_model() / name, folder / name)


def _label(
    name: str, parents: str, synonyms: str, trust: str, parents_trust: str, forms: str = ""
) -> Label:
    return Label(
        name, _split(parents), _split(synonyms), float(trust), float(parents_trust),
        tuple(forms.split()),
    )  # fmt: skip


def _split(field: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in field.split(",") if part.strip())
