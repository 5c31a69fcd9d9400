"""Sentences as vectors in the space of the joint embedding, by NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.describe.model_folder import shipped_model
from captioner.describe.onnx_weights import OnnxWeights
from captioner.describe.text_network import TextNetwork
from captioner.describe.wordpiece import WordPiece

MAX_TOKENS = 64  # of a sentence; the rest is left out


@dataclass(frozen=True)
class SentenceEncoder:
    """The text tower of the joint embedding: a sentence encoder."""

    network: TextNetwork
    tokenizer: WordPiece
    background: np.ndarray  # quantised vectors of photos of all kinds, int8 (m, D)
    background_hubness: np.ndarray  # float32 (m,)
    fingerprint: str  # of the photo vectors that its sentences can be compared with
    ranking: Mapping[str, float]  # weights that were tuned for this model

    @classmethod
    def load(cls, folder: Path | str | None = None) -> SentenceEncoder:
        """Load the text tower of a model folder.

        Args:
            folder: of the model; without it, the one that ships with this package.

        Raises:
            FileNotFoundError: the folder holds no text tower.
            ValueError: its files can't be read.
        """
        source = Path(folder) if folder else shipped_model()
        for name in ("config.json", "sentences.onnx", "tokenizer.json", "background.npz"):
            if not (source / name).is_file():
                raise FileNotFoundError(f"no joint embedding in {source}: {name} is missing")
        try:
            config = json.loads((source / "config.json").read_text(encoding="utf-8"))
            network = TextNetwork(OnnxWeights(source / "sentences.onnx"))
            tokenizer = WordPiece.load(source / "tokenizer.json", MAX_TOKENS)
            background = np.load(source / "background.npz")
            return cls(
                network,
                tokenizer,
                background["vectors"],
                background["hubness"],
                config["fingerprints"]["vectors"],
                config.get("ranking", {}),
            )
        except Exception as error:  # a damaged file may raise anything
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(f"the model in {source} can't be read: {reason}") from error

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """Return sentences as vectors of length 1, float32 (N, D)."""
        vectors = [self.network(self.tokenizer.encode(sentence)) for sentence in sentences]
        return np.stack(vectors)
