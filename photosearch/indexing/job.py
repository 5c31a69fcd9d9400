"""A job: the indexing of folders into a library's file, once or many times."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from captioner.captioner import Captioner
from captioner.describe.describer import Describer
from captioner.describe.engines import check
from captioner.describe.model_folder import read_fingerprints, shipped_model
from photosearch.errors import UsageError, loading_model
from photosearch.files.paths import spelled
from photosearch.indexing.config import DescribeOptions, IndexOptions
from photosearch.indexing.observer import Observer
from photosearch.indexing.run import index
from photosearch.indexing.summary import Summary
from photosearch.options import chosen, options_of
from photosearch.store.database import changing
from photosearch.store.roots import outer_roots


class Job:
    """Indexes folders into one file, as often as `run` is called; loads the model once."""

    def __init__(
        self,
        path: str,
        options: IndexOptions,
        load: Callable[[], Describer],
        fingerprints: Mapping[str, str] | None = None,
    ) -> None:
        """Get ready; nothing is opened, made or loaded yet.

        Args:
            path: the library's file.
            options: how to index.
            load: returns the describer; called when the first photo is to be described.
            fingerprints: of the describer that `load` returns, by part; None: not known.

        Raises:
            UsageError: `upgrade` is asked for without fingerprints.
        """
        if options.upgrade and fingerprints is None:
            raise UsageError("upgrade compares with the shipped model: it can't go with load")
        self.path = path
        self.options = options
        self._load = functools.cache(load)
        self._fingerprints = fingerprints

    def run(self, folders: list[str], observer: Observer | None = None) -> Summary:
        """Index folders, absolute; if there are none, the folders of earlier runs.

        `force`, `upgrade` and `retry` hold until a run comes to its end, and no longer.

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
            summary = index(
                connection, roots, self._load, self.options, observer, self._fingerprints
            )
        self.options = replace(self.options, force=False, upgrade=False, retry=False)
        return summary


def job(
    path: str,
    options: IndexOptions | None,
    describing: DescribeOptions | None,
    load: Callable[[], Describer] | None,
    notify: Callable[[str], None],
    values: Mapping[str, Any],
) -> Job:
    """Return a job; the arguments are those of `Library.index`.

    Raises:
        TypeError: a value has an unknown name.
        UsageError: a number is beyond its limits, the engine or the device can't be used, or
            `upgrade` is asked for with `load`.
        ModelError: the shipped model is missing or damaged.
    """
    unknown = values.keys() - options_of(IndexOptions).keys() - options_of(DescribeOptions).keys()
    if unknown:
        raise TypeError(f"unknown option {min(unknown)!r}")
    options = chosen(IndexOptions, values, options)
    if load is not None:
        return Job(path, options, load)
    shipped = chosen(DescribeOptions, values, describing)
    with loading_model():
        check(shipped.engine, shipped.device)
        fingerprints = read_fingerprints(shipped_model())

    def load_shipped() -> Describer:
        with loading_model():
            return Captioner.load(
                None, shipped.engine, shipped.device, shipped.threads, shipped.bf16, notify
            )

    return Job(path, options, load_shipped, fingerprints)
