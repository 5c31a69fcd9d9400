"""Terminal output: progress, results and numbers for people."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from photosearch.search.results import PartKind
from photosearch.store.search_fields import SEARCH_FIELDS, SearchField
from photosearch.text import counted, display
from photosearch.wording import moved_marks

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from photosearch.indexing.summary import Summary
    from photosearch.search.results import Part, Result

PLAIN_INTERVAL = 10.0  # seconds between two lines of progress where there is no terminal
MANY_FILES = 100  # reading that many takes so long that people want a line about it

# Direction overrides can make a file name read as another one.
_OVERRIDES = dict.fromkeys([*range(0x2028, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd")


def clean(text: str) -> str:
    """Return text as one line that can't command a terminal."""
    return display(text).translate(_CONTROLS).translate(_OVERRIDES)


def note(text: str) -> None:
    """Print a line to stderr. If stderr can't be written any more, work goes on without it."""
    with contextlib.suppress(OSError, ValueError):
        print(clean(text), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Return a time as people say it: 12 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class IndexProgress:
    """Progress of indexing on stderr: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._total = self._done = 0
        self._has_many = False  # photos whose metadata are read again
        self._started = self._told = 0.0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):  # the terminal was closed
                self._bar.stop()

    def comparing(self, files: int) -> None:
        """If comparing many files takes a while, say so."""
        if files >= MANY_FILES:
            note(f"comparing {counted(files, 'file')} of equal size, to find copies")

    def start(self, total: int) -> None:
        """Show how many photos are to be captioned."""
        if total and not self._begin("captioning", total):
            note(f"{counted(total, 'photo')} to caption")

    def advance(self, photos: int) -> None:
        """Show that a number of further photos are done."""
        self._done += photos
        elapsed = time.monotonic() - self._started
        speed = self._done / elapsed if elapsed > 0 else 0.0
        if self._bar is not None and self._task is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.update(self._task, completed=self._done, speed=f"{speed:.1f} photos/s")
        elif time.monotonic() - self._told > PLAIN_INTERVAL and speed:
            self._told = time.monotonic()
            left = duration((self._total - self._done) / speed)
            note(f"{self._done:,} of {self._total:,} photos, {speed:.1f}/s, {left} left")

    def rereading(self, photos: int, unread: int) -> None:
        """If reading the metadata of many photos again takes a while, say so, and why."""
        self._has_many = photos >= MANY_FILES
        reason = ": this version knows more of it" if unread else ""
        if unread or self._has_many:
            note(f"reading the metadata of {counted(photos, 'photo')} again{reason}")
        if self._has_many:
            self._begin("reading metadata", photos)

    def reread(self, photos: int) -> None:
        """Show that the metadata of a number of further photos were read."""
        if self._has_many:
            self.advance(photos)

    def _begin(self, what: str, total: int) -> bool:
        """Begin to show a step, with a bar if there is a terminal; return whether there is."""
        self._total, self._done, self._started = total, 0, time.monotonic()
        self._told = self._started
        if not sys.stderr.isatty():
            return False
        with contextlib.suppress(OSError, ValueError):  # the terminal was closed
            if self._bar is not None:
                self._bar.stop()
        self._bar = _bar()
        self._task = self._bar.add_task(what, total=total, speed="")
        with contextlib.suppress(OSError, ValueError):
            self._bar.start()
        return True

    def skipped(self, path: str, reason: str) -> None:
        """Report that a file or folder can't be read."""
        line = f"skipping {path}: {reason}"
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.console.print(clean(line), markup=False, highlight=False, soft_wrap=True)
        else:
            note(line)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,  # fmt: skip
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=Console(stderr=True),
    )


def index_summary(summary: Summary, seconds: float) -> str:
    """Return one line that says what an indexing run did."""
    parts = []
    if summary.captioned:
        speed = summary.captioned / seconds if seconds else 0.0
        took = f"in {duration(seconds)} ({speed:.1f}/s)"
        parts.append(f"{counted(summary.captioned, 'photo')} captioned {took}")
    elif not summary.reread and not summary.moved and not summary.copied:
        parts.append("nothing new")
    if summary.moved:
        parts.append(f"{summary.moved:,} moved")
    if summary.copied:
        parts.append(counted(summary.copied, "copy", "copies"))
    if summary.reread:
        parts.append(f"metadata of {counted(summary.reread, 'photo')} read again")
    if summary.unchanged:
        parts.append(f"{summary.unchanged:,} unchanged")
    failed = summary.failed + summary.failed_before
    if failed:
        parts.append(f"{failed:,} can't be read")
    if summary.hidden:
        parts.append(f"{summary.hidden:,} gone and hidden")
    if summary.ignored:
        parts.append(f"{summary.ignored:,} ignored now and hidden")
    if summary.returned:
        parts.append(f"{summary.returned:,} back again")
    return ", ".join(parts)


