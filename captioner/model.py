"""The captioner: encoder, decoder and vocabulary as one thing that describes photos."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from captioner.beam import BeamConfig, beam_search
from captioner.decoder import Decoder, DecoderConfig
from captioner.encoder import Encoder, EncoderConfig
from captioner.pixels import squash
from captioner.vocabulary import Vocabulary


@dataclass(frozen=True)
class CaptionerConfig:
    """What a model is called and how it searches captions."""

    name: str
    beam: BeamConfig = field(default_factory=BeamConfig)


@dataclass(frozen=True)
class Caption:
    """One caption of a photo."""

    text: str  # lower case, words joined by spaces
    log_probability: float  # of the whole caption, end included, natural logarithm
    tokens: int  # words and end

    @property
    def confidence(self) -> float:
        """exp(mean token log-probability), 0 to 1."""
        return math.exp(self.log_probability / self.tokens)


class Captioner:
    """Describes photos."""

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        vocabulary: Vocabulary,
        config: CaptionerConfig,
        fingerprint: str = "",
    ) -> None:
        """Put the parts together; `fingerprint` tells models apart, see `load`."""
        self.fingerprint = fingerprint
        self.encoder = encoder
        self.decoder = decoder
        self.vocabulary = vocabulary
        self.config = config

    @classmethod
    def load(cls, folder: Path | str | None = None, device: str = "auto") -> Captioner:
        """Load a model folder, ready to caption.

        Args:
            folder: as `save` wrote it; the model that ships with this package without one.
            device: "auto" (CUDA, then MPS, then the processor), "cpu", "cuda" or "mps".

        Raises:
            FileNotFoundError: the folder holds no model.
            ValueError: the device is unknown or not there, or the files don't fit together.
        """
        source = Path(folder) if folder else shipped_model()
        if not (source / "config.json").is_file():
            raise FileNotFoundError(f"no model in {source}: config.json is missing")
        place = find_device(device)
        try:
            settings = json.loads((source / "config.json").read_text(encoding="utf-8"))
            vocabulary = Vocabulary.load(source / "vocabulary.txt")
            encoder = Encoder(EncoderConfig(**settings["encoder"]))
            decoder = Decoder(DecoderConfig(**settings["decoder"]))
            config = CaptionerConfig(settings["name"], BeamConfig(**settings["beam"]))
            weights = load_file(source / "model.safetensors")
            for part, module in (("encoder.", encoder), ("decoder.", decoder)):
                module.load_state_dict(
                    {k.removeprefix(part): v for k, v in weights.items() if k.startswith(part)}
                )
        except (KeyError, TypeError, RuntimeError, OSError, SafetensorError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"the model in {source} can't be read: {reason}") from error
        if len(vocabulary) != decoder.config.vocabulary_size:
            raise ValueError(
                f"the vocabulary in {source} has {len(vocabulary)} words, not "
                f"{decoder.config.vocabulary_size}"
            )
        return cls(
            encoder.for_inference().to(place),
            decoder.eval().to(place),
            vocabulary,
            config,
            fingerprint(source),
        )

    def save(self, folder: Path) -> None:
        """Write the model as a folder: weights as float16, settings, words.

        The encoder must be as it was trained, with its batch norms.
        """
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        weights = {
            f"{part}.{name}": value.half() if value.is_floating_point() else value
            for part, module in parts.items()
            for name, value in module.state_dict().items()
        }
        save_file(
            {k: v.contiguous().cpu() for k, v in weights.items()}, folder / "model.safetensors"
        )
        settings = {
            "name": self.config.name,
            "encoder": asdict(self.encoder.config),
            "decoder": asdict(self.decoder.config),
            "beam": asdict(self.config.beam),
        }
        text = json.dumps(settings, indent=1) + "\n"
        (folder / "config.json").write_text(text, encoding="utf-8")
        self.vocabulary.save(folder / "vocabulary.txt")

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

    def caption(self, images: Sequence[Image.Image]) -> list[list[Caption]]:
        """Caption pictures; see `caption_pixels` for what comes back."""
        if not images:
            return []
        pixels = [squash(image, self.image_size) for image in images]
        return self.caption_pixels(np.stack(pixels))

    def caption_pixels(self, pixels: np.ndarray) -> list[list[Caption]]:
        """Caption photos that are decoded already.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.

        Returns:
            For each photo its captions, the best first (at most `config.beam.beam`).
        """
        return self.caption_grid(self.encode(pixels))

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> torch.Tensor:
        """Return the region features of photos, uint8 (B, S, S, 3) to (B, R, C)."""
        grid: torch.Tensor = self.encoder(torch.from_numpy(pixels).to(self.device))
        return grid

    def caption_grid(self, grid: torch.Tensor) -> list[list[Caption]]:
        """Caption encoded photos, (B, R, C)."""
        return [
            [
                Caption(self.vocabulary.decode(h.words), h.log_probability, len(h.words) + 1)
                for h in hypotheses
            ]
            for hypotheses in beam_search(self.decoder, grid, self.config.beam)
        ]


def fingerprint(folder: Path) -> str:
    """Return a short hash of a model folder's settings, words and weights."""
    digest = hashlib.sha256()
    for name in ("config.json", "vocabulary.txt", "model.safetensors"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def shipped_model() -> Path:
    """Return the folder of the model that comes with this package."""
    return Path(str(resources.files("captioner") / "models" / "default"))


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
