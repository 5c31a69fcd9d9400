"""The captioner in torch, for graphics processors and for training."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from captioner.describe.colours import (
    ColourTable,
    ColourWeights,
    colour_table,
    name_colours,
    weigh_colours,
)
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
from captioner.networks.batch_size import BEGUN, BatchSize, measured_on_cuda
from captioner.networks.beam_step import beam_search
from captioner.networks.device_search import DeviceSearch, hypotheses
from captioner.networks.networks import Networks, named_weights
from captioner.networks.transfer import Download, upload


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
        graphics: bool | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            networks: on the device that computes.
            vocabulary: of captions.
            config: the model's settings.
            labels: what tags and the head's words are called; None: no tags are made.
            fingerprints: of the parts of descriptions.
            bf16: encode photos in bfloat16.
            graphics: describe as on a graphics processor: all work of a photo stays there;
                None: if the device isn't the processor.
        """
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
        self._graphics = graphics

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
        captioner = cls(
            networks,
            vocabulary,
            config,
            labels=TagLabels.load(source),
            fingerprints=settings.get("fingerprints"),
            bf16=bf16,
        )
        captioner._fit()
        return captioner

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
        """Photos to describe together; on a graphics processor as many as fit, several times."""
        return BEGUN * self._batch_size.size if self._is_graphics else BATCH

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
        lacks = self._lacks()
        for part in PARTS:
            if part in parts and part in lacks:
                raise ModelError(f"the model {self.name} makes no {part}")
        if not len(pixels):
            return []
        if not self._is_graphics:
            return self._begin(pixels, parts)()
        return self._batch_size.run(lambda some: self._begin(some, parts), pixels)

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> Tensor:
        """Return the region features of photos, uint8 (B, S, S, 3) to (B, R, C)."""
        return self._encode(upload(pixels, self.device))

    @torch.inference_mode()
    def caption_grid(self, grid: Tensor) -> list[list[Caption]]:
        """Caption encoded photos, (B, R, C)."""
        return self._begin_captions(grid)()

    # What begins gives the device its work, and returns a function that waits for the results. So
    # a device has work while this thread makes descriptions of what it found before.

    @torch.inference_mode()
    def _begin(self, pixels: np.ndarray, parts: Collection[str]) -> Callable[[], list[Description]]:
        """Begin to describe photos; see `describe_pixels`."""
        shown = upload(pixels, self.device)
        grid = self._encode(shown)
        captions = self._begin_captions(grid) if Part.CAPTIONS in parts else None
        tags = self._begin_tags(grid, shown) if Part.TAGS in parts else None
        vectors = self._begin_vectors(grid) if Part.VECTORS in parts else None

        def finish() -> list[Description]:
            said: Sequence[Any] = captions() if captions else [None] * len(pixels)
            found: Sequence[Any] = tags() if tags else [(None, None)] * len(pixels)
            lies: Sequence[Any] = vectors() if vectors else [(None, 0.0)] * len(pixels)
            return [
                Description(texts, names, vector, hubness, words)
                for texts, (names, words), (vector, hubness) in zip(said, found, lies, strict=True)
            ]

        return finish

    def _encode(self, pixels: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            grid: Tensor = self.networks.encoder(pixels)
        return grid.float()

    def _begin_captions(self, grid: Tensor) -> Callable[[], list[list[Caption]]]:
        maker, networks = self._captions, self.networks
        seen = Download({} if networks.words is None else {"seen": networks.words(grid).float()})
        if not self._is_graphics:
            found = beam_search(networks.decoder, grid, self.config.beam, maker.content.kin)
            return lambda: maker.captions(found, seen.arrays().get("seen"))
        finished = Download(self._search(grid)._asdict())
        return lambda: maker.captions(hypotheses(finished.arrays()), seen.arrays().get("seen"))

    def _begin_tags(
        self, grid: Tensor, pixels: Tensor
    ) -> Callable[[], list[tuple[list[Tag], bytes]]]:
        """Begin to find tags and likeliest words; a colour's probability is its share."""
        networks, labels, config = self.networks, self.labels, self.config
        assert networks.tagger is not None and networks.words is not None and labels is not None
        logits = Download({
            "classes": networks.tagger(grid).float(),
            "seen": networks.words(grid).float(),
        })  # fmt: skip
        weights = weigh_colours(pixels, self._colours, config.colours.step)
        weighed = Download(weights._asdict())

        def finish() -> list[tuple[list[Tag], bytes]]:
            found = logits.arrays()
            colours = name_colours(ColourWeights(**weighed.arrays()), config.colours)
            return tags_and_words(found["classes"], found["seen"], colours, labels, config)

        return finish

    def _begin_vectors(self, grid: Tensor) -> Callable[[], list[tuple[bytes, float]]]:
        """Begin to find the quantised vectors, each with its hubness."""
        assert self.networks.embedding is not None
        vectors, hubness = self.networks.embedding(grid)
        found = Download({"vectors": vectors.float(), "hubness": hubness.float()})
        return lambda: vectors_of(**found.arrays())

    @property
    def _is_graphics(self) -> bool:
        return self.device.type != "cpu" if self._graphics is None else self._graphics

    @cached_property
    def _search(self) -> DeviceSearch:
        kin = self._captions.content.kin
        return DeviceSearch(self.networks.decoder, self.config.beam, kin, self.device)

    @cached_property
    def _colours(self) -> ColourTable:
        table = colour_table(self.config.colours)
        return ColourTable(*(torch.from_numpy(part).to(self.device) for part in table))

    def _fit(self) -> None:
        """Choose the first size of batches on CUDA."""
        if self.device.type != "cuda":
            return
        parts = [part for part in PARTS if part not in self._lacks()]
        shape = (self.image_size, self.image_size, 3)

        def describe(photos: int) -> list[Description]:
            return self._begin(np.zeros((photos, *shape), np.uint8), parts)()

        with suppress(torch.cuda.OutOfMemoryError):  # then it begins as if nothing were known
            self._batch_size = BatchSize(measured_on_cuda(describe, self.device))

    def _lacks(self) -> set[str]:
        """Return the parts that the model doesn't make."""
        networks = self.networks
        lacks = {
            Part.TAGS: networks.tagger is None or networks.words is None,
            Part.VECTORS: networks.embedding is None,
        }
        return {part for part, is_lacking in lacks.items() if is_lacking}


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
