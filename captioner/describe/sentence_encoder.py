"""The sentence encoder: sentences as vectors of the joint embedding, without torch."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.describe.background import Background
from captioner.describe.description import Part
from captioner.describe.model_folder import (
    BACKGROUND,
    CLASSES,
    CONFIG,
    SENTENCES,
    SENTENCES_ONNX,
    TOKENIZER,
    VOCABULARY,
    WORDS,
    check_large_file,
    damaged,
    has_file,
    read_file,
    read_fingerprints,
    read_settings,
    reading,
    remedy,
    shipped_model,
)
from captioner.describe.onnx import open_session
from captioner.describe.wordpiece import WordPiece
from captioner.describe.words import KEPT, Words
from captioner.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_TOKENS = 64  # of a sentence; the rest is left out
BATCH = 64


@dataclass(frozen=True)
class SentenceEncoder:
    """The text tower of the joint embedding: a sentence encoder run by ONNX Runtime."""

    session: Callable[[], InferenceSession]  # if the network is not open yet, waits for it
    tokenizer: WordPiece
    background: np.ndarray  # quantised vectors of photos of all kinds, int8 (m, D)
    background_hubness: np.ndarray  # float32 (m,)
    fingerprint: str  # of the photo vectors that sentences can be compared with
    ranking: Mapping[str, float]  # weights of the ranking, fitted for this model
    listed: Callable[[], frozenset[str]]  # the words in the model's own lists, lower case
    words: Callable[[], Words]  # of the word head
    # The likeliest words of the photos of all kinds: ids, uint16 (m, KEPT), and codes, uint8
    # (m, KEPT), see `captioner.describe.words`; None: the model has no word head.
    background_words: tuple[np.ndarray, np.ndarray] | None
    words_fingerprint: str  # of the photo words that these can be compared with

    @classmethod
    def load(cls, folder: Path | str | None = None, threads: int = 1) -> SentenceEncoder:
        """Load the text tower of a model folder.

        Args:
            folder: of the model; by default the model that ships with this package.
            threads: processor threads; a query is too short for a second thread.

        Raises:
            ModelError: the folder holds no text tower, or its files can't be read.
        """
        source = Path(folder) if folder else shipped_model()
        network = _network(source)
        # A thread imports ONNX Runtime and opens the network, while the caller reads the rest and
        # the vectors of a library. To optimise the network would take longer than a query: the file
        # is optimised already.
        session = Background(lambda: _open(source, network, threads))
        settings, content = read_settings(source), read_file(source, TOKENIZER)
        with reading(source, TOKENIZER):
            tokenizer = WordPiece(json.loads(content), MAX_TOKENS)
        with reading(source, CONFIG):
            dimension = settings["embedding"]["dimension"]
            ranking = {name: float(weight) for name, weight in settings.get("ranking", {}).items()}
        vectors, hubness, words = _background(source, dimension)
        fingerprints = read_fingerprints(source)
        return cls(
            session, tokenizer, vectors, hubness, fingerprints[Part.VECTORS], ranking,
            lambda: _listed(source), functools.cache(lambda: Words.load(source)), words,
            fingerprints[Part.TAGS],
        )  # fmt: skip

    def pieces(self, word: str) -> int:
        """Return how many pieces a word is read in; 0 if it can't be read."""
        return self.tokenizer.pieces(word)

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """Return sentences as vectors of length 1, float32 (N, D).

        Raises:
            ModelError: the network can't be read.
        """
        session = self.session()
        parts = []
        for start in range(0, len(sentences), BATCH):
            tokens = [self.tokenizer.encode(each) for each in sentences[start : start + BATCH]]
            ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)  # (B, T)
            mask = np.zeros_like(ids)  # (B, T)
            for row, sentence in enumerate(tokens):
                ids[row, : len(sentence)] = sentence
                mask[row, : len(sentence)] = 1
            parts.append(session.run(None, {"ids": ids, "mask": mask})[0])  # (B, D)
        return np.concatenate(parts)


def _network(folder: Path) -> str:
    """Return the name of the file of a model's text tower.

    Raises:
        ModelError: the folder holds no model, no text tower, or can't be read.
    """
    read_settings(folder)
    with reading(folder, SENTENCES):
        network = SENTENCES_ONNX if (folder / SENTENCES_ONNX).is_file() else SENTENCES
        for name in (network, TOKENIZER, BACKGROUND):
            if not (folder / name).is_file():
                hint = remedy(folder, "name the folder of a model with vectors")
                raise ModelError(f"the model in {folder} has no vectors: {name} is missing", hint)
    return network


def _open(folder: Path, name: str, threads: int) -> InferenceSession:
    check_large_file(folder, name)
    with reading(folder, name):
        return open_session(folder / name, threads=threads, optimise="DISABLE_ALL")


def _listed(folder: Path) -> frozenset[str]:
    """Return the words that the model can say, and those of its classes and word detectors."""
    there = [name for name in (VOCABULARY, CLASSES, WORDS) if has_file(folder, name)]
    text = "\n".join(read_file(folder, name).decode("utf-8").lower() for name in there)
    return frozenset(re.findall(r"[^\W\d_]+", text))


def _background(
    folder: Path, dimension: int
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """Read what is known of the photos of all kinds.

    Returns:
        Vectors, int8 (m, D); hubness, float32 (m,); likeliest words, see `SentenceEncoder`.
    """
    check_large_file(folder, BACKGROUND)
    with reading(folder, BACKGROUND):
        arrays = np.load(folder / BACKGROUND)
        vectors, hubness = arrays["vectors"], arrays["hubness"]
        words = (arrays["word_ids"], arrays["word_codes"]) if "word_ids" in arrays else None
    fits = vectors.dtype == np.int8 and vectors.shape == (len(hubness), dimension)
    fits = fits and hubness.ndim == 1 and bool(np.isfinite(hubness).all())
    if words is not None:
        ids, codes = words
        fits = fits and (ids.dtype, codes.dtype) == (np.uint16, np.uint8)
        fits = fits and ids.shape == codes.shape == (len(hubness), KEPT)
    if not fits:
        raise damaged(folder, BACKGROUND)
    return vectors, hubness, words
