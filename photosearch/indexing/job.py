"""A job: the indexing of folders into a library's file, once or many times."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from captioner.describe.describer import Describer
from photosearch.errors import UsageError
from photosearch.files.paths import spelled
from photosearch.indexing.config import DescribeOptions, IndexOptions
from photosearch.indexing.model import Folders, Given, Models
from photosearch.indexing.observer import Observer
from photosearch.indexing.run import index
from photosearch.indexing.summary import Summary
from photosearch.options import chosen, options_of
from photosearch.store.database import changing
from photosearch.store.roots import outer_roots


class Job:
    """Indexes folders into one file, as often as `run` is called; loads the model once."""

    def __init__(self, path: str, options: IndexOptions, models: Models) -> None:
        """Get ready; nothing is opened, made or loaded yet.

        Args:
            path: the library's file.
            options: how to index.
            models: gives the model of each run.
        """
        self.path = path
        self.options = options
        self._models = models

    def run(self, folders: list[str], observer: Observer | None = None) -> Summary:
        """Index folders, absolute; if there are none, the folders of earlier runs.

        `force`, `upgrade`, `retry` and `metadata` hold until a run comes to its end, and no longer.

        Raises:
            LibraryError: the file can't be used, or another process is indexing it.
            UsageError: a pattern to exclude or an engine can't be used.
            ModelError: the model is missing or damaged.
        """
        if not os.path.exists(self.path) and not any(map(os.path.exists, folders)):
            # A mistyped folder must not leave an empty library behind.
            return Summary(unreachable=dict.fromkeys(folders, "no such file or directory"))
        with changing(self.path) as connection:
            known = outer_roots(connection)
            roots = spelled(folders, known) or known
            model = self._models.choose(connection, upgrade=self.options.upgrade)

            def load() -> Describer:
                describer = model.load()
                self._models.settle(connection)  # from here on photos are written
                return describer

            summary = index(connection, roots, load, self.options, observer, model.fingerprints)
            self._models.settle(connection)
        self.options = replace(
            self.options, force=False, upgrade=False, retry=False, metadata=False
        )
        return summary


def job(
    path: str,
    options: IndexOptions | None,
    describing: DescribeOptions | None,
    load: Callable[[], Describer] | None,
    notify: Callable[[str], None],
    values: Mapping[str, Any],
    folder: Path | None = None,
) -> Job:
    """Return a job; all arguments but `folder` are those of `Library.index`.

    `folder` is that of the model that a person names; None: see `model_folder`.

    Raises:
        TypeError: a value has an unknown name.
        UsageError: a number is beyond its limits, the engine or the device can't be used, or
            `upgrade` or `folder` is given with `load`.
        ModelError: the model is missing or damaged.
    """
    unknown = values.keys() - options_of(IndexOptions).keys() - options_of(DescribeOptions).keys()
    if unknown:
        raise TypeError(f"unknown option {min(unknown)!r}")
    options = chosen(IndexOptions, values, options)
    if load is None:
        how = chosen(DescribeOptions, values, describing)
        return Job(path, options, Folders(path, folder, how, notify))
    if options.upgrade:
        raise UsageError("upgrade compares with the shipped model: it can't go with load")
    if folder is not None:
        raise UsageError("the library has a model folder: it can't go with load")
    return Job(path, options, Given(load))
