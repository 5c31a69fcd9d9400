"""Training runs: folders with recipe, log and state."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from captioner.errors import DataError
from captioner.networks.encoder import Encoder
from captioner.training.data import Split, has_split, read_split
from captioner.training.grid_cache import encode_files

Report = Callable[[dict[str, float]], None]


@dataclass(frozen=True)
class Run:
    """A run's folder and its photos, encoded."""

    out: Path
    training: list[Split]
    dev: list[Split]
    views: list[list[np.ndarray]]  # of each training split, in each view, (photos, R, C)
    dev_grids: list[np.ndarray]  # of each dev split, (photos, R, C)

    @classmethod
    def open(
        cls,
        out: Path,
        recipe: dict[str, object],
        folders: Sequence[Path],
        encoder: Encoder,
        *,
        views: Sequence[int],
        cache: Path | None,
    ) -> Run:
        """Start a run, or go on with one.

        Args:
            out: the run's folder.
            recipe: all settings that distinguish this run from other runs.
            folders: data folders, see `captioner.training.data.read_split`.
            encoder: in evaluation mode.
                A folder without a list for `dev` is used for training alone.
            views: how training photos are seen, see `captioner.training.pixels.load`.
            cache: folder for encoded photos; by default `out/features`.

        Raises:
            DataError: the data are incomplete (see `read_split`), or `out` holds a run with
                another recipe or other data.
        """
        out.mkdir(parents=True, exist_ok=True)
        same_run(out / "config.json", {**recipe, "data": [folder.name for folder in folders]})
        cache = cache or out / "features"
        training = [read_split(folder, "train") for folder in folders]
        dev = [read_split(folder, "dev") for folder in folders if has_split(folder, "dev")]
        return cls(
            out,
            training,
            dev,
            [
                [encode_files(part.images, encoder, cache, view=view) for view in views]
                for part in training
            ],
            [encode_files(part.images, encoder, cache) for part in dev],
        )

    def log(self, record: dict[str, float]) -> None:
        """Add a line to `log.jsonl`."""
        with open(self.out / "log.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")


class Resume:
    """The state of a run between epochs, in one safetensors file."""

    def __init__(
        self, file: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
    ) -> None:
        self.file = file
        self.models = {"model": model, "average": average}
        self.optimizer = optimizer

    def save(self, epoch: int, best: float) -> None:
        """Write all that the next epoch needs. After a kill, the old file is still whole."""
        tensors = {
            f"{name}.{key}": value
            for name, model in self.models.items()
            for key, value in model.state_dict().items()
        }
        for number, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{slot}": value for slot, value in slots.items()}
        tensors |= {"epoch": torch.tensor(epoch), "best": torch.tensor(best, dtype=torch.float64)}
        new = self.file.with_suffix(".new")
        # safetensors' own file would be closed to other users.
        new.write_bytes(save({name: each.contiguous().clone() for name, each in tensors.items()}))
        new.replace(self.file)

    def load(self) -> tuple[int, float]:
        """Restore the last saved state; return epochs done and the best figure so far."""
        if not self.file.exists():
            return 0, -math.inf
        tensors = load_file(self.file)
        for name, model in self.models.items():
            model.load_state_dict(_under(tensors, name))
        state = self.optimizer.state_dict()
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in _under(tensors, "optimizer").items():
            number, slot = key.split(".")
            slots.setdefault(int(number), {})[slot] = value
        self.optimizer.load_state_dict({**state, "state": slots})
        return int(tensors["epoch"]), float(tensors["best"])


class Training(Protocol):
    """The networks that a run trains, an epoch at a time."""

    def learn(self, epoch: int) -> float:
        """Go through all photos once, and return the mean loss."""

    def judge(self) -> dict[str, float]:
        """Return how good the model is on the dev splits, by name of split and figure."""

    def merit(self, figures: dict[str, float]) -> float:
        """Return the number by which the best epoch is chosen; higher is better."""

    def keep(self) -> None:
        """Write the model: it is the best so far."""


def train_epochs(run: Run, training: Training, resume: Resume, epochs: int, report: Report) -> None:
    """Train until a number of epochs is done, and keep the best model.

    Args:
        run: the run; its log is written.
        training: the networks to train.
        resume: the state of the training between epochs.
        epochs: of all parts of the run together.
        report: called with each line of the log.
    """
    first, best = resume.load()
    for epoch in range(first, epochs):
        started = time.monotonic()
        loss = training.learn(epoch)
        figures = training.judge()
        minutes = round((time.monotonic() - started) / 60, 2)
        record = {"epoch": epoch + 1, "loss": loss, **figures, "minutes": minutes}
        merit = training.merit(figures)
        if merit > best:
            best = merit
            training.keep()
        resume.save(epoch + 1, best)
        run.log(record)
        report(record)


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def rate(done: float, warm_up: float) -> float:
    """Return the share of the peak rates: linear warm-up times half a cosine down to 0.

    Args:
        done: share of the run, 0 to 1.
        warm_up: share of the run in which the rates rise.
    """
    return min(1.0, done / warm_up) * (1 + math.cos(math.pi * done)) / 2


def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move a running average of weights towards a model's: a = decay a + (1 - decay) w."""
    # All weights at once.
    move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
    move(list(average.parameters()), list(model.parameters()), 0)


def same_run(file: Path, recipe: dict[str, object]) -> None:
    """Write a run's recipe, or compare it with the recipe that the run began with.

    Raises:
        DataError: the folder holds a run with another recipe.
    """
    recipe = json.loads(json.dumps(recipe))  # as it is read again: a tuple becomes a list
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != recipe:
        raise DataError(f"{file.parent} holds a run with another recipe", "choose another --out")
    write_json(file, recipe)


def write_json(file: Path, value: object) -> None:
    """Write a value as indented JSON."""
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
