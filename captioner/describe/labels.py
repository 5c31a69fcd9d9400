"""Labels: the names of the outputs of a model's classifiers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
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
    # and how often it shows the parents. "unicycle" is mostly sure on bicycles and skaters. With 0
    # the name is no tag at all: "jumping".
    trust: float = 1.0
    parents_trust: float = 1.0
    # For words: all spellings that count as the word, "dog", "dogs" and "doggy". The first form is
    # the word as the head learnt it.
    forms: tuple[str, ...] = ()

    @property
    def chain(self) -> tuple[str, ...]:
        """The name, then the parents."""
        return (self.name, *self.parents)


class Labels:
    """The labels of one classifier, in the order of its outputs, and their texts.

    A text is a name or a parent that some label is trusted in. Most outputs of a word head are
    trusted in nothing: they have no text. So the weights of labels for texts are kept as a list of
    pairs, sorted by text, not as a matrix.

    Attributes:
        labels: One for each output.
        texts: Names and parents that are trusted, each once.
        label: Of each pair, the index of the label, int (P,).
        weight: Of each pair, the label's weight for the text, above 0, at most 1, float32 (P,).
        start: Of each text, the index of its first pair, int (texts,).
    """

    def __init__(self, labels: Sequence[Label]) -> None:
        self.labels = tuple(labels)
        self._members: dict[str, dict[int, float]] = {}  # by text, its labels and their weights
        self._height: dict[str, int] = {}  # how far a text is from the names, in the chains
        for place, label in enumerate(self.labels):
            for height, text in enumerate(label.chain):
                trust = label.parents_trust if height else label.trust
                if trust > 0:
                    self._members.setdefault(text, {})[place] = trust
                    self._height[text] = max(self._height.get(text, 0), height)
        self.texts = tuple(self._members)
        self._place = {text: place for place, text in enumerate(self.texts)}
        pairs = [pair for members in self._members.values() for pair in members.items()]
        self.label = np.array([place for place, _ in pairs], np.intp)
        self.weight = np.array([trust for _, trust in pairs], np.float32)
        sizes = [len(members) for members in self._members.values()]
        self.start = np.cumsum([0, *sizes[:-1]], dtype=np.intp)[: len(sizes)]

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

    def implies(self, text: str, other: str) -> bool:
        """Tell whether whatever is a text is another text, too: a dog is an animal.

        That is so if all labels of the first text are labels of the second. If two texts have the
        same labels ("groom" and "wedding"), the text nearer to the name implies the other.
        """
        own, others = self._members.get(text), self._members.get(other)
        if own is None or others is None or not own.keys() <= others.keys():
            return False
        return len(own) < len(others) or self._height[text] < self._height[other]

    def implied(self, text: str) -> list[str]:
        """Return all other texts that a text implies, the narrowest meaning first."""
        own = self._members.get(text, {})
        chains = (self.labels[place].chain for place in own)
        found = {other for other in next(chains, ()) if self.implies(text, other)}
        return sorted(found, key=lambda other: (len(self._members[other]), self._place[other]))


class TagLabels:
    """The labels of a model's two classifiers.

    Attributes:
        classes: The classes of ImageNet.
        words: Words of the word head, see `captioner.describe.words`: "people", "street".
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
        return any(table.implies(text, other) for table in (self.classes, self.words))

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
