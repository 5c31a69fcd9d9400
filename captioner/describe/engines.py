"""Engines: the libraries that compute a model's networks."""

from __future__ import annotations

import ctypes.util
import os
import platform
from collections.abc import Callable
from enum import StrEnum
from importlib.util import find_spec

from captioner.errors import EngineError


class Engine(StrEnum):
    """The engines; `AUTO` takes the fastest that is available."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"
    OPENVINO = "openvino"


class Device(StrEnum):
    """The devices of torch; the other engines compute on the processor."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


_PACKAGES = {
    Engine.TORCH: ("torch", "torchvision", "timm"),
    Engine.ONNX: ("onnxruntime",),
    Engine.OPENVINO: ("openvino", "onnx"),
}
_INSTALL = {
    Engine.TORCH: "pip install 'photosearch[gpu]'",
    Engine.ONNX: "pip install onnxruntime",
    Engine.OPENVINO: "pip install 'photosearch[openvino]'",
}
# The engines on the processor, the fastest first (docs/measured/speed.md).
_ON_PROCESSOR = (Engine.ONNX, Engine.OPENVINO, Engine.TORCH)
_ON_GRAPHICS = (Engine.TORCH, Engine.ONNX, Engine.OPENVINO)


def check(engine: str, device: str) -> None:
    """Refuse an engine or a device that can't be used, as far as that is known without loading.

    Raises:
        EngineError: the engine or the device is unknown or not installed, or they don't go
            together.
    """
    for kind, name, known in (("engine", engine, Engine), ("device", device, Device)):
        if name not in list(known):
            raise EngineError(f"unknown {kind} {name}", f"choose {', '.join(known)}")
    if engine not in (Engine.AUTO, Engine.TORCH) and device not in (Device.AUTO, Device.CPU):
        raise EngineError(
            f"the engine {engine} runs on the processor", f"leave out --device {device}"
        )
    if engine != Engine.AUTO and not is_installed(engine):
        raise EngineError(f"the engine {engine} isn't installed", _INSTALL[Engine(engine)])
    if device in (Device.CUDA, Device.MPS) and not is_installed(Engine.TORCH):
        raise EngineError(f"the device {device} needs torch", _INSTALL[Engine.TORCH])


def candidates(
    engine: str,
    device: str,
    *,
    accelerated: bool,
    installed: Callable[[str], bool] | None = None,
) -> list[Engine]:
    """Return the engines to try, in order.

    Args:
        engine: the engine asked for.
        device: the device asked for.
        accelerated: whether there may be a graphics processor, see `has_accelerator`.
        installed: returns whether an engine is installed; by default `is_installed`.
    """
    if engine != Engine.AUTO:
        return [Engine(engine)]
    if device in (Device.CUDA, Device.MPS):
        return [Engine.TORCH]
    order = _ON_GRAPHICS if accelerated and device == Device.AUTO else _ON_PROCESSOR
    return [name for name in order if (installed or is_installed)(name)]


def advice(
    engine: str,
    device: str,
    *,
    accelerated: bool,
    installed: Callable[[str], bool] | None = None,
) -> str:
    """Return a line about what would describe photos faster on this machine, or an empty text.

    The arguments are those of `candidates`.
    """
    chosen = engine != Engine.AUTO or device != Device.AUTO
    if chosen or not accelerated or (installed or is_installed)(Engine.TORCH):
        return ""
    return f"{_INSTALL[Engine.TORCH]} would describe photos faster, on the graphics processor"


def is_installed(engine: str) -> bool:
    """Return whether the packages of an engine are installed."""
    return all(find_spec(package) for package in _PACKAGES[Engine(engine)])


def has_accelerator() -> bool:
    """Return whether torch may find CUDA or MPS here; torch isn't imported."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return ctypes.util.find_library("cuda") is not None or os.path.exists("/dev/nvidia0")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
