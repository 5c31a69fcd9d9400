"""The sentence encoder: sentences as vectors of the joint embedding, without torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.describe.background import Background
from captioner.describe.description import Part
from captioner.describe.model_folder import (
    BACKGROUND,
    CONFIG,
    SENTENCES,
    SENTENCES_ONNX,
    TOKENIZER,
    damaged,
    read_file,
    read_fingerprints,
    read_settings,
    reading,
    remedy,
    shipped_model,
)
from captioner.describe.onnx import open_session
from captioner.describe.wordpiece import WordPiece
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
        network = SENTENCES_ONNX if (source / SENTENCES_ONNX).is_file() else SENTENCES
        for name in (CONFIG, network, TOKENIZER, BACKGROUND):
            if not (source / name).is_file():
                hint = remedy(source, "name the folder of a model with vectors")
                raise ModelError(f"no joint embedding in {source}: {name} is missing", hint)
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
        vectors, hubness = _background(source, dimension)
        fingerprint = read_fingerprints(source)[Part.VECTORS]
        return cls(session, tokenizer, vectors, hubness, fingerprint, ranking)

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


def _open(folder: Path, name: str, threads: int) -> InferenceSession:
    with reading(folder, name):
        return open_session(folder / name, threads=threads, optimise="DISABLE_ALL")


def _background(folder: Path, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the vectors of photos of all kinds, int8 (m, D), and their hubness, float32 (m,)."""
    with reading(folder, BACKGROUND):
        arrays = np.load(folder / BACKGROUND)
        vectors, hubness = arrays["vectors"], arrays["hubness"]
    fits = vectors.dtype == np.int8 and vectors.shape == (len(hubness), dimension)
    if not (fits and hubness.ndim == 1 and np.isfinite(hubness).all()):
        raise damaged(folder, BACKGROUND)
    return vectors, hubness
