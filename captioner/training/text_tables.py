"""Text tables: all texts of the training photos as padded numbers, made once for a whole run.

In a step nothing is tokenized and nothing is padded: rows are picked from these tables where the
networks compute.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from captioner.describe.vocabulary import BOS, EOS, PAD, Vocabulary
from captioner.training.joint_recipe import JointRecipe
from captioner.training.retrieval import tokens_of
from captioner.training.short_queries import MOST, short_query, words_of
from captioner.training.sources import Photo, Role
from captioner.training.tokenizer import tokenize

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NONE = -1  # in place of a word's number


@dataclass(frozen=True)
class Table:
    """Texts of photos; the texts of a photo stand together."""

    tokens: np.ndarray  # of the sentence encoder, 0 after the end, int32 (T, L)
    lengths: np.ndarray  # in tokens, (T,)
    words: np.ndarray  # numbers of the words that a text asks for, then NONE, (T, K)
    first: np.ndarray  # row of each photo's first text, (N,)
    counts: np.ndarray  # texts of each photo, (N,)

    def pick(self, photos: np.ndarray, chance: np.random.Generator) -> np.ndarray:
        """Return the row of a random text of each photo; each photo must have a text."""
        rows: np.ndarray = self.first[photos] + chance.integers(self.counts[photos])
        return rows


@dataclass(frozen=True)
class TextTables:
    """What is told of N photos."""

    captions: Table
    said: np.ndarray  # the captions for the decoder: BOS words EOS PAD..., int32 (T, L)
    imitated: np.ndarray  # photos whose captions the decoder learns, bool (N,)
    queries: Table  # short queries
    names: Table  # of classes
    same: np.ndarray  # of each name: texts with the same number name the same classes, (T,)
    shown: np.ndarray  # words that the photos show, bool (N, W)
    told: np.ndarray  # of each kind of photo: words that are known to be shown or not, bool (K, W)
    kinds: np.ndarray  # of each photo, (N,)

    @classmethod
    def build(
        cls,
        photos: Sequence[Photo],
        numbers: Mapping[str, int],
        tokenizer: Tokenizer,
        vocabulary: Vocabulary,
        recipe: JointRecipe,
    ) -> TextTables:
        """Make the tables of training photos; the same arguments give the same tables.

        Args:
            photos: of the training.
            numbers: the word that each form belongs to.
            tokenizer: of the sentence encoder; it must cut texts at `recipe.heads.max_tokens`.
            vocabulary: of the decoder.
            recipe: lengths, numbers of drawn texts, and seed.
        """
        chance = np.random.default_rng(recipe.heads.seed)
        captions = [() if photo.role is Role.CLASSES else photo.texts for photo in photos]
        said = list(itertools.chain.from_iterable(captions))
        queries = [_queries(texts, numbers, recipe.queries, chance) for texts in captions]
        names = [_names(photo, recipe, chance) for photo in photos]
        plain = [name for name, _ in itertools.chain.from_iterable(names)]
        ids = {name: number for number, name in enumerate(dict.fromkeys(plain))}
        shown = words_of([photo.texts for photo in photos], numbers)
        told, kinds = _told(photos, shown)
        return cls(
            _table([[(text, ()) for text in texts] for texts in captions], tokenizer),
            _said(said, vocabulary, recipe),
            np.array([photo.role is Role.CAPTIONS for photo in photos]),
            _table(queries, tokenizer),
            _table(
                [[(spelt, _numbered(name, numbers)) for name, spelt in some] for some in names],
                tokenizer,
            ),
            np.array([ids[name] for name in plain], np.int64),
            shown,
            told,
            kinds,
        )


def _numbered(text: str, numbers: Mapping[str, int]) -> list[int]:
    """Return the numbers of the words of a text."""
    return [numbers[word] for word in tokenize(text) if word in numbers]


def _table(texts: Sequence[Sequence[tuple[str, Sequence[int]]]], tokenizer: Tokenizer) -> Table:
    """Return the texts of each photo as a table, each with the words that it asks for."""
    counts = np.array([len(of_photo) for of_photo in texts], np.int64)
    flat = list(itertools.chain.from_iterable(texts))
    tokens = tokens_of(tokenizer, [text for text, _ in flat])
    return Table(
        padded(tokens, 0),
        np.array([len(text) for text in tokens], np.int64),
        padded([words for _, words in flat], NONE),
        np.cumsum(counts) - counts,
        counts,
    )


def padded(rows: Sequence[Sequence[int]], filler: int) -> np.ndarray:
    """Return rows of unequal length as one array, int32 (rows, longest)."""
    array = np.full((len(rows), max(map(len, rows), default=0)), filler, np.int32)
    for place, row in enumerate(rows):
        array[place, : len(row)] = row
    return array


def _said(captions: Sequence[str], vocabulary: Vocabulary, recipe: JointRecipe) -> np.ndarray:
    """Return captions for the decoder; one row more, at the end, holds no caption.

    A caption that is cut has no EOS: its end is not learned from.
    """
    longest = recipe.captions.max_words + 1
    rows = [[BOS, *vocabulary.encode(tokenize(caption)), EOS][:longest] for caption in captions]
    return padded([*rows, []], PAD)


def _queries(
    captions: Sequence[str], numbers: Mapping[str, int], count: int, chance: np.random.Generator
) -> list[tuple[str, list[int]]]:
    """Draw short queries from a photo's captions, each with its words."""
    if not captions:
        return []
    chosen = chance.integers(len(captions), size=count).tolist()
    drawn = [short_query(captions[place], numbers, chance) for place in chosen]
    return [(text, words) for text, words in drawn if text]


def _names(photo: Photo, recipe: JointRecipe, chance: np.random.Generator) -> list[tuple[str, str]]:
    """Draw names of a photo's classes, each with its spelling as a query.

    Of labels that are joined by "and", one to three are named.
    """
    if photo.role is not Role.CLASSES:
        return []
    drawn = []
    for _ in range(recipe.names):
        labels = photo.texts[int(chance.integers(len(photo.texts)))].split(" and ")
        count = int(chance.integers(1, min(MOST, len(labels)) + 1))
        chosen = sorted(chance.permutation(len(labels))[:count])
        name = " ".join(labels[place] for place in chosen)
        said = chance.random() < recipe.heads.said_classes
        drawn.append((name, f"a photo of a {name}" if said else name))
    return drawn


def _told(photos: Sequence[Photo], shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the words that each kind of photo tells of, bool (K, W), and the kinds, (N,).

    Captions tell of all words. A class tells only of the words of its source: a photo of a church
    may show a dog.
    """
    sources = [photo.source if photo.role is Role.CLASSES else "" for photo in photos]
    names = {name: number for number, name in enumerate(dict.fromkeys(["", *sources]))}
    kinds = np.array([names[source] for source in sources], np.int64)
    told = np.zeros((len(names), shown.shape[1]), bool)
    for kind in range(1, len(names)):
        told[kind] = shown[kinds == kind].any(0)
    told[0] = True
    return told, kinds
