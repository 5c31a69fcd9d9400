"""Examples of the public API with the types that it promises, which mypy checks.

`tests/photosearch/test_public.py` runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import photosearch
from photosearch import (
    BusyError,
    DescribeOptions,
    ExitCode,
    Hits,
    IndexOptions,
    Library,
    LibraryError,
    Part,
    PhotosearchError,
    Result,
    Summary,
    UnknownPathError,
    UsageError,
    WatchOptions,
)

version: str = photosearch.__version__


def index_by_name(library: Library, folder: Path) -> Summary:
    """Options by name."""
    return library.index([folder], workers=0, exclude=["*.tmp"], file_timeout=30)


def index_by_dataclass(library: Library, folder: Path) -> Summary:
    """Options made once, for several runs; one of them is another in this run."""
    options = IndexOptions(workers=0, max_pixels=100_000_000)
    describing = DescribeOptions(engine="onnx", threads=2)
    return library.index([folder], options, describing=describing, retry=True)


def watch(library: Library, folder: Path) -> Iterator[str]:
    """What came of each run."""
    for summary, seconds in library.watch([folder], config=WatchOptions(poll=True), workers=0):
        counts: int = summary.captioned + summary.hidden
        yield f"{counts} in {seconds:.1f} s"


def find(library: Library, query: str) -> list[tuple[str, float, str | None]]:
    """What a result tells."""
    hits: Hits = library.find(query, limit=5, min_score=0)
    first: Result | None = hits[0] if hits else None
    assert first is None or first in hits
    parts: list[Part] = [part for result in hits for part in result.parts.values()]
    assert all(0 <= part.fraction <= 1 for part in parts)
    return [(result.path, result.score, result.taken_at) for result in hits]


def export(library: Library, file: Path) -> int:
    """How many photos are in the CSV."""
    return library.export(file, query="blue", limit=100, gps=False)


def keep(library: Library, folder: Path) -> tuple[int, int, str]:
    """What looks after a library."""
    return library.prune(dry_run=True), library.forget(folder), library.doctor(check=True).state


def explain(work: Callable[[], object]) -> tuple[str, ExitCode]:
    """Tell errors apart; each is a PhotosearchError with a hint and an exit code."""
    try:
        work()
    except UnknownPathError as error:
        return f"not in the library: {error.hint}", error.exit_code
    except UsageError as error:
        return f"wrong argument: {error}", error.exit_code
    except BusyError as error:
        return f"later: {error}", error.exit_code
    except LibraryError as error:
        return f"no library: {error}", error.exit_code
    except PhotosearchError as error:
        return str(error), error.exit_code
    return "fine", ExitCode.DONE
