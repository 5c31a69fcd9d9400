"""The captioner: a model that describes photos, on the engine that suits the machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from captioner.describe.config import CaptionerConfig
from captioner.describe.describer import Describer
from captioner.describe.description import PARTS, Caption, Description, Part
from captioner.describe.engines import Engine, advice, candidates, check, has_accelerator
from captioner.describe.model_folder import read_settings, shipped_model
from captioner.describe.square import to_square
from captioner.errors import CaptionerError, EngineError

if TYPE_CHECKING:
    from PIL import Image


class Implementation(Describer, Protocol):
    """A captioner on one engine; see `onnx_captioner` and `torch_captioner`."""

    @property
    def config(self) -> CaptionerConfig:
        """The settings of caption search and of tags."""


class Captioner:
    """Describes photos in words and vectors."""

    def __init__(self, implementation: Implementation) -> None:
        """Use an implementation; `load` chooses one for the machine."""
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
            folder: of the model; by default the model that ships with this package.
            engine: see `captioner.describe.engines.Engine`. If there is a graphics processor or a
                device is named, "auto" takes torch; else the fastest engine that is installed.
            device: for torch, see `captioner.describe.engines.Device`.
            threads: processor threads; by default one for each processor.
            bf16: encode photos in bfloat16; refused if that isn't faster.
            notify: called with a line about what would be faster, and why an engine isn't taken.

        Raises:
            EngineError: the engine or the device is unknown or not available, they don't go
                together, or bfloat16 is asked for and isn't faster.
            ModelError: the folder holds no model, or its files are damaged.
        """
        check(engine, device)
        source = Path(folder) if folder else shipped_model()
        read_settings(source)  # raises for a folder without a model, before an engine is imported
        accelerated = has_accelerator()
        if hint := advice(engine, device, accelerated=accelerated):
            notify(hint)
        found = candidates(engine, device, accelerated=accelerated)
        if bf16 and engine == Engine.AUTO:
            found = [name for name in found if name != Engine.ONNX]  # it has no bfloat16
        problem: CaptionerError = EngineError("no engine here has bfloat16", "leave out --bf16")
        failed: dict[str, None] = {}  # each problem once: engines share most files of a model
        for name in found:
            try:
                captioner = cls(_LOAD[name](source, name, device, threads, bf16))
            except (CaptionerError, ImportError, OSError, RuntimeError) as error:
                problem = _problem(name, error)
                failed[str(problem)] = None
                if bf16:
                    break
            else:
                for text in failed:
                    notify(f"{text}: going on without it")
                return captioner
        raise problem

    @property
    def name(self) -> str:
        """The model's name."""
        return self.config.name

    @property
    def config(self) -> CaptionerConfig:
        """The settings of caption search and of tags."""
        return self._implementation.config

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """The fingerprint of each part: equal fingerprints mean equal parts."""
        return self._implementation.fingerprints

    @property
    def image_size(self) -> int:
        """Side of the square that the model takes, in pixels."""
        return self._implementation.image_size

    @property
    def batch_size(self) -> int:
        """Photos to describe together; on a graphics processor it grows while photos fit."""
        return self._implementation.batch_size

    def caption(self, images: Sequence[Image.Image]) -> list[list[Caption]]:
        """Caption pictures of any size and mode.

        Returns:
            The captions of each picture, the best first (at most `config.beam.beam`).
        """
        if not images:
            return []
        pixels = np.stack([to_square(image, self.image_size) for image in images])
        described = self.describe_pixels(pixels, (Part.CAPTIONS,))
        return [list(description.captions or ()) for description in described]

    def describe_pixels(
        self, pixels: np.ndarray, parts: Collection[str] = PARTS
    ) -> Sequence[Description]:
        """Describe photos that are decoded already, see `captioner.describe.square.to_square`.

        Args:
            pixels: uint8 RGB, upright, (B, S, S, 3), S being `image_size`.
            parts: the parts to make.

        Raises:
            ModelError: the model lacks a part.
        """
        return self._implementation.describe_pixels(pixels, parts)


def _problem(engine: Engine, error: Exception) -> CaptionerError:
    """Return an EngineError with the reason; a ModelError stays as it is."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, CaptionerError) and not isinstance(error, EngineError):
        return error
    problem = EngineError(f"the engine {engine} can't be used: {reason}")
    problem.__cause__ = error  # for a traceback
    return problem


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
