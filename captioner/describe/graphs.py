"""Graphs: a model's networks as ONNX, without the weights in `model.safetensors`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from captioner.describe.model_folder import (
    NAMES,
    PHOTO,
    STEP,
    check_version,
    read_file,
    read_weights,
    reading,
    remedy,
)
from captioner.errors import ModelError

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
        ModelError: the folder has no graphs, its files don't fit together, or the model is of an
            earlier version.
    """
    if not has_graphs(folder):
        hint = remedy(folder, f"captioner export {folder}")
        raise ModelError(f"the model in {folder} has no graphs", hint)
    photo, step = (read_file(folder, name) for name in (PHOTO, STEP))
    content, weights = read_file(folder, NAMES), read_weights(folder)
    check_version(folder, weights)
    with reading(folder, NAMES):
        names = json.loads(content)
        taken = [list(names[file]) for file in (PHOTO, STEP)]
    if not weights.keys() >= {*taken[0], *taken[1]}:
        raise unfitting(folder)
    single = [{name: _single(weights[name]) for name in chosen} for chosen in taken]
    return Graph(photo, single[0]), Graph(step, single[1])


def unfitting(folder: Path) -> ModelError:
    """Return the error for graphs that fail with the model's weights and settings."""
    return ModelError(
        f"the graphs in {folder} can't be used with its weights and settings",
        remedy(folder, f"captioner export {folder}"),
    )


def _single(weight: np.ndarray) -> np.ndarray:
    return weight.astype(np.float32) if weight.dtype.kind == "f" else weight
