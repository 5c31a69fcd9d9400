"""The doctor of models: do the files and the parts of a model folder belong together?"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from captioner.captioner import Captioner
from captioner.describe.drawings import DRAWINGS
from captioner.describe.engines import Device, Engine, check
from captioner.describe.model_folder import read_settings, wrong_files
from captioner.describe.self_test import Answers, disagreements, matches
from captioner.describe.sentence_encoder import SentenceEncoder
from captioner.errors import CaptionerError


@dataclass(frozen=True)
class Health:
    """The faults of a model."""

    folder: Path
    name: str
    faults: tuple[str, ...] = ()  # a line each
    matches: int | None = None  # drawings nearest to their own sentence; None: it wasn't asked
    is_recorded: bool = False  # whether the folder has answers to compare with
    is_tuned: bool = False  # whether the folder has weights of its own for the ranking of search

    def __str__(self) -> str:
        """Return the health as one line, if there is no fault."""
        folder = shlex.quote(str(self.folder))
        lacks = [f"its answers were never recorded: captioner doctor {folder} --record"]
        lacks *= not self.is_recorded
        if not self.is_tuned:
            lacks.append("it has no `ranking`: python -m benchmarks.finish fits it")
        return "; ".join(
            [
                f"the model {self.name} is sound: {self.matches} of {len(DRAWINGS)} drawings are "
                "nearest to their own sentence",
                *lacks,
            ]
        )


def examine(
    folder: Path, engine: str = Engine.AUTO, notify: Callable[[str], None] = lambda text: None
) -> Health:
    """Compare all files of a model with their hashes, and its answers with the recorded answers.

    Args:
        folder: of the model.
        engine: see `captioner.describe.engines.Engine`.
        notify: called with a line about what would be faster.

    Raises:
        EngineError: the engine is unknown.
        ModelError: the folder holds no model.
    """
    check(engine, Device.AUTO)
    settings = read_settings(folder)
    name = str(settings.get("name", folder.name))
    try:
        faults = wrong_files(folder)
    except CaptionerError as error:
        return Health(folder, name, (str(error),))
    if faults:
        return Health(folder, name, tuple(faults))
    try:
        answers, expected = ask(folder, engine, notify), Answers.recorded(folder)
    except CaptionerError as error:
        return Health(folder, name, (str(error),))
    faults = disagreements(answers, expected)
    return Health(
        folder, name, tuple(faults), matches(answers), expected is not None, "ranking" in settings
    )


def record(folder: Path) -> None:
    """Record the answers of a finished model in its folder, as its self-test.

    Raises:
        ModelError: the folder holds no model, or its files can't be used.
    """
    ask(folder).write(folder)


def ask(
    folder: Path, engine: str = Engine.AUTO, notify: Callable[[str], None] = lambda text: None
) -> Answers:
    """Return the answers of a model.

    Raises:
        EngineError: the engine can't be used.
        ModelError: the model's files can't be used.
    """
    return Answers.of(Captioner.load(folder, engine, notify=notify), SentenceEncoder.load(folder))
