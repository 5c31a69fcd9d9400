"""The captioner: a model that describes photos, on the engine that suits the machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from captioner.describe.config import CaptionerConfig
from captioner.describe.description import PARTS, Caption, Description, Part
from captioner.describe.engines import Engine, advice, candidates, check, has_accelerator
from captioner.describe.model_folder import read_settings, shipped_model
from captioner.describe.square import to_square
from captioner.errors import CaptionerError, EngineError

if TYPE_CHECKING:
    from PIL import Image


class Implementation(Protocol):
    """What describes on one engine; see `onnx_captioner` and `torch_captioner`."""

    @property
    def config(self) -> CaptionerConfig:
        """How it searches captions, and what it takes for a tag."""

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of all that each part of a description comes from."""

    @property
    def image_size(self) -> int:
        """Side of the square that it takes, in pixels."""

    @property
    def batch_size(self) -> int:
        """Photos to give it at once."""

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        """Describe photos, uint8 RGB, upright, (B, S, S, 3), S being `image_size`."""


class Captioner:
    """Describes photos in words and vectors."""

    def __init__(self, implementation: Implementation) -> None:
        """Take what describes; `load` chooses it."""
        self._implementation = implementation

    @classmethod
    def load(
        cls,
        folder: Path | str | None = None,
        engine: str = Engine.AUTO,
        device: str = "auto",
        threads: int | None = None,
        bf16: bool = False,
        notify: Callable[[str], None] = lambda text: None,
    ) -> Self:
        """Load a model folder, ready to describe.

        Args:
            folder: of the model; the model that ships with this package without it.
            engine: see `captioner.describe.engines.Engine`; "auto" takes torch if there is a
                graphics processor or a device is named, else the fastest engine that is installed.
            device: of torch, see `captioner.describe.engines.Device`.
            threads: processor threads; by default one for each processor.
            bf16: look at photos in bfloat16; refused where that isn't faster.
            notify: told in a line what would be faster, and why an engine isn't taken.

        Raises:
            EngineError: the engine or the device is unknown or not here, they don't go together,
                or bfloat16 is asked for and isn't faster.
            ModelError: the folder holds no model, or its files are damaged.
        """
        check(engine, device)
        source = Path(folder) if folder else shipped_model()
        read_settings(source)  # a folder without a model is told before any engine is imported
        accelerated = has_accelerator()
        if hint := advice(engine, device, accelerated=accelerated):
            notify(hint)
        found = candidates(engine, device, accelerated=accelerated)
        if bf16 and engine == Engine.AUTO:
            found = [name for name in found if name != Engine.ONNX]  # which has no bfloat16
        problem: CaptionerError = EngineError("no engine here has bfloat16", "leave out --bf16")
        for name in found:
            try:
                return cls(_LOAD[name](source, name, device, threads, bf16))
            except (CaptionerError, ImportError, OSError, RuntimeError) as error:
                problem = _problem(name, error)
                if bf16 or name == found[-1]:
                    break
                notify(f"{problem}: going on without it")
        raise problem

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.config.name

    @property
    def config(self) -> CaptionerConfig:
        """How the model searches captions, and what it takes for a tag."""
        return self._implementation.config

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of all that each part of a description comes from: if it is the same, so is the part."""
        return self._implementation.fingerprints

    @property
    def image_size(self) -> int:
        """Side of the square that the model takes, in pixels."""
        return self._implementation.image_size

    @property
    def batch_size(self) -> int:
        """Photos to give it at once; on a graphics processor it grows to what fits."""
        return self._implementation.batch_size

    def caption(self, images: Sequence[Image.Image]) -> list[list[Caption]]:
        """Caption pictures of any size and mode.

        Returns:
            For each picture its captions, the best first (at most `config.beam.beam`).
        """
        if not images:
            return []
        pixels = np.stack([to_square(image, self.image_size) for image in images])
        described = self.describe_pixels(pixels, (Part.CAPTIONS,))
        return [list(description.captions or ()) for description in described]

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> list[Description]:
        """Describe photos that are decoded already, see `captioner.describe.square.to_square`.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: the parts to make.

        Raises:
            ModelError: the model lacks a part.
        """
        return self._implementation.describe_pixels(pixels, parts)


def _problem(engine: Engine, error: Exception) -> CaptionerError:
    """Say that an engine can't be used; a ModelError stays as it is."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, CaptionerError) and not isinstance(error, EngineError):
        return error
    return EngineError(f"the engine {engine} can't be used: {reason}")


def _load_onnx(
    folder: Path, engine: Engine, device: str, threads: int | None, bf16: bool
) -> Implementation:
    from captioner.describe.onnx_captioner import OnnxCaptioner

    return OnnxCaptioner.load(folder, engine, threads, bf16)


def _load_torch(
    folder: Path, engine: Engine, device: str, threads: int | None, bf16: bool
) -> Implementation:
    import torch

    from captioner.networks.bfloat16 import is_faster
    from captioner.networks.torch_captioner import TorchCaptioner

    if threads:
        torch.set_num_threads(threads)
    captioner = TorchCaptioner.load(folder, device, bf16)
    if bf16 and not is_faster(captioner.device):
        raise EngineError("bfloat16 isn't faster here", "leave out --bf16")
    return captioner


_LOAD: dict[Engine, Callable[[Path, Engine, str, int | None, bool], Implementation]] = {
    Engine.TORCH: _load_torch,
    Engine.ONNX: _load_onnx,
    Engine.OPENVINO: _load_onnx,
}
