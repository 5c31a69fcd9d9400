"""Finds your own photos by a sentence, on your own computer.

```python
from photosearch import Library

if __name__ == "__main__":  # indexing starts processes, which import your script
    library = Library("photosearch.db")
    library.index(["Pictures"])
    for result in library.find("dog on beach"):
        print(result.score, result.caption, result.path)
```

What `__all__` names is public; everything else may change in any version.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photosearch.errors import (
        BusyError,
        ExitCode,
        LibraryError,
        ModelError,
        PhotosearchError,
        UnknownPathError,
        UsageError,
        WatchError,
    )
    from photosearch.indexing.config import DescribeOptions, IndexOptions, WatchOptions
    from photosearch.indexing.summary import Stages, Summary
    from photosearch.library import Library
    from photosearch.search.results import Hits, Part, Result

    __version__: str

__all__ = [
    "BusyError",
    "DescribeOptions",
    "ExitCode",
    "Hits",
    "IndexOptions",
    "Library",
    "LibraryError",
    "ModelError",
    "Part",
    "PhotosearchError",
    "Result",
    "Stages",
    "Summary",
    "UnknownPathError",
    "UsageError",
    "WatchError",
    "WatchOptions",
    "__version__",
]

_HOMES = {
    "library": ["Library"],
    "search.results": ["Hits", "Part", "Result"],
    "indexing.summary": ["Stages", "Summary"],
    "indexing.config": ["DescribeOptions", "IndexOptions", "WatchOptions"],
    "errors": [
        "BusyError", "ExitCode", "LibraryError", "ModelError", "PhotosearchError",
        "UnknownPathError", "UsageError", "WatchError",
    ],
}  # fmt: skip
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: processes that decode photos need none of them."""
    if name == "__version__":
        from importlib.metadata import version

        return version("photosearch")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
