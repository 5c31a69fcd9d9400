"""What describes photos: the shipped model, on the engine that suits the machine."""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.describe.engines import ENGINES, is_installed
from captioner.describe.model_folder import read_settings, shipped_model
from photosearch.errors import UsageError

if TYPE_CHECKING:
    from photosearch.indexing.protocols import Describer

NAMES = ("auto", "torch", *ENGINES)
DEVICES = ("auto", "cpu", "cuda", "mps")
FORMAT = 2  # of the exported networks: another one makes them anew
Notify = Callable[[str], None]


def load(
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    notify: Notify = lambda text: None,
    cache: Path | None = None,
    bf16: bool = False,
) -> Describer:
    """Load the shipped model.

    Args:
        engine: "auto", "torch", or another of `NAMES`. "auto" takes torch where there is a
            graphics processor (or a device is named), else the fastest that is installed.
        device: of torch: auto, cpu, cuda or mps.
        threads: processor threads; by default one for each processor.
        notify: told in a line what takes long.
        cache: folder for exported networks; by default in the user's cache folder.
        bf16: look at photos in bfloat16.

    Raises:
        UsageError: the engine or the device is unknown or not there, they don't go together, or
            bfloat16 is asked for and isn't faster.
    """
    check(engine, device)
    for name in choose(engine, device):
        if engine == "auto" and bf16 and name == "onnx":  # which has none
            continue
        try:
            return _load_exported(name, threads, notify, cache, bf16)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            if engine != "auto" or bf16:
                raise UsageError(f"the engine {name} can't be used: {error}") from error
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            notify(f"the engine {name} can't be used ({reason}): going on without it")
    return _load_torch(device, threads, bf16)


def check(engine: str, device: str) -> None:
    """Refuse an engine or a device that can't be taken, as far as that is seen without loading.

    Raises:
        UsageError: it is unknown or not installed, or they don't go together.
    """
    if engine not in NAMES:
        raise UsageError(f"unknown engine {engine}: choose {', '.join(NAMES)}")
    if device not in DEVICES:
        raise UsageError(f"unknown device {device}: choose {', '.join(DEVICES)}")
    if engine in ENGINES and device not in ("auto", "cpu"):
        raise UsageError(f"the engine {engine} runs on the processor: leave out --device {device}")
    if engine in ENGINES and not is_installed(engine):
        raise UsageError(
            f"the engine {engine} isn't installed: pip install 'photosearch[{engine}]'"
        )


def choose(engine: str, device: str, accelerated: bool | None = None) -> list[str]:
    """Return the engines other than torch to try, in order.

    Args:
        engine: asked for.
        device: asked for.
        accelerated: whether torch may find a graphics processor; None looks.
    """
    if engine != "auto":
        return [engine] if engine in ENGINES else []
    if accelerated is None:
        accelerated = has_accelerator()
    if device != "cpu" and (device != "auto" or accelerated):
        return []
    return [name for name in ENGINES if is_installed(name)]


def has_accelerator() -> bool:
    """Tell whether torch may find CUDA or MPS here, without importing it."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return ctypes.util.find_library("cuda") is not None or os.path.exists("/dev/nvidia0")


def _load_exported(
    engine: str, threads: int | None, notify: Notify, cache: Path | None, bf16: bool
) -> Describer:
    from captioner.describe.exported import ExportedCaptioner

    model = shipped_model()
    fingerprints = read_settings(model)["fingerprints"]
    key = hashlib.sha256(f"{FORMAT} {sorted(fingerprints.items())}".encode()).hexdigest()[:16]
    networks = (cache or _cache()) / key
    made = not networks.exists()
    if made:
        _export(model, networks, notify)
    try:
        return ExportedCaptioner.load(networks, model, engine, threads or processors(), bf16)
    except (ImportError, ValueError):  # not the networks' fault
        raise
    except Exception as error:  # each engine has its own for files that are damaged
        if made:
            raise RuntimeError(str(error)) from error
    shutil.rmtree(networks, ignore_errors=True)
    _export(model, networks, notify)
    return ExportedCaptioner.load(networks, model, engine, threads or processors(), bf16)


def _export(model: Path, networks: Path, notify: Notify) -> None:
    notify("preparing the model for this engine, once: this takes half a minute")
    from captioner import Captioner
    from captioner.training.export import export

    export(Captioner.load(model, device="cpu"), networks)


def _cache() -> Path:
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("photosearch", appauthor=False)) / "networks"


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load_torch(device: str, threads: int | None, bf16: bool) -> Describer:
    import torch

    from captioner import Captioner
    from captioner.networks.bfloat16 import is_faster

    if threads:
        torch.set_num_threads(threads)
    captioner = Captioner.load(device=device, bf16=bf16)
    if bf16 and not is_faster(captioner.device):
        raise UsageError("bfloat16 isn't faster here: leave out --bf16")
    return captioner
