"""The model of a job: what describes the photos of its runs."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from captioner.captioner import Captioner
from captioner.describe.describer import Describer
from captioner.describe.engines import check
from captioner.describe.model_folder import read_fingerprints, shipped_model
from photosearch.errors import MissingModelError, loading_model
from photosearch.indexing.config import DescribeOptions
from photosearch.store.descriptions import count_vectors_of_others
from photosearch.store.library_model import model_folder, remember
from photosearch.text import counted, display


@dataclass(frozen=True)
class Model:
    """A describer that is loaded when the first photo is to be described."""

    load: Callable[[], Describer]
    fingerprints: Mapping[str, str] | None = None  # by part; None: not known without loading it


class Models(Protocol):
    """The choice of a model for each run of a job."""

    def choose(self, connection: sqlite3.Connection, *, upgrade: bool) -> Model:
        """Return the model of a run.

        Args:
            connection: to the library, for writing.
            upgrade: whether the run makes anew what another model made.
        """

    def settle(self, connection: sqlite3.Connection) -> None:
        """Keep the choice: the model was loaded, or it was not needed."""


class Given:
    """A describer that a program gives. The library does not remember it."""

    def __init__(
        self, load: Callable[[], Describer], fingerprints: Mapping[str, str] | None = None
    ) -> None:
        """Take a function that returns the describer; it is called once at most."""
        self._model = Model(functools.cache(load), fingerprints)

    def choose(self, connection: sqlite3.Connection, *, upgrade: bool) -> Model:
        """Return the describer as a model."""
        return self._model

    def settle(self, connection: sqlite3.Connection) -> None:
        """Do nothing."""


class Folders:
    """The model in the folder that a person names, or that the library remembers."""

    def __init__(
        self,
        library: str,
        named: Path | None,
        describing: DescribeOptions,
        notify: Callable[[str], None],
    ) -> None:
        """Check what can be checked without a library.

        Args:
            library: the library's file; it need not exist.
            named: the folder that a person names; None: see `model_folder`.
            describing: how to run the model.
            notify: called with a line about what takes long, and about a change of model.

        Raises:
            UsageError: the engine or the device can't be used.
            ModelError: the folder holds no model, or the model is damaged.
        """
        self._library = library
        self._named = named
        self._describing = describing
        self._notify = notify
        with loading_model():
            check(describing.engine, describing.device)
        self._folder, self._settled = named or shipped_model(), False
        self._model = self._opened(self._folder)

    def choose(self, connection: sqlite3.Connection, *, upgrade: bool) -> Model:
        """Return the model in use; if a person changes it, say what will happen.

        Raises:
            MissingModelError: the folder that the library remembers is not there. If the model is
                open already, it goes on without the folder.
            ModelError: the model is damaged.
        """
        try:
            folder = model_folder(connection, self._library, self._named)
        except MissingModelError:
            if not self._settled:
                raise
            return self._model
        if folder != self._folder:
            self._folder, self._settled = folder, False
            self._model = self._opened(folder)
        if not self._settled and self._is_change(connection):
            self._tell_of_change(connection, upgrade)
        return self._model

    def settle(self, connection: sqlite3.Connection) -> None:
        """Let the library remember the folder that a person named."""
        if self._named is not None and not self._settled:
            remember(connection, self._library, self._named)
        self._settled = True

    def _opened(self, folder: Path) -> Model:
        """Return the model in a folder; it is loaded later."""
        with loading_model():
            fingerprints = read_fingerprints(folder)
        how = self._describing

        @functools.cache
        def load() -> Describer:
            with loading_model():
                return Captioner.load(
                    folder, how.engine, how.device, how.threads, how.bf16, self._notify
                )

        return Model(load, fingerprints)

    def _is_change(self, connection: sqlite3.Connection) -> bool:
        """Return whether a person names another folder than the folder in use."""
        if self._named is None:
            return False
        try:
            return self._named != model_folder(connection, self._library)
        except MissingModelError:
            return True

    def _tell_of_change(self, connection: sqlite3.Connection, upgrade: bool) -> None:
        """If another model made vectors of the library's photos, say what will happen."""
        assert self._model.fingerprints is not None
        others = count_vectors_of_others(connection, self._model.fingerprints)
        if not others:
            return
        count, where = counted(others, "photo"), display(str(self._folder))
        if upgrade:
            self._notify(
                f"the model in {where} describes {count} anew that another model described: "
                "captions that you wrote stay"
            )
        else:
            self._notify(
                f"the model in {where} describes new photos from now on: {count} that another "
                "model described can be found by words only, until photosearch index --upgrade "
                "describes them anew"
            )
