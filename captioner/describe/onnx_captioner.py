"""The captioner without torch: a model's graphs, run by ONNX Runtime or OpenVINO."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import numpy as np

from captioner.describe.beam import search
from captioner.describe.config import BATCH, CaptionerConfig
from captioner.describe.description import PARTS, Description, Part
from captioner.describe.engines import Engine, processors
from captioner.describe.graphs import SLICE, read_graphs, unfitting
from captioner.describe.labels import TagLabels
from captioner.describe.model_folder import (
    CONFIG,
    WEIGHTS,
    damaged,
    read_fingerprints,
    read_image_size,
    read_settings,
    reading,
)
from captioner.describe.network import OPEN, Network
from captioner.describe.outputs import CaptionMaker, tags_and_words, vectors_of
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import CaptionerError


class OnnxCaptioner:
    """Describes photos as `captioner.networks.torch_captioner` does, up to rounding."""

    def __init__(
        self,
        photo: Network,
        step: Network,
        vocabulary: Vocabulary,
        labels: TagLabels,
        config: CaptionerConfig,
        *,
        image_size: int,
        fingerprints: dict[str, str],
        threads: int,
    ) -> None:
        """Put the parts together.

        Args:
            photo: the network `captioner.training.export.PhotoNetwork`.
            step: the network `captioner.networks.beam_step.BeamStep`.
            vocabulary: of the model.
            labels: of the model's tags.
            config: the model's settings.
            image_size: side of the square that the model takes, in pixels.
            fingerprints: of the parts of the model's descriptions.
            threads: the number of threads that describe parts of a batch side by side.
        """
        self.config = config
        self.batch_size = BATCH
        self.image_size = image_size
        self.fingerprints = fingerprints
        self._photo = photo
        self._step = step
        self._captions = CaptionMaker(vocabulary, labels.words, config)
        self._labels = labels
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    @classmethod
    def load(
        cls, folder: Path, engine: Engine, threads: int | None = None, bf16: bool = False
    ) -> Self:
        """Load a model folder with its graphs.

        Args:
            folder: of the model.
            engine: one of `captioner.describe.network.OPEN`.
            threads: processor threads; by default one for each processor.
            bf16: encode photos in bfloat16; captions are searched in float32 all the same.

        Raises:
            EngineError: bfloat16 is asked for, and the engine or the processor lacks it.
            ModelError: the folder's files are missing, damaged or don't fit together.
            ImportError: the engine isn't installed.
        """
        settings, threads = read_settings(folder), threads or processors()
        photo, step = read_graphs(folder)
        with reading(folder, CONFIG):
            config, words = CaptionerConfig.of(settings), settings["decoder"]["vocabulary_size"]
        vocabulary, labels = Vocabulary.load(folder, words), TagLabels.load(folder)
        size, fingerprints = read_image_size(folder), read_fingerprints(folder)
        try:
            captioner = cls(
                OPEN[engine](photo, threads, bf16),
                OPEN[engine](step, threads, False),
                vocabulary,
                labels,
                config,
                image_size=size,
                fingerprints=fingerprints,
                threads=threads,
            )
            # Once in this thread alone: if two threads meet in the first use of OpenVINO's Python
            # part, they wait for each other for ever (docs/explained/decisions).
            fine = captioner._try(np.zeros((1, size, size, 3), np.uint8))
        except (CaptionerError, ImportError, MemoryError):
            raise
        except Exception as error:  # engines raise errors of their own kinds
            raise unfitting(folder) from error
        if not fine:
            raise damaged(folder, WEIGHTS)
        return captioner

    @property
    def name(self) -> str:
        """The model's name."""
        return self.config.name

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        """Describe photos that are decoded already.

        Each thread describes photos of its own; threads don't share the work on a photo. So within
        a batch no thread waits for another thread, even if a decoding process takes its processor.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: the parts to make.
        """
        shares = np.array_split(pixels, min(self._threads, max(len(pixels), 1)))
        done = self._pool.map(lambda share: self._describe(share, parts), shares)
        return [description for descriptions in done for description in descriptions]

    def _try(self, pixels: np.ndarray) -> bool:
        """Describe photos in this thread, and return whether all numbers are finite."""
        outputs = self._look(pixels)
        if not all(np.isfinite(output).all() for output in outputs):
            return False
        said = [caption for d in self._tell(outputs, pixels, PARTS) for caption in d.captions or ()]
        return bool(np.isfinite([caption.log_probability for caption in said]).all())

    def _describe(self, pixels: np.ndarray, parts: Collection[str]) -> list[Description]:
        """Describe photos in this thread."""
        return self._tell(self._look(pixels), pixels, parts) if len(pixels) else []

    def _look(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Return what the photo network makes of photos, see `PhotoNetwork`."""
        blank = np.zeros((-len(pixels) % SLICE, *pixels.shape[1:]), np.uint8)
        whole = np.concatenate([pixels, blank])
        slices = [self._photo([whole[at : at + SLICE]]) for at in range(0, len(whole), SLICE)]
        return [np.concatenate(column)[: len(pixels)] for column in zip(*slices, strict=True)]

    def _tell(
        self, outputs: Sequence[np.ndarray], pixels: np.ndarray, parts: Collection[str]
    ) -> list[Description]:
        """Turn outputs of the photo network into descriptions."""
        keys, values, h, c, classes, words, vectors, hubness = outputs
        nothing = [None] * len(pixels)
        captions: Sequence[Any] = nothing
        if Part.CAPTIONS in parts:
            kin = self._captions.content.kin
            found = search(self._continue, (keys, values), (h, c), self.config.beam, kin)
            captions = self._captions.captions(found, words)
        tags: Sequence[Any] = [(None, None)] * len(pixels)
        if Part.TAGS in parts:
            tags = tags_and_words(classes, words, pixels, self._labels, self.config)
        embedded: Sequence[Any] = [(None, 0.0)] * len(pixels)
        if Part.VECTORS in parts:
            embedded = vectors_of(vectors, hubness)
        return [
            Description(said, found, vector, near, likeliest)
            for said, (found, likeliest), (vector, near) in zip(
                captions, tags, embedded, strict=True
            )
        ]

    def _continue(
        self,
        memory: Sequence[np.ndarray],
        state: Sequence[np.ndarray],
        barred: np.ndarray,
        total: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Sequence[np.ndarray]]:
        ends, totals, parents, words, h, c = self._step([*memory, *state, barred, total])
        return ends, totals, parents, words, (h, c)
