"""The model: all that describes a photo, loaded from and saved to one folder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from captioner.describe.config import BATCH, CaptionerConfig
from captioner.describe.description import (
    Caption,
    Description,
    captions_of,
    tags_and_colours,
    vectors_of,
)
from captioner.describe.model_folder import (
    PARTS,
    read_settings,
    read_weights,
    shipped_model,
    write_part,
)
from captioner.describe.square import to_square
from captioner.describe.tags import Tag
from captioner.describe.vocabulary import Vocabulary
from captioner.networks.batch_size import Fitting
from captioner.networks.beam_step import beam_search
from captioner.networks.decoder import Decoder, DecoderConfig
from captioner.networks.embedding import EmbeddingConfig, JointEmbedding, PhotoTower
from captioner.networks.encoder import Encoder, EncoderConfig


class Tagger(nn.Module):
    """The encoder's ImageNet classifier, and the detectors of words learnt from captions."""

    def __init__(self, channels: int, classes: int, words: int) -> None:
        super().__init__()
        self.classes = nn.Linear(channels, classes)
        self.words = nn.Linear(channels, words)

    def forward(self, grid: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of classes and words for grids, (B, R, C) to (B, K) and (B, W)."""
        mean = grid.mean(1)
        return self.classes(mean), self.words(mean)


class Captioner:
    """Describes photos."""

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        vocabulary: Vocabulary,
        config: CaptionerConfig,
        *,
        tagger: Tagger | None = None,
        embedding: JointEmbedding | None = None,
        fingerprints: dict[str, str] | None = None,
        bf16: bool = False,
    ) -> None:
        """Put the parts together; a model may lack the tagger and the embedding."""
        self.encoder = encoder
        self.decoder = decoder
        self.vocabulary = vocabulary
        self.config = config
        self.tagger = tagger
        self.embedding = embedding
        self.fingerprints = fingerprints or {}
        self._fitting = Fitting()
        self._bf16 = bf16

    @classmethod
    def load(
        cls, folder: Path | str | None = None, device: str = "auto", bf16: bool = False
    ) -> Captioner:
        """Load a model folder, ready to describe.

        Args:
            folder: as `save` wrote it; the model that ships with this package without one.
            device: "auto" (CUDA, then MPS, then the processor), "cpu", "cuda" or "mps".
            bf16: encode photos in bfloat16, which is slow where the device lacks it.

        Raises:
            FileNotFoundError: the folder holds no model.
            ValueError: the device is unknown or not there, or the files don't fit together.
        """
        source = Path(folder) if folder else shipped_model()
        settings = read_settings(source)
        place = find_device(device)
        weights = _grouped(read_weights(source))
        try:
            vocabulary = Vocabulary.load(source / "vocabulary.txt")
            encoder = Encoder(EncoderConfig(**settings["encoder"]))
            encoder.load_state_dict(weights["encoder"])
            decoder = Decoder(DecoderConfig(**settings["decoder"]))
            decoder.load_state_dict(weights["decoder"])
            tagger = embedding = None
            if "tagger" in weights:
                sizes = [len(weights["tagger"][f"{name}.weight"]) for name in ("classes", "words")]
                tagger = Tagger(encoder.config.channels, *sizes)
                tagger.load_state_dict(weights["tagger"])
            if "embedding" in weights:
                tower = PhotoTower(EmbeddingConfig(**settings["embedding"]), encoder.config)
                embedding = JointEmbedding(tower, weights["embedding"]["sentences"], 0.0)
                embedding.load_state_dict(weights["embedding"])
            config = CaptionerConfig.of(settings)
        except (KeyError, TypeError, RuntimeError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"the model in {source} can't be read: {reason}") from error
        if len(vocabulary) != decoder.config.vocabulary_size:
            raise ValueError(
                f"the vocabulary in {source} has {len(vocabulary)} words, not "
                f"{decoder.config.vocabulary_size}"
            )
        for part in (tagger, embedding):
            if part is not None:
                part.eval().requires_grad_(False).to(place)
        return cls(
            encoder.for_inference().to(place),
            decoder.eval().to(place),
            vocabulary,
            config,
            tagger=tagger,
            embedding=embedding,
            fingerprints=settings.get("fingerprints"),
            bf16=bf16,
        )

    def save(self, folder: Path) -> None:
        """Write the model as a folder: weights as float16, settings, words.

        The encoder must be as it was trained, with its batch norms.
        """
        modules = {"encoder": self.encoder, "decoder": self.decoder}
        if self.tagger is not None:
            modules["tagger"] = self.tagger
        folder.mkdir(parents=True, exist_ok=True)
        self.vocabulary.save(folder / "vocabulary.txt")
        write_part(
            folder,
            named_weights(modules),
            {
                "name": self.config.name,
                "encoder": asdict(self.encoder.config),
                "decoder": asdict(self.decoder.config),
                "beam": asdict(self.config.beam),
                "tags": asdict(self.config.tags),
            },
        )

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.config.name

    @property
    def image_size(self) -> int:
        """Side of the square that the encoder takes, in pixels."""
        return self.encoder.config.image_size

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return next(self.decoder.parameters()).device

    @property
    def batch_size(self) -> int:
        """Photos to give it at once; on a graphics processor it grows to what fits."""
        return BATCH if self.device.type == "cpu" else self._fitting.size

    def caption(self, images: Sequence[Image.Image]) -> list[list[Caption]]:
        """Caption pictures; see `caption_pixels` for what comes back."""
        if not images:
            return []
        pixels = [to_square(image, self.image_size) for image in images]
        return self.caption_pixels(np.stack(pixels))

    def caption_pixels(self, pixels: np.ndarray) -> list[list[Caption]]:
        """Caption photos that are decoded already.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.

        Returns:
            For each photo its captions, the best first (at most `config.beam.beam`).
        """
        return self.caption_grid(self.encode(pixels))

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = tuple(PARTS)
    ) -> list[Description]:
        """Describe photos that are decoded already, in one pass of the encoder.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: of "captions", "tags" and "vectors", those to make.

        Raises:
            ValueError: the model lacks a part.
        """
        for part, module in (("tags", self.tagger), ("vectors", self.embedding)):
            if part in parts and module is None:
                raise ValueError(f"the model {self.name} makes no {part}")
        if self.device.type == "cpu":
            return self._describe(pixels, parts)
        return self._fitting.run(lambda some: self._describe(some, parts), pixels)

    @torch.inference_mode()
    def _describe(self, pixels: np.ndarray, parts: Collection[str]) -> list[Description]:
        """Describe photos at once; see `describe_pixels`."""
        grid = self.encode(pixels)
        captions = self.caption_grid(grid) if "captions" in parts else [None] * len(pixels)
        tags = self.tag_grid(grid, pixels) if "tags" in parts else [None] * len(pixels)
        vectors = self.embed_grid(grid) if "vectors" in parts else [(None, 0.0)] * len(pixels)
        return [
            Description(said, found, vector, hubness)
            for said, found, (vector, hubness) in zip(captions, tags, vectors, strict=True)
        ]

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> Tensor:
        """Return the region features of photos, uint8 (B, S, S, 3) to (B, R, C)."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            grid: Tensor = self.encoder(torch.from_numpy(pixels).to(self.device))
        return grid.float()

    @torch.inference_mode()
    def embed_grid(self, grid: Tensor) -> list[tuple[bytes, float]]:
        """Return the quantised vectors of encoded photos, (B, R, C), each with its hubness."""
        assert self.embedding is not None
        vectors, hubness = self.embedding(grid)
        return vectors_of(vectors.float().cpu().numpy(), hubness.float().cpu().numpy())

    @torch.inference_mode()
    def tag_grid(self, grid: Tensor, pixels: np.ndarray) -> list[list[Tag]]:
        """Return the tags of encoded photos, (B, R, C); a colour's probability is its share."""
        assert self.tagger is not None
        classes, words = (logits.float().cpu().numpy() for logits in self.tagger(grid))
        return tags_and_colours(classes, words, pixels, self.config)

    def caption_grid(self, grid: torch.Tensor) -> list[list[Caption]]:
        """Caption encoded photos, (B, R, C)."""
        found = beam_search(self.decoder, grid, self.config.beam)
        return [captions_of(hypotheses, self.vocabulary) for hypotheses in found]


def named_weights(modules: dict[str, nn.Module]) -> dict[str, np.ndarray]:
    """Return the weights of modules as arrays, each name after its module's."""
    return {
        f"{kind}.{name}": value.detach().cpu().numpy()
        for kind, module in modules.items()
        for name, value in module.state_dict().items()
    }


def _grouped(weights: dict[str, np.ndarray]) -> dict[str, dict[str, Tensor]]:
    """Return weights by module."""
    groups: dict[str, dict[str, Any]] = {}
    for name, weight in weights.items():
        kind, _, rest = name.partition(".")
        groups.setdefault(kind, {})[rest] = torch.from_numpy(weight)
    return groups


def find_device(name: str) -> torch.device:
    """Return a device by name; "auto" takes CUDA, then MPS, then the processor.

    Raises:
        ValueError: unknown, or not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if name == "auto":
        return torch.device(next(d for d in ("cuda", "mps", "cpu") if there[d]))
    if name not in there:
        raise ValueError(f"unknown device {name!r}: choose auto, cpu, cuda or mps")
    if not there[name]:
        raise ValueError(f"no {name} device is available here: try --device cpu")
    return torch.device(name)