Line = list[tuple[str, str]]  # pieces of text, each with its style


def print_results(results: Sequence[Result], explain: bool = False) -> None:
    """Print results for people: rank, score, caption, path, and further fields that matched.

    A line of words parts the photos that surely match from those that only may match.

    Args:
        results: the best first, the sure ones before the others.
        explain: show the parts of each score, too.
    """
    lines: list[Line] = []
    sure = sum(result.sure for result in results)
    for rank, result in enumerate(results, 1):
        if rank == sure + 1:
            lines.append([("perhaps:" if sure else "nothing sure, perhaps:", "bold")])
        lines += result_lines(rank, result, explain)
    if not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        for line in lines:
            print("".join(text for text, _ in line))
        return
    from rich.console import Console  # imported here: the import takes longer than a search
    from rich.text import Text

    class Results(Console):
        def on_broken_pipe(self) -> None:
            """Leave a broken pipe to the command: rich would exit with 1, "nothing found"."""
            raise

    console = Results(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line))


def result_lines(rank: int, result: Result, explain: bool = False) -> list[Line]:
    """Return the lines that show one result; matched words are styled."""
    indent = " " * 12
    lines: list[Line] = [
        [(f"{rank:>3} {result.score:>6.2f}  ", "dim"), *_caption(result)],
        [(f"{indent}{clean(result.path)}", "cyan")],
    ]
    known = set(result.matches.get("caption", ()))
    others = []
    for field in SEARCH_FIELDS:
        more = [word for word in result.matches.get(field.name, ()) if word not in known]
        if more:
            others.append(f"{field.label}: {_explaining(result, field, more)}")
            known.update(more)
    if others:
        lines.append([(clean(f"{indent}also in {', '.join(others)}"), "dim")])
    if explain and result.taken_at and result.taken_from:
        source = DATE_SOURCES.get(result.taken_from, result.taken_from)
        lines.append([(clean(f"{indent}taken: {result.taken_at} (by {source})"), "dim")])
    if explain and result.tags:
        lines.append([(clean(f"{indent}tags: {', '.join(result.tags)}"), "dim")])
    if explain:
        for name, part in result.parts.items():
            meter = f"{'█' * round(10 * part.fraction):<10}"
            lines.append([(f"{indent}{meter} {part.fraction:>4.0%}  {_explained(name, part)}", "")])
    return lines


def _explaining(result: Result, field: SearchField, words: Sequence[str]) -> str:
    """Return the words of a field that match; of a list, the whole names that have them."""
    names = result.written.get(field.name, ()) if field.is_list else ()
    found = [name for name in names if any(word in name.lower() for word in words)]
    return ", ".join(found) or " ".join(words)


DATE_SOURCES = {  # by DateSource, whose import takes time
    "sidecar": "the sidecar",
    "exif": "EXIF",
    "created": "what is written in the file",
    "digitised": "the time when it was digitised",
    "gps": "GPS, UTC",
    "name": "the file's name",
    "folder": "the folder's name",
    "modified": "the last edit",
    "file": "the file's time",
}


def _caption(result: Result) -> Line:
    """Return a result's caption with its matched words styled."""
    marks = moved_marks(result.marks, result.caption, result.wording)
    caption = clean(result.wording)  # cleaning keeps the length, so marks stay right
    pieces, end = [], 0
    for start, stop in marks:
        pieces += [(caption[end:start], ""), (caption[start:stop], "bold green")]
        end = stop
    return [piece for piece in [*pieces, (caption[end:], "")] if piece[0]]


def _explained(name: str, part: Part) -> str:
    """Say what a part of a score means, in 50 characters: with the meter that makes 80."""
    value, baseline = part.value, part.baseline
    return {
        PartKind.MEANING: f"what it shows: {value:+.1f} (best of other photos: {baseline:+.1f})",
        PartKind.SEEN: f"its words, one by one: {value:+.1f} (best of others: {baseline:+.1f})",
        PartKind.LIKE: f"likeness: {value:+.1f} (alike from {baseline:+.1f} on)",
        PartKind.WORDS: f"words in its text: {value:.0%} of what is possible",
        PartKind.PERSON: f"your and the camera's words: {value:.0%} of the query",
    }[PartKind(name)]
