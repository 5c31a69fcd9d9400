"""Tags: single words for what a photo shows, to search by and to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

CLASSES = "labels.tsv"  # the 1,000 ImageNet classes
WORDS = "words.tsv"  # words learnt from captions: "people", "street", what ImageNet lacks


@dataclass(frozen=True)
class Label:
    """What one output of a classifier is called, and how far to believe it."""

    name: str  # "golden retriever"
    parents: tuple[str, ...] = ()  # from near to far: "retriever", "dog", "animal"
    synonyms: tuple[str, ...] = ()  # what else people type
    # Of everyday photos on which the output is sure, the share that show the thing, and
    # the share that show its parents: "unicycle" mostly fires on bicycles and skaters.
    trust: float = 1.0
    parents_trust: float = 1.0

    @property
    def chain(self) -> tuple[str, ...]:
        """The name, then the parents."""
        return (self.name, *self.parents)


@dataclass(frozen=True)
class TagConfig:
    """How sure a tag must be."""

    temperature: float = 1.0  # divides the logits of the classes
    searchable: float = 0.3  # from this probability, a tag can be searched for
    # From this probability people see it: of the tags shown on 200 held-out photos, 88 %
    # were right by eye. 0.7 would make that 92 %, with no tag on a fifth of the photos.
    shown: float = 0.6
    most_shown: int = 6  # on one photo


@dataclass(frozen=True)
class Tag:
    """One tag of a photo."""

    text: str
    probability: float
    shown: bool
    synonyms: tuple[str, ...] = ()  # what else finds the photo: other words for it, parents


@dataclass(frozen=True)
class _Table:
    """The texts of a list of labels, as columns of matrices."""

    texts: tuple[str, ...]
    column: dict[str, int]  # of a text
    weights: np.ndarray  # float32 (labels, texts): what a label adds to a text, 0 to 1
    implies: np.ndarray  # bool (texts, texts): whatever is the first, is the second too


def tags_of(
    classes: np.ndarray, words: np.ndarray | None = None, config: TagConfig | None = None
) -> list[list[Tag]]:
    """Find the tags of photos.

    A parent is as probable as its classes together (Deng et al., "Hedging your bets",
    CVPR 2012), so "dog" can be sure when no breed is. Each class counts as far as its
    label is trusted. Where both classifiers know a text, the surer one speaks.

    A tag is shown unless a shown one says it already ("dog": "animal" is left out).

    Args:
        classes: logits of the ImageNet classes, in the order of `labels.tsv`, (B, 1000).
        words: logits of the words, in the order of `words.tsv`, (B, W); none without.
        config: how sure a tag must be.

    Returns:
        For each photo its searchable tags, the most probable first.

    Raises:
        ValueError: a shape doesn't fit the labels.
    """
    config = config or TagConfig()
    table = _table(CLASSES)
    found = [(table, probabilities(classes, table.weights, config.temperature))]
    if words is not None:
        if len(words) != len(classes):
            raise ValueError(f"{len(classes)} photos have classes, {len(words)} have words")
        table = _table(WORDS)
        found.append((table, word_probabilities(words, table.weights)))
    return [_choose([(t, p[i]) for t, p in found], config) for i in range(len(classes))]


def probabilities(logits: np.ndarray, weights: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return how probable texts are, by classes of which a photo has one.

    Softmax with temperature (Guo et al., "On calibration of modern neural networks",
    ICML 2017, eq. 9), then weighted sums.

    Args:
        logits: of the classes, (B, C).
        weights: what each class adds to each text, (C, T).
        temperature: above 1 makes the classes less sure.

    Returns:
        0 to 1, float32 (B, T).

    Raises:
        ValueError: the logits are not (B, C).
    """
    scaled = _checked(logits, len(weights)) / temperature
    odds = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    share: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
    total: np.ndarray = np.minimum(share @ weights, 1.0)
    return total


