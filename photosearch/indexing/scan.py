"""The scan: a comparison of a folder with the library, ending in a decision for each file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import Any

from captioner.describe.description import PARTS
from photosearch.files.file import File, Skipped
from photosearch.files.pairs import stands_in_already
from photosearch.files.sidecars import sidecar_names
from photosearch.indexing.config import IndexOptions
from photosearch.store.failures import Failure, Stage
from photosearch.store.known import Known

ModelIds = tuple[int | None, ...]  # in the order of PARTS; None: a model unknown to the library


class Decision(StrEnum):
    """What is to be done about an entry of a walk."""

    REPORT = "report"  # it can't be opened, and the library doesn't know that
    NEW = "new"  # unknown or changed: recognised, or else described
    AGAIN = "again"  # described again, whole
    UPGRADE = "upgrade"  # described again, in the parts that another model made
    REREAD = "reread"  # its metadata is read again
    LEAVE = "leave"  # it couldn't be read before, and hasn't changed
    KEEP = "keep"  # it is known and hasn't changed


def decide(
    found: File | Skipped,
    before: Known | None,
    config: IndexOptions,
    *,
    outdated: bool = False,
    sidecar_failed: bool = False,
) -> Decision:
    """Return the decision for an entry: that of the first rule that holds.

    Args:
        found: the entry of the walk.
        before: the library's knowledge of the entry's path.
        config: its fields `force`, `retry`, `upgrade` and `metadata` count.
        outdated: another model made a part of the description.
        sidecar_failed: the library knows that the sidecar can't be read.
    """
    if isinstance(found, Skipped):
        is_known = before is not None and before.reason == found.reason
        return Decision.LEAVE if is_known and not config.force else Decision.REPORT
    if before is None or is_changed(before, found):
        return Decision.NEW
    failed = before.reason is not None
    if config.force or (config.retry and failed):
        return Decision.AGAIN
    if failed:
        return Decision.LEAVE
    if config.upgrade and outdated:
        return Decision.UPGRADE
    if config.metadata or _is_sidecar_new(
        before, found, try_damaged=config.retry or not sidecar_failed
    ):
        return Decision.REREAD
    return Decision.KEEP


def is_changed(before: Known, file: File) -> bool:
    """Return whether a file has another size or time than the library knows."""
    return (before.size, before.mtime_ns) != (file.size, file.mtime_ns)


def _is_sidecar_new(before: Known, file: File, *, try_damaged: bool) -> bool:
    """Return whether to read the sidecar: it came, changed or went, or is to be tried again."""
    if before.metadata_unread or before.sidecar_mtime_ns != file.sidecar_mtime_ns:
        return True
    return before.sidecar_damaged and try_damaged


def outdated_parts(before: Known | None, models: ModelIds | None) -> tuple[str, ...]:
    """Return the parts of a photo's description that another model made.

    Args:
        before: the library's knowledge of the photo.
        models: the models in use; None: not known, so that no part counts as outdated.
    """
    if models is None or before is None or not before.models:
        return ()
    if before.models == models and None not in models:  # nearly always so, and quick to see
        return ()
    pairs = zip(PARTS, before.models, models, strict=True)
    return tuple(part for part, made, current in pairs if made is None or made != current)


@dataclass(frozen=True, slots=True)
class Task:
    """A file to decode and describe."""

    root: str  # the folder below which folder names are searched
    file: File
    parts: tuple[str, ...] = PARTS  # of the description to make; if empty, only metadata is read


@dataclass(slots=True)  # not frozen: that takes twice the time, and there is one for each file
class Judged:
    """A file of a walk, with the library's knowledge of it and the decision."""

    file: File
    before: Known | None
    decision: Decision
    outdated: tuple[str, ...] = ()  # parts of its description that another model made
    sidecar_failed: bool = False  # the library knows that its sidecar can't be read


