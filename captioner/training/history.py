"""The history of a model: the training runs that made it, kept in its config.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from captioner.describe.model_folder import read_settings, write_part


def add_run(
    folder: Path, command: str, start: str | None, length: str, photos: Iterable[tuple[str, str]]
) -> None:
    """Add a run to the history of a model, under `training` in its config.json.

    Args:
        folder: of the trained model.
        command: that trained it: "train-joint".
        start: the name of the model that it started from; None: pretrained weights.
        length: of the run, in words: "35 epochs".
        photos: source and role of each training photo.
    """
    counts = Counter(photos)
    sources = [[source, role, count] for (source, role), count in counts.items()]
    run = {"command": command, "start": start, "length": length, "sources": sources}
    runs = [*read_settings(folder).get("training", []), run]
    write_part(folder, {}, {"training": runs})
