"""Graphs: a model's networks as ONNX, without the weights in `model.safetensors`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.describe.model_folder import read_weights
from captioner.errors import ModelError

# The network of all that is computed from a photo before the first word, and the network of one
# step of beam search; see `captioner.training.export`.
PHOTO, STEP = "photo.onnx", "step.onnx"
NAMES = "graphs.json"  # the names of the weights that each graph takes
SLICE = 4  # number of photos that PHOTO takes: their activations stay in the cache


@dataclass(frozen=True)
class Graph:
    """A network in ONNX's format, with the weights that it takes."""

    network: bytes
    weights: dict[str, np.ndarray]  # floats as float32


def has_graphs(folder: Path) -> bool:
    """Return whether a model folder has graphs."""
    return all((folder / name).is_file() for name in (PHOTO, STEP, NAMES))


def read_graphs(folder: Path) -> tuple[Graph, Graph]:
    """Read the two graphs of a model folder: for a photo, and for a step of beam search.

    Raises:
        ModelError: the folder has no graphs, or its files don't fit together.
    """
    if not has_graphs(folder):
        raise ModelError(f"the model in {folder} has no graphs", f"captioner export {folder}")
    weights = read_weights(folder)
    try:
        names = json.loads((folder / NAMES).read_text(encoding="utf-8"))
        photo, step = (
            Graph(
                (folder / file).read_bytes(),
                {name: _single(weights[name]) for name in names[file]},
            )
            for file in (PHOTO, STEP)
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(folder, error) from error
    return photo, step


def damaged(folder: Path, error: Exception) -> ModelError:
    """Return the error for graphs that can't be used."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ModelError(
        f"the graphs in {folder} can't be used ({reason})", f"captioner export {folder}"
    )


def _single(weight: np.ndarray) -> np.ndarray:
    return weight.astype(np.float32) if weight.dtype.kind == "f" else weight