@dataclass
class Scanned:
    """The result of a scan."""

    fresh: list[Task] = field(default_factory=list)  # new and changed files
    todo: list[Task] = field(default_factory=list)  # known files
    gone: list[str] = field(default_factory=list)  # known paths that were not found
    returned: list[str] = field(default_factory=list)  # hidden photos that were found unchanged
    stand_ins: list[str] = field(default_factory=list)  # twins compared like listed files
    failures: list[Failure] = field(default_factory=list)  # newly found
    unchanged: int = 0
    failed_before: int = 0  # known to be unreadable, and not changed since
    outdated: int = 0  # unchanged photos that another model described, in part or whole
    unread: int = 0  # of `todo`: photos whose metadata this version hasn't read

    def add(self, root: str, judged: Judged) -> None:
        """Add a file with its decision.

        Args:
            root: the folder below which folder names are searched.
            judged: the file with its decision.
        """
        file, before = judged.file, judged.before
        match judged.decision:  # the most frequent decision first
            case Decision.KEEP:
                self.unchanged += 1
                self.failed_before += judged.sidecar_failed
                self.outdated += bool(judged.outdated)
                if before is not None and before.missing:
                    self.returned.append(file.path)
            case Decision.NEW:
                self.fresh.append(Task(root, file))
            case Decision.AGAIN:
                self.todo.append(Task(root, file))
            case Decision.UPGRADE:
                self.todo.append(Task(root, file, judged.outdated))
            case Decision.REREAD:
                self.todo.append(Task(root, file, ()))
                self.unread += before is not None and before.metadata_unread
                self.outdated += bool(judged.outdated)
            case Decision.LEAVE:
                self.failed_before += 1


def joined(parts: Sequence[Scanned]) -> Scanned:
    """Return the results of several scans as one: lists joined, counts added."""
    values: dict[str, Any] = {}
    for name, start in vars(Scanned()).items():
        found = [getattr(part, name) for part in parts]
        values[name] = sum(found) if start == 0 else list(chain.from_iterable(found))
    return Scanned(**values)


def scan(
    root: str,
    searched_below: str,
    entries: Iterable[File | Skipped],
    known_in: Callable[[str], dict[str, Known]],
    models: ModelIds | None,
    config: IndexOptions,
) -> Scanned:
    """Compare a folder with the library: find new files, known files to describe, and gone files.

    Args:
        root: the folder, or a single file.
        searched_below: the folder below which folder names are searched, for its photos.
        entries: the entries of a walk from `root`.
        known_in: returns the library's knowledge of a path and of all paths below it, by path.
        models: the models in use; None: not known.
        config: its fields `force`, `retry`, `upgrade` and `metadata` count.
    """
    known = known_in(root)
    is_single = not os.path.isdir(root)
    scanned = Scanned()
    closed: list[str] = []  # unreadable folders: nobody can say that their photos are gone
    sidecars: set[str] = set()
    for entry, stands_in in _with_twins(entries, known, config):
        before = known.pop(entry.path, None)
        if isinstance(entry, Skipped):
            closed.append(os.path.join(entry.path, ""))
            if decide(entry, before, config) is Decision.REPORT:
                scanned.failures.append(Failure(entry.path, entry.reason, stage=Stage.WALK))
            else:
                scanned.failed_before += 1
            continue
        if stands_in:
            scanned.stand_ins.append(entry.path)
        if is_single:  # a single file's sidecar isn't below the file
            for name in sidecar_names(entry.path):
                known |= known_in(name)
        if entry.sidecar is not None:
            sidecars.add(entry.sidecar)
        failed = entry.sidecar in known
        outdated = outdated_parts(before, models)
        decision = decide(entry, before, config, outdated=bool(outdated), sidecar_failed=failed)
        scanned.add(searched_below, Judged(entry, before, decision, outdated, failed))
    out_of_reach = tuple(closed)
    scanned.gone = [
        path for path in known if path not in sidecars and not path.startswith(out_of_reach)
    ]
    return scanned


def _with_twins(
    entries: Iterable[File | Skipped], known: Mapping[str, Known], config: IndexOptions
) -> Iterator[tuple[File | Skipped, bool]]:
    """Yield entries; if a twin stands in for a file, yield the twin after the file, marked so."""
    for entry in entries:
        before = known.get(entry.path)  # read now: the caller may remove it after `yield`
        yield entry, False
        if not isinstance(entry, File) or entry.twin is None:
            continue
        failed = before is not None and before.reason is not None
        again = config.force or config.retry or (before is not None and is_changed(before, entry))
        if stands_in_already(failed, again, entry.twin.path in known):
            yield entry.twin, True
