"""A captioner without torch: exported networks, run by another engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from captioner.describe.beam import search
from captioner.describe.config import BATCH, CaptionerConfig
from captioner.describe.description import Description, captions_of, tags_and_colours, vectors_of
from captioner.describe.engines import ENGINES, Network
from captioner.describe.model_folder import PARTS, read_settings
from captioner.describe.vocabulary import Vocabulary

PHOTO, STEP = "photo.onnx", "step.onnx"  # the networks' files, see `captioner.training.export`
SLICE = 4  # photos that the network takes, always: their activations stay in the cache


class ExportedCaptioner:
    """Describes photos as `captioner.networks.captioner.Captioner` does, up to rounding."""

    def __init__(
        self,
        photo: Network,
        step: Network,
        vocabulary: Vocabulary,
        settings: Mapping[str, Any],
        threads: int,
    ) -> None:
        """Put the parts together.

        Args:
            photo: what `captioner.training.export.PhotoNetwork` computes.
            step: what `captioner.networks.beam_step.BeamStep` computes.
            vocabulary: of the model.
            settings: of the model, see `captioner.describe.model_folder.read_settings`.
            threads: that describe parts of a batch side by side.
        """
        self.config = CaptionerConfig.of(settings)
        self.batch_size = BATCH
        self.image_size: int = settings["encoder"]["image_size"]
        self.fingerprints: dict[str, str] = settings["fingerprints"]
        self._photo = photo
        self._step = step
        self._vocabulary = vocabulary
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    @classmethod
    def load(
        cls, networks: Path, model: Path, engine: str, threads: int, bf16: bool = False
    ) -> ExportedCaptioner:
        """Load exported networks.

        Args:
            networks: folder that `captioner.training.export.export` wrote.
            model: folder that they were exported from.
            engine: one of `captioner.describe.engines.ENGINES`.
            threads: processor threads.
            bf16: look at photos in bfloat16; captions are searched in float32 all the same.

        Raises:
            ValueError: the model's settings can't be read, or there is no bfloat16.
            ImportError: the engine isn't installed.
            Exception: of the engine's own kind, if the networks are missing or damaged.
        """
        photo = ENGINES[engine](networks / PHOTO, threads, bf16)
        step = ENGINES[engine](networks / STEP, threads, False)
        vocabulary = Vocabulary.load(model / "vocabulary.txt")
        captioner = cls(photo, step, vocabulary, read_settings(model), threads)
        # Once in this thread alone: what OpenVINO's Python part sets up at its first use locks
        # up for good when two threads meet there (docs/decisions.md).
        size = captioner.image_size
        captioner._describe(np.zeros((1, size, size, 3), np.uint8), tuple(PARTS))
        return captioner

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.config.name

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = tuple(PARTS)
    ) -> list[Description]:
        """Describe photos that are decoded already.

        Photos are spread over threads, not the work on one photo: no thread waits for
        another within a batch, so decoding processes can use every idle moment.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: of "captions", "tags" and "vectors", those to make.
        """
        shares = np.array_split(pixels, min(self._threads, max(len(pixels), 1)))
        done = self._pool.map(lambda share: self._describe(share, parts), shares)
        return [description for descriptions in done for description in descriptions]

    def _describe(self, pixels: np.ndarray, parts: Collection[str]) -> list[Description]:
        """Describe photos in this thread."""
        if not len(pixels):
            return []
        blank = np.zeros((-len(pixels) % SLICE, *pixels.shape[1:]), np.uint8)
        whole = np.concatenate([pixels, blank])
        slices = [self._photo([whole[at : at + SLICE]]) for at in range(0, len(whole), SLICE)]
        outputs = [np.concatenate(column)[: len(pixels)] for column in zip(*slices, strict=True)]
        keys, values, h, c, classes, words, vectors, hubness = outputs
        nothing = [None] * len(pixels)
        captions: Sequence[Any] = nothing
        if "captions" in parts:
            found = search(self._continue, (keys, values), (h, c), self.config.beam)
            captions = [captions_of(hypotheses, self._vocabulary) for hypotheses in found]
        tags = tags_and_colours(classes, words, pixels, self.config) if "tags" in parts else nothing
        embedded: Sequence[Any] = [(None, 0.0)] * len(pixels)
        if "vectors" in parts:
            embedded = vectors_of(vectors, hubness)
        return [
            Description(said, shown, vector, near)
            for said, shown, (vector, near) in zip(captions, tags, embedded, strict=True)
        ]

    def _continue(
        self,
        memory: Sequence[np.ndarray],
        state: Sequence[np.ndarray],
        last: np.ndarray,
        total: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[np.ndarray]]:
        ends, totals, parents, words, h, c = self._step([*memory, *state, last, total])
        return ends, totals, parents, words, (h, c)
