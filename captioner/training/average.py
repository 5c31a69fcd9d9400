"""Averages of models: the mean of the weights of several runs is often better than each of them.

Wortsman et al. 2022, "Model soups", https://arxiv.org/abs/2203.05482.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from captioner.describe.model_folder import (
    CLASSES,
    SELF_TEST,
    SENTENCES,
    SENTENCES_ONNX,
    TOKENIZER,
    VOCABULARY,
    WORDS,
    read_settings,
    read_weights,
    write_part,
)
from captioner.errors import DataError, ModelError
from captioner.networks.text_tower import export, read_text_tower
from captioner.training.card import CARD

SAME_FILES = (VOCABULARY, CLASSES, WORDS, TOKENIZER)  # they name inputs and outputs of networks
SAME_SETTINGS = ("encoder", "decoder", "embedding")


def average(models: Sequence[Path], out: Path) -> None:
    """Write a model whose weights are the mean of the weights of models.

    What is measured and not learnt (the vectors of sentences and photos of all kinds, thresholds)
    is the first model's: `captioner finish` measures it again. The word head is the first model's,
    too: the hidden units of two heads stand for different things.

    Args:
        models: folders of two models or more of the same shape, with the same words.
        out: the new folder.

    Raises:
        DataError: there is only one model, or the new folder is there already.
        EngineError: a package that the text tower needs isn't installed.
        ModelError: a folder holds no model, or the models don't fit together.
    """
    if len(models) < 2:
        raise DataError("an average needs two models or more")
    if out.exists():
        raise DataError(f"{out} is there already", "choose another --out")
    first, *others = models
    settings, weights = read_settings(first), read_weights(first)
    total = {name: weight.astype(np.float64) for name, weight in weights.items()}
    for other in others:
        _check_files(first, other)
        more = read_weights(other)
        _check_shapes(weights, more, other)
        for name, weight in more.items():
            total[name] += weight
    means = {
        name: (total[name] / len(models)).astype(np.float32)
        if weight.dtype.kind == "f" and not name.startswith("words.")
        else weight
        for name, weight in weights.items()  # whole numbers: counts, and vectors of sentences
    }
    new = out.with_name(f"{out.name}.new")  # a kill leaves no folder that looks complete
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(first, new)
    if _has_text_tower(first):
        _average_text_towers(models, int(settings["embedding"]["dimension"]), new)
    for measured in (SELF_TEST, CARD):  # of the first model, and wrong for this model
        (new / measured).unlink(missing_ok=True)
    write_part(new, means, {"name": out.name, "training": _history(models)})
    new.replace(out)


def _history(models: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the training runs of all models, and their average, see `history.add_run`."""
    runs: list[dict[str, Any]] = []
    for folder in models:
        runs += [run for run in read_settings(folder).get("training", []) if run not in runs]
    names = " and ".join(str(read_settings(folder)["name"]) for folder in models)
    mean = {"command": "average", "start": names, "length": f"{len(models)} models", "sources": []}
    return [*runs, mean]


def _check_files(first: Path, other: Path) -> None:
    """Compare the settings and files that give the weights their meaning.

    Raises:
        ModelError: they differ.
    """
    ours, theirs = read_settings(first), read_settings(other)
    differing = [name for name in SAME_SETTINGS if ours.get(name) != theirs.get(name)]
    if _has_text_tower(first) != _has_text_tower(other):
        differing.append(SENTENCES)
    for name in SAME_FILES:
        mine, its = (folder / name for folder in (first, other))
        same = mine.exists() == its.exists()
        if same and mine.exists():
            same = mine.read_bytes() == its.read_bytes()
        if not same:
            differing.append(name)
    if differing:
        raise ModelError(
            f"{other} can't be averaged with {first}: {', '.join(differing)} "
            f"{'differs' if len(differing) == 1 else 'differ'}"
        )


def _has_text_tower(folder: Path) -> bool:
    return any((folder / name).exists() for name in (SENTENCES, SENTENCES_ONNX))


def _check_shapes(
    weights: dict[str, np.ndarray], others: dict[str, np.ndarray], folder: Path
) -> None:
    """Compare the names and the shapes of weights.

    Raises:
        ModelError: they differ.
    """
    for name in sorted({*weights, *others}):
        shapes = [w[name].shape if name in w else "missing" for w in (weights, others)]
        if shapes[0] != shapes[1]:
            raise ModelError(
                f"{folder} can't be averaged: {name} is {shapes[1]}, and {shapes[0]} in the "
                "first model"
            )


def _average_text_towers(models: Sequence[Path], dimension: int, out: Path) -> None:
    """Write the mean of the text towers: as floats, because whole numbers can't be averaged."""
    tower, tokenizer = read_text_tower(models[0], dimension)
    total: dict[str, Tensor] = {n: w.double() for n, w in tower.state_dict().items()}
    for other in models[1:]:
        state = read_text_tower(other, dimension)[0].state_dict()
        total = {name: weight + state[name] for name, weight in total.items()}
    like = tower.state_dict()
    with torch.no_grad():
        tower.load_state_dict(
            {name: (weight / len(models)).to(like[name].dtype) for name, weight in total.items()}
        )
    export(tower, tokenizer, out)