def word_probabilities(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return how probable texts are, by words of which a photo may have several.

    Each word is calibrated already (Platt, "Probabilistic outputs for support vector
    machines", 1999): its probability is the sigmoid. Words don't exclude each other, so
    a parent is as probable as the surest of its words.

    Args:
        logits: of the words, (B, W).
        weights: what each word adds to each text, (W, T).

    Returns:
        0 to 1, float32 (B, T).

    Raises:
        ValueError: the logits are not (B, W).
    """
    # The same as 1 / (1 + exp(-x)), without its overflow.
    sure = 0.5 * (1.0 + np.tanh(0.5 * _checked(logits, len(weights))))
    best = np.zeros((len(sure), weights.shape[1]), np.float32)
    for photo, chances in enumerate(sure):  # one by one: (B, W, T) could be large
        best[photo] = (chances[:, None] * weights).max(axis=0)
    return best


@cache
def read_labels(file: str = CLASSES) -> tuple[Label, ...]:
    """Read labels that come with this package, in the order of the classifier's outputs.

    Each line holds five fields, with TABs between them: name, parents, synonyms (the last
    two with commas), trust in the name, trust in the parents. Words have a sixth, see
    `read_forms`.
    """
    labels = []
    for name, parents, synonyms, trust, parents_trust, *_ in _rows(file):
        labels.append(
            Label(name, _split(parents), _split(synonyms), float(trust), float(parents_trust))
        )
    return tuple(labels)


@cache
def read_forms() -> tuple[tuple[str, ...], ...]:
    """Read by which words of a caption each word of `words.tsv` is learnt, in its order.

    They are the sixth field of a line, with spaces between them: "dog dogs puppy". A photo
    shows the thing if one of its captions holds one of them.
    """
    return tuple(tuple(forms.split()) for *_, forms in _rows(WORDS))


def _rows(file: str) -> list[list[str]]:
    text = (resources.files("captioner") / file).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


def _split(field: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in field.split(",") if part.strip())


def _checked(logits: np.ndarray, outputs: int) -> np.ndarray:
    if logits.ndim != 2 or logits.shape[1] != outputs:
        raise ValueError(f"logits are {logits.shape}, not (photos, {outputs})")
    return logits.astype(np.float32, copy=False)


def _choose(found: Sequence[tuple[_Table, np.ndarray]], config: TagConfig) -> list[Tag]:
    """Turn the probabilities of one photo's texts, by each table, into its tags."""
    best: dict[str, float] = {}
    for table, sure in found:
        for column in np.flatnonzero(sure >= config.searchable):
            text = table.texts[column]
            best[text] = max(best.get(text, 0.0), float(sure[column]))
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    sure_enough = [text for text, probability in ranked if probability >= config.shown]
    tables = [table for table, _ in found]
    shown = [
        text for text in sure_enough if not any(_says(tables, other, text) for other in sure_enough)
    ][: config.most_shown]
    return [Tag(text, probability, text in shown, _synonyms(text)) for text, probability in ranked]


def _says(tables: Sequence[_Table], text: str, other: str) -> bool:
    """Return whether a text implies another by any table, and not the other way round."""
    return _implies(tables, text, other) and not _implies(tables, other, text)


def _implies(tables: Sequence[_Table], text: str, other: str) -> bool:
    return any(
        bool(table.implies[table.column[text], table.column[other]])
        for table in tables
        if text in table.column and other in table.column
    )


@cache
def _table(file: str) -> _Table:
    labels = read_labels(file)
    texts = tuple(dict.fromkeys(text for label in labels for text in label.chain))
    column = {text: number for number, text in enumerate(texts)}
    weights = np.zeros((len(labels), len(texts)), np.float32)
    depth = np.zeros(len(texts))  # how far up the chains a text stands
    for number, label in enumerate(labels):
        for step, text in enumerate(label.chain):
            weights[number, column[text]] = label.parents_trust if step else label.trust
            depth[column[text]] = max(depth[column[text]], step)
    # One text implies another if all of its labels are the other's too; of two with the
    # same labels ("groom" and "wedding"), the nearer one implies the farther.
    member = (weights > 0).astype(np.float32)
    size = member.sum(axis=0)
    inside = member.T @ member == size[:, None]
    narrower = (size[:, None] < size) | (depth[:, None] < depth)
    return _Table(texts, column, weights, inside & narrower)


@cache
def _synonyms(text: str) -> tuple[str, ...]:
    """Return what else finds a text: synonyms of its labels, then all it implies, narrow first.

    Both files are asked whoever found the text: only one of them may know that a zebra is
    an animal.
    """
    files = (CLASSES, WORDS)
    labels = [label for file in files for label in read_labels(file) if label.name == text]
    found = [synonym for label in labels for synonym in label.synonyms]
    for table in map(_table, files):
        if text in table.column:
            implied = np.flatnonzero(table.implies[table.column[text]])
            labels_of = np.count_nonzero(table.weights, axis=0)
            narrow_first = implied[np.argsort(labels_of[implied], kind="stable")]
            found += [table.texts[column] for column in narrow_first]
    return tuple(dict.fromkeys(found))
