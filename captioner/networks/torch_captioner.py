"""The captioner in torch, for graphics processors and for training."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from captioner.describe.config import BATCH, CaptionerConfig
from captioner.describe.description import PARTS, Caption, Description, Part, Tag
from captioner.describe.labels import TagLabels, copy_labels
from captioner.describe.model_folder import (
    CONFIG,
    VOCABULARY,
    read_settings,
    reading,
    shipped_model,
    write_part,
)
from captioner.describe.outputs import CaptionMaker, tags_and_words, vectors_of
from captioner.describe.vocabulary import Vocabulary
from captioner.errors import EngineError, ModelError
from captioner.networks.batch_size import BatchSize
from captioner.networks.beam_step import beam_search
from captioner.networks.networks import Networks, named_weights


class TorchCaptioner:
    """Describes photos."""

    def __init__(
        self,
        networks: Networks,
        vocabulary: Vocabulary,
        config: CaptionerConfig,
        *,
        labels: TagLabels | None = None,
        fingerprints: dict[str, str] | None = None,
        bf16: bool = False,
    ) -> None:
        """Put the parts together; labels are needed for tags only."""
        self.networks = networks
        self.vocabulary = vocabulary
        self.config = config
        self.labels = labels
        self.fingerprints = fingerprints or {}
        has_head = networks.words is not None and labels is not None
        words = labels.words if labels is not None and has_head else None
        self._captions = CaptionMaker(vocabulary, words, config)
        self._batch_size = BatchSize()
        self._bf16 = bf16

    @classmethod
    def load(
        cls, folder: Path | str | None = None, device: str = "auto", bf16: bool = False
    ) -> Self:
        """Load a model folder, ready to describe.

        Args:
            folder: of the model; by default the model that ships with this package.
            device: "auto" (CUDA, then MPS, then the processor), "cpu", "cuda" or "mps".
            bf16: encode photos in bfloat16; if the device lacks it, that is slow.

        Raises:
            EngineError: the device is unknown or not available.
            ModelError: the folder holds no model, or its files don't fit together.
        """
        source = Path(folder) if folder else shipped_model()
        settings = read_settings(source)
        found = find_device(device)
        networks = Networks.read(source).for_inference(found)
        with reading(source, CONFIG):
            config = CaptionerConfig.of(settings)
        vocabulary = Vocabulary.load(source, networks.decoder.config.vocabulary_size)
        return cls(
            networks,
            vocabulary,
            config,
            labels=TagLabels.load(source),
            fingerprints=settings.get("fingerprints"),
            bf16=bf16,
        )

    def save(self, folder: Path) -> None:
        """Write the model as a folder: weights as float16, settings, words, labels of tags.

        The encoder must be as it was trained, with its batch norms. The embedding is not written:
        see `captioner.training.train_embedding.finish`.
        """
        modules = self.networks.modules()
        modules.pop("embedding", None)
        folder.mkdir(parents=True, exist_ok=True)
        self.vocabulary.save(folder / VOCABULARY)
        if "tagger" in modules:
            copy_labels(folder)
        shapes = {
            "encoder": asdict(self.networks.encoder.config),
            "decoder": asdict(self.networks.decoder.config),
        }
        write_part(folder, named_weights(modules), {**self.config.settings(), **shapes})

    @property
    def name(self) -> str:
        """The model's name."""
        return self.config.name

    @property
    def image_size(self) -> int:
        """Side of the square that the encoder takes, in pixels."""
        return self.networks.encoder.config.image_size

    @property
    def device(self) -> torch.device:
        """The device on which the model computes."""
        return next(self.networks.decoder.parameters()).device

    @property
    def batch_size(self) -> int:
        """Photos to describe together; on a graphics processor it grows while photos fit."""
        return BATCH if self.device.type == "cpu" else self._batch_size.size

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        """Describe photos that are decoded already, in one pass of the encoder.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: the parts to make.

        Raises:
            ModelError: the model lacks a part.
        """
        networks = self.networks
        lacking = {
            Part.TAGS: networks.tagger is None or networks.words is None,
            Part.VECTORS: networks.embedding is None,
        }
        for part, lacks in lacking.items():
            if part in parts and lacks:
                raise ModelError(f"the model {self.name} makes no {part}")
        if self.device.type == "cpu":
            return self._describe(pixels, parts)
        return self._batch_size.run(lambda some: self._describe(some, parts), pixels)

    @torch.inference_mode()
    def _describe(self, pixels: np.ndarray, parts: Collection[str]) -> list[Description]:
        """Describe photos at once; see `describe_pixels`."""
        grid = self.encode(pixels)
        nothing: Sequence[Any] = [None] * len(pixels)
        captions = self.caption_grid(grid) if Part.CAPTIONS in parts else nothing
        tags: Sequence[Any] = [(None, None)] * len(pixels)
        if Part.TAGS in parts:
            tags = self.tag_grid(grid, pixels)
        vectors: Sequence[Any] = [(None, 0.0)] * len(pixels)
        if Part.VECTORS in parts:
            vectors = self.embed_grid(grid)
        return [
            Description(said, found, vector, hubness, words)
            for said, (found, words), (vector, hubness) in zip(captions, tags, vectors, strict=True)
        ]

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> Tensor:
        """Return the region features of photos, uint8 (B, S, S, 3) to (B, R, C)."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            grid: Tensor = self.networks.encoder(torch.from_numpy(pixels).to(self.device))
        return grid.float()

    @torch.inference_mode()
    def embed_grid(self, grid: Tensor) -> list[tuple[bytes, float]]:
        """Return the quantised vectors of encoded photos, (B, R, C), each with its hubness."""
        assert self.networks.embedding is not None
        vectors, hubness = self.networks.embedding(grid)
        return vectors_of(vectors.float().cpu().numpy(), hubness.float().cpu().numpy())

    @torch.inference_mode()
    def tag_grid(self, grid: Tensor, pixels: np.ndarray) -> list[tuple[list[Tag], bytes]]:
        """Return tags and likeliest words of encoded photos, (B, R, C).

        A colour's probability is its share; for the words see `captioner.describe.words`.
        """
        networks = self.networks
        assert networks.tagger is not None and networks.words is not None
        assert self.labels is not None
        classes, words = (
            head(grid).float().cpu().numpy() for head in (networks.tagger, networks.words)
        )
        return tags_and_words(classes, words, pixels, self.labels, self.config)

    @torch.inference_mode()
    def caption_grid(self, grid: Tensor) -> list[list[Caption]]:
        """Caption encoded photos, (B, R, C)."""
        maker, words = self._captions, self.networks.words
        found = beam_search(self.networks.decoder, grid, self.config.beam, maker.content.kin)
        return maker.captions(found, None if words is None else words(grid).float().cpu().numpy())


def find_device(name: str) -> torch.device:
    """Return a device by name; "auto" takes CUDA, then MPS, then the processor.

    Raises:
        EngineError: the device is unknown or not available.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if name == "auto":
        return torch.device(next(d for d in ("cuda", "mps", "cpu") if there[d]))
    if name not in there:
        raise EngineError(f"unknown device {name}", "choose auto, cpu, cuda or mps")
    if not there[name]:
        raise EngineError(f"no {name} device is available here", "try --device cpu")
    return torch.device(name)
